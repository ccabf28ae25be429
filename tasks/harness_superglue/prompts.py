"""How SuperGLUE is worded for text models: published protocols, reproduced exactly.

`lm-eval` is the default wording of lm-evaluation-harness, `t5` the text-to-text format
of the T5 paper, `cloze` a pattern of PET (`harness_superglue.cloze`). All insert columns
as they stand; scores can be compared only if every character is theirs.
`harness_superglue.winograd` and `harness_superglue.record` hold what the tasks of these
names need beyond a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness import Prompt, Row, Template
from harness_superglue import cloze
from harness_superglue.columns import copa_question, hypothesis, premise
from harness_superglue.record import LM_EVAL_RECORD, PET_RECORD, T5_RECORD
from harness_superglue.sources import T5_SOURCE, lm_eval_source
from harness_superglue.winograd import LM_EVAL_WSC, T5_WSC

ENTAILED = ("entailment", "not_entailment")
CB_LABELS = ("entailment", "contradiction", "neutral")
TRUTH = ("False", "True")
CHOICES = ("choice1", "choice2")
COPA_LINKS = {"cause": "because", "effect": "therefore"}
"""What lm-evaluation-harness puts between premise and choice, by what is asked for."""


def _lm_eval(
    config: str, text: Template, answers: Mapping[str, Template], note: str = ""
) -> Prompt:
    return Prompt(text=text, answers=answers, source=lm_eval_source(config) + note)


def _t5(text: Template, labels: tuple[str, ...]) -> Prompt:
    return Prompt(
        text=text, answers={label: label for label in labels}, source=T5_SOURCE
    )


def _lm_eval_rte(row: Row) -> str:
    return f"{premise(row)}\nQuestion: {hypothesis(row)} True or False?\nAnswer:"


def _t5_rte(row: Row) -> str:
    # T5 sorts the columns by name, so the hypothesis comes first
    return f"rte hypothesis: {hypothesis(row)} premise: {premise(row)}"


def _lm_eval_copa(row: Row) -> str:
    """Word a premise without its full stop, and what links it to the choice."""
    link = COPA_LINKS[copa_question(row)]
    return f"{str(row['premise']).strip()[:-1]} {link}"


def _small_first(text: object) -> str:
    """Word a choice as a clause; its space comes on top of the delimiter's."""
    choice = str(text)
    return f" {choice[:1].lower()}{choice[1:]}"


def _lm_eval_wic(row: Row) -> str:
    sentence = str(row["sentence1"])
    word = sentence[int(str(row["start1"])) : int(str(row["end1"]))]
    return (
        f"Sentence 1: {sentence}\nSentence 2: {row['sentence2']}\n"
        f"Question: Is the word '{word}' used in the same way in the two sentences "
        "above?\nAnswer:"
    )


_BREAK = re.compile("<br>")
_BOLD = re.compile("</?b>")


def _t5_multirc(row: Row) -> str:
    joined = (
        f"multirc question: {row['question']} answer: {row['answer']} "
        f"paragraph: {row['paragraph']}"
    )
    return _BOLD.sub("", _BREAK.sub(" ", joined))


BOOLQ = {
    "lm-eval": _lm_eval(
        "boolq",
        "{passage}\nQuestion: {question}?\nAnswer:",
        {"False": "no", "True": "yes"},
    ),
    "t5": _t5("boolq passage: {passage} question: {question}", TRUTH),
    "cloze": cloze.BOOLQ,
}
CB = {
    "lm-eval": _lm_eval(
        "cb",
        "{premise}\nQuestion: {hypothesis}. True, False, or Neither?\nAnswer:",
        {"entailment": "True", "contradiction": "False", "neutral": "Neither"},
    ),
    "t5": _t5("cb hypothesis: {hypothesis} premise: {premise}", CB_LABELS),
    "cloze": cloze.CB,
}
COPA = {
    "lm-eval": Prompt(
        text=_lm_eval_copa,
        answers={
            "choice1": lambda row: _small_first(row["choice1"]),
            "choice2": lambda row: _small_first(row["choice2"]),
        },
        asked_by=("rank",),
        source=lm_eval_source("copa"),
    ),
    "t5": _t5(
        "copa choice1: {choice1} choice2: {choice2} premise: {premise} "
        "question: {question}",
        CHOICES,
    ),
    "cloze": cloze.COPA,
}
MULTIRC = {
    "lm-eval": Prompt(
        text="{paragraph}\nQuestion: {question}\nAnswer:",
        answers={
            "False": "{answer}\nIs the answer correct? yes",
            "True": "{answer}\nIs the answer correct? no",
        },
        asked_by=("rank",),
        source=lm_eval_source("multirc")
        + ", which gives yes to the label False and no to True: reproduced, since "
        "scores can be compared only so; `yes-no` has them the right way round",
    ),
    "yes-no": Prompt(
        text="{paragraph}\nQuestion: {question}\nAnswer: {answer}\n"
        "Is the answer correct?",
        answers={"False": "no", "True": "yes"},
        source="our own: the words of `lm-eval` with yes for the answers that are right",
    ),
    "t5": _t5(_t5_multirc, TRUTH),
    "cloze": cloze.MULTIRC,
}
RECORD = {"lm-eval": LM_EVAL_RECORD, "t5": T5_RECORD, "cloze": PET_RECORD}
RTE = {
    "lm-eval": _lm_eval(
        "rte", _lm_eval_rte, dict(zip(ENTAILED, ("True", "False"), strict=True))
    ),
    "t5": _t5(_t5_rte, ENTAILED),
    "cloze": cloze.RTE,
}
AX = {
    "lm-eval": _lm_eval(
        "rte",
        _lm_eval_rte,
        dict(zip(ENTAILED, ("True", "False"), strict=True)),
        ", the wording of RTE: it has no task of the diagnostic sets",
    ),
    "t5": RTE["t5"],
    "cloze": RTE["cloze"],
}
WIC = {
    "lm-eval": _lm_eval("wic", _lm_eval_wic, {"False": "no", "True": "yes"}),
    "t5": _t5("wic sentence1: {sentence1} sentence2: {sentence2} word: {word}", TRUTH),
    "cloze": cloze.WIC,
}
WSC = {"lm-eval": LM_EVAL_WSC, "t5": T5_WSC}
