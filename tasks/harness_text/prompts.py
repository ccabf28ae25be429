"""How text models are asked: published wordings, and plain ones where there is none.

`t5` is the text-to-text format of the T5 paper, whose checkpoints know SST-2's prefix
and ``summarize:``; its summaries are searched with four beams and the length penalty
0.6 (section 3.7). `lm-eval` is the wording of lm-evaluation-harness. `tldr` is that of
the GPT-2 paper (section 3.6): a hundred tokens, of which the first three sentences
count. `chat` is our own: a message that says how long a summary is to be.
"""

from __future__ import annotations

from harness import Prompt, Row
from harness.messages import message_prompt, read_paragraph
from harness_text.sentences import lead

T5_SOURCE = (
    "Raffel et al., Exploring the Limits of Transfer Learning with a Unified "
    "Text-to-Text Transformer (JMLR 2020), appendix D and section 3.7"
)
GPT2_SOURCE = (
    "Radford et al., Language Models are Unsupervised Multitask Learners (2019), "
    "section 3.6; greedy here, where the paper draws from the two most probable tokens"
)
SENTIMENTS = {"negative": "negative", "positive": "positive"}


def _t5_summary(column: str) -> Prompt:
    return Prompt(
        text=f"summarize: {{{column}}}",
        max_tokens=128,
        beams=4,
        length_penalty=0.6,
        source=T5_SOURCE,
    )


def _tldr(column: str, *, sentences: int) -> Prompt:
    def first(text: str, _row: Row) -> str:
        return lead(text, sentences=sentences)

    return Prompt(
        text=f"{{{column}}}\nTL;DR:",
        parse=first,
        max_tokens=100,
        stop=(),
        source=GPT2_SOURCE,
    )


def _chat_summary(column: str, *, length: str, max_tokens: int) -> Prompt:
    return message_prompt(
        f"Summarize the following article in {length}. Write the summary and nothing "
        f"else.\n\n{{{column}}}",
        parse=read_paragraph,
        max_tokens=max_tokens,
        source="our own: an instruction with the length of the summary, the article",
    )


IMDB = {
    "plain": Prompt(
        text="{text}\nQuestion: Is this review positive or negative?\nAnswer:",
        answers=SENTIMENTS,
        source="this project, after SST-2's in lm-evaluation-harness, which has none",
    ),
    "t5": Prompt(
        text="sst2 sentence: {text}",
        answers=SENTIMENTS,
        source=f"{T5_SOURCE}: the prefix of SST-2, since IMDB was not trained on",
    ),
    "cloze": Prompt(
        text="{text} It was {blank}.",
        answers={"negative": "terrible", "positive": "great"},
        asked_by=("cloze",),
        source="Gao et al., Making Pre-trained Language Models Better Few-shot Learners "
        "(ACL 2021), table 1: the template of film reviews, since IMDB is not among them",
    ),
}
CNN_DAILYMAIL = {
    "lm-eval": Prompt(
        text="Summarize the following article:\n\n{article}\n\nSummary:",
        max_tokens=128,
        stop=("\n\n",),
        source="EleutherAI/lm-evaluation-harness lm_eval/tasks/cnn_dailymail, release "
        "0.4.13",
    ),
    "t5": _t5_summary("article"),
    "tldr": _tldr("article", sentences=3),
    "chat": _chat_summary("article", length="two or three sentences", max_tokens=160),
}
XSUM = {
    "tldr": _tldr(
        "document", sentences=1
    ),  # first, as decoders prefer no name of these
    "t5": _t5_summary("document"),
    "chat": _chat_summary("document", length="one sentence", max_tokens=100),
}
