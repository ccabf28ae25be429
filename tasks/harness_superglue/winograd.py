"""WSC: is the pronoun the noun? Its wordings, marks and text-to-text form.

T5 does not ask for a label: it writes the noun that the pronoun stands for, learns from
the pairs alone that are right, and a written noun is compared with the pair's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness import (
    Classification,
    DataError,
    Example,
    Prompt,
    Row,
    Task,
    TrainingExample,
)
from harness.formulations import Formulation, GenerateText
from harness.requests import Answer, GenerateAnswer, JsonValue
from harness_superglue.sources import T5_SOURCE, lm_eval_source

_GLUED = ((" n't", "n't"), (" )", ")"), ("( ", "("), ('" ', '"'), (' "', '"'))
_BEFORE_MARK = re.compile(r" (['.,])")
_DETERMINERS = frozenset(
    (
        *("a", "an", "few", "her", "his", "each", "every", "many", "much", "my", "our"),
        *("some", "that", "the", "their", "these", "this", "those", "which", "whose"),
        "your",
    )
)


def _place(row: Row, column: str) -> int:
    place, words = int(str(row[column])), len(str(row["text"]).split())
    if 0 <= place < words:
        return place
    raise DataError(
        f"{column} of WSC's row {row.get('idx')!r} is {place}, expected the place of "
        f"one of its {words} words, from 0: correct the row"
    )


def lm_eval_text(row: Row) -> str:
    """Word a pair as lm-evaluation-harness does, with the pronoun between asterisks.

    Its `general_detokenize` takes spaces away from around some punctuation.
    """
    text, pronoun = str(row["text"]), str(row["span2_text"])
    before = " ".join(text.split()[: _place(row, "span2_index")])
    after = text[len(before) + len(pronoun) + 1 :]
    passage = f"{before} *{pronoun}*{after}"
    for apart, glued in _GLUED:
        passage = passage.replace(apart, glued)
    passage = _BEFORE_MARK.sub(r"\1", passage)
    return (
        f"Passage: {passage}\nQuestion: In the passage above, does the pronoun "
        f'"*{pronoun}*" refer to "*{row["span1_text"]}*"?\nAnswer:'
    )


def t5_text(row: Row) -> str:
    """Word a text as T5 does, with the pronoun between asterisks.

    Two texts of the data set have the pronoun elsewhere than their index says (within
    a word, one word later); T5 lists them by hand, and so they come out here.
    """
    words = str(row["text"]).split(" ")
    place, pronoun = _place(row, "span2_index"), str(row["span2_text"])
    marked = f"*{pronoun}*"
    if words[place] == pronoun:
        words[place] = marked
    elif words[place].startswith(pronoun):
        words[place] = f"{marked} {words[place][len(pronoun) :]}"
        words = " ".join(words).rstrip().split(" ")
    elif pronoun in words[place:]:
        words[words.index(pronoun, place)] = marked
    else:
        raise DataError(
            f"WSC's row {row.get('idx')!r} has no word {pronoun!r} at or after place "
            f"{place}, expected span2_text there: correct the row"
        )
    return "wsc: " + " ".join(words)


def read_referent(text: str, row: Row) -> str:
    """Tell whether a written noun is the pair's, as T5's `wsc_simple` does.

    Without case and determiners, one must hold all the words of the other; nouns of
    which only one has an apostrophe differ.
    """
    said, noun = _bare(text), _bare(str(row["span1_text"]))
    if ("'" in said) != ("'" in noun):
        return "False"
    ours, theirs = set(said.split(" ")), set(noun.split(" "))
    return str(ours <= theirs or theirs <= ours)


def _bare(text: str) -> str:
    words = text.strip().lower().split(" ")
    return " ".join(word for word in words if word not in _DETERMINERS)


def write_referent(target: JsonValue, row: Row) -> str:
    """Word a pair's answer: its noun, or nothing where the pronoun is another's."""
    return str(row["span1_text"]) if target == "True" else ""


def marked_text(row: Row) -> str:
    """Return the text with the noun between underscores and the pronoun in brackets.

    So fairseq marks the Winograd sentences that its RoBERTa reads (its README in
    examples/roberta/wsc).
    """
    words = str(row["text"]).split()
    spans = [
        (_place(row, "span1_index"), str(row["span1_text"]), "_", "_"),
        (_place(row, "span2_index"), str(row["span2_text"]), "[", "]"),
    ]
    for place, span, opening, closing in sorted(spans, reverse=True):
        end = place + len(span.split())
        joined = " ".join(words[place:end])
        start = max(joined.lower().find(span.lower()), 0)
        stop = start + len(span) if span.lower() in joined.lower() else len(joined)
        inner = f"{opening}{joined[start:stop]}{closing}"
        words[place:end] = [f"{joined[:start]}{inner}{joined[stop:]}"]
    return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReferent(GenerateText):
    """Let the model write the noun that the pronoun stands for.

    Pairs that are wrong don't tell the right noun: they serve neither training nor as
    exemplars.
    """

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        """Return the noun, or nothing where it is another one."""
        return (GenerateAnswer(text=write_referent(example.target, example.columns)),)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        """Return the noun to write, nothing to learn where it is another one."""
        if example.target != "True":
            return ()
        return GenerateText.target(self, example)


@dataclass(frozen=True, slots=True, kw_only=True)
class Winograd(Classification):
    """A label for a pair of spans, of which text-to-text models write one."""

    def formulations(self, task: Task) -> list[Formulation]:
        """Return the head, `rank` and `generate`, the noun to write where none ranks."""
        return [_as_referent(way) for way in Classification.formulations(self, task)]


def _as_referent(way: Formulation) -> Formulation:
    if isinstance(way, GenerateText) and not way.wording.answers:
        return WriteReferent(prompt=way.prompt, wording=way.wording)
    return way


LM_EVAL_WSC = Prompt(
    text=lm_eval_text,
    answers={"False": "no", "True": "yes"},
    source=lm_eval_source("wsc"),
)
T5_WSC = Prompt(
    text=t5_text,
    write=write_referent,
    parse=read_referent,
    max_tokens=32,
    asked_by=("generate",),
    source=T5_SOURCE,
)
