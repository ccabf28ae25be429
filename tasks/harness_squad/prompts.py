"""How SQuAD is worded for text models: two published protocols, and one for chats.

`lm-eval` is what lm-evaluation-harness asks of its task ``squadv2``. `t5` is the
text-to-text format of the T5 paper, which has SQuAD 1.1 alone; what it says where
there is no answer is a convention and labelled so. `chat` is our own: a chat model
answers a question in a sentence, of which most words are wrong here, unless it is told
to copy the answer and nothing else.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from harness import Prompt, Row
from harness.messages import message_prompt
from harness.requests import JsonValue

UNANSWERABLE = "unanswerable"
"""What every wording writes where there is no answer."""

LM_EVAL_SOURCE = (
    "EleutherAI/lm-evaluation-harness lm_eval/tasks/squadv2/task.py, release 0.4.13"
)
LM_EVAL_NOTE = (
    "; there the text 'unanswerable' is scored as a wrong answer and a second request "
    "gives its probability, which only best_exact and best_f1 use; here the text is no "
    "answer and those two are undefined, all else is the same"
)
T5_SOURCE = (
    "Raffel et al., Exploring the Limits of Transfer Learning with a Unified "
    "Text-to-Text Transformer (JMLR 2020), appendix D; preprocessors.squad in "
    "google-research/text-to-text-transfer-transformer t5/data"
)
T5_STYLE_NOTE = (
    "; T5-style: the paper has no SQuAD 2.0, and its answer 'unanswerable' is a "
    "convention, here the word of lm-evaluation-harness"
)

CHAT_SOURCE = "our own: an instruction, the passage, the question"
COPY = (
    "Answer the question with the shortest span of the passage that answers it. Copy "
    "the span word for word and write nothing else."
)
COPY_OR_NONE = f"{COPY} If the passage does not answer it, write {UNANSWERABLE}."

_QUOTES = "\"'`*\u201c\u201d"
_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
_WHITE = re.compile(r"[\t\n\f\r ]+")


def pad_punctuation(text: str) -> str:
    """Put spaces around ASCII punctuation, and make all white space single spaces.

    Ends are bare: SentencePiece drops their spaces, other tokenizers might not.
    """
    return _WHITE.sub(" ", _PUNCTUATION.sub(r" \1 ", text)).strip(" ")


def unpad(text: str, context: str) -> str:
    """Return the stretch of the context that reads like a text but for white space.

    The first there is; the text itself where there is none. So the official scorers
    see the data set's own words, where T5's evaluation pads the references too.
    """
    wanted = "".join(text.split())
    places = [i for i, character in enumerate(context) if not character.isspace()]
    at = "".join(context.split()).find(wanted)
    if not wanted or at < 0:
        return text
    return context[places[at] : places[at + len(wanted) - 1] + 1]


def _t5_text(row: Row) -> str:
    question = pad_punctuation(str(row["question"]))
    context = pad_punctuation(str(row["context"]))
    return f"question: {question} context: {context}"


def first(target: JsonValue) -> str:
    """Word a target: the first of its texts, or that there is none."""
    texts = target if isinstance(target, list) else [target]
    return str(texts[0]) or UNANSWERABLE


def _write_t5(target: JsonValue, _row: Row) -> str:
    return pad_punctuation(first(target))


def read_t5(text: str, row: Row) -> str:
    """Read what T5 wrote with its punctuation apart, as the context has it."""
    return unpad(text, str(row["context"]))


def _read_t5_style(text: str, row: Row) -> str:
    return "" if text == UNANSWERABLE else read_t5(text, row)


def write_plain(target: JsonValue, _row: Row) -> str:
    """Word a target as it stands."""
    return first(target)


def _write_lm_eval(target: JsonValue, _row: Row) -> str:
    # the protocol's exemplars have two spaces here: a delimiter, and one of the target
    return " " + first(target)


def _read_lm_eval(text: str, _row: Row) -> str:
    return "" if text == UNANSWERABLE else text


def _first_line(text: str) -> str:
    """Return the first line that is not empty, without the marks around an answer."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line.strip(_QUOTES)


def _read_chat(text: str, _row: Row) -> str:
    return _first_line(text)


def _read_chat_2(text: str, _row: Row) -> str:
    line = _first_line(text)
    return "" if line.rstrip(".").casefold() == UNANSWERABLE else line


def _chat(instruction: str, parse: Callable[[str, Row], str]) -> Prompt:
    return message_prompt(
        f"{instruction}\n\nPassage: {{context}}\n\nQuestion: {{question}}",
        write=write_plain,
        parse=parse,
        max_tokens=64,
        source=CHAT_SOURCE,
    )


LM_EVAL = Prompt(
    text="Title: {title}\n\nBackground: {context}\n\nQuestion: {question}\n\nAnswer:",
    write=_write_lm_eval,
    parse=_read_lm_eval,
    max_tokens=256,
    stop=("\n",),
    source=LM_EVAL_SOURCE + LM_EVAL_NOTE,
)
T5 = Prompt(
    text=_t5_text,
    write=_write_t5,
    parse=read_t5,
    max_tokens=64,
    source=T5_SOURCE,
)
T5_STYLE = Prompt(
    text=_t5_text,
    write=_write_t5,
    parse=_read_t5_style,
    max_tokens=64,
    source=T5_SOURCE + T5_STYLE_NOTE,
)

CHAT = _chat(COPY, _read_chat)
CHAT_2 = _chat(COPY_OR_NONE, _read_chat_2)

V1 = {"lm-eval": LM_EVAL, "t5": T5, "chat": CHAT}
V2 = {"lm-eval": LM_EVAL, "t5-style": T5_STYLE, "chat": CHAT_2}
