"""How SuperGLUE is asked as a blank to be filled: one pattern of PET for each task.

PET averages models of several patterns; here stands the first of each task whose text
is one segment, since ours is, with its verbaliser. Its parts are joined by a space, as
its tokenizers have them, full stops and question marks included. WSC has none: PET has
the noun written there, and no word stands for a label.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from harness import Prompt, Row, Template
from harness.requests import BLANK
from harness_superglue.columns import copa_question, hypothesis, premise
from harness_superglue.sources import PET_SOURCE

_YES_NO = {"False": "No", "True": "Yes"}
_COPA_LINKS = {"cause": "because", "effect": ", so"}


def _pet(text: Template, answers: Mapping[str, Template], where: str) -> Prompt:
    source = f"{PET_SOURCE}, {where}"
    return Prompt(text=text, answers=answers, asked_by=("cloze",), source=source)


def _rte(row: Row) -> str:
    return f"{premise(row)} question: {hypothesis(row)} True or False? answer: {BLANK}"


def _copa(row: Row) -> str:
    link = _COPA_LINKS[copa_question(row)]
    asked = _bare(row["premise"])
    choices = f'" {_clause(row["choice1"])} " or " {_clause(row["choice2"])} "?'
    return f"{choices} {asked} {link} {BLANK} ."


def _bare(value: object) -> str:
    """Take the punctuation from a sentence's end."""
    return str(value).rstrip(string.punctuation)


def _clause(value: object) -> str:
    """Word a choice as a clause, without capital and full stop."""
    text = str(value)
    return _bare(text[:1].lower() + text[1:])


BOOLQ = _pet(
    "{passage} . Question: {question} ? Answer: {blank} .",
    _YES_NO,
    "BoolQPVP's pattern 0",
)
CB = _pet(
    "{premise} question: {hypothesis} true, false or neither? answer: {blank}",
    {"entailment": "true", "contradiction": "false", "neutral": "neither"},
    "CbPVP's pattern 4, which is GPT-3's",
)
COPA = _pet(
    _copa,
    {
        "choice1": lambda row: _clause(row["choice1"]),
        "choice2": lambda row: _clause(row["choice2"]),
    },
    "CopaPVP's pattern 0; its choices are scored by our `Fill`, not by PET's order of "
    "decoding",
)
MULTIRC = _pet(
    "{paragraph} . Question: {question} ? Is it {answer} ? {blank} .",
    _YES_NO,
    "MultiRcPVP's pattern 0",
)
RTE = _pet(
    _rte,
    {"entailment": "true", "not_entailment": "false"},
    "RtePVP's pattern 4, which is GPT-3's; it serves AX-b and AX-g too",
)
WIC = _pet(
    '" {sentence1} " / " {sentence2} " Similar sense of "{word}"? {blank} .',
    _YES_NO,
    "WicPVP's pattern 0",
)
