"""How GLUE is worded for text models: published protocols, reproduced exactly.

`lm-eval` is the wording of lm-evaluation-harness, which has none for STS-B; the
diagnostic set, which it has not either, is worded as MNLI, the task it is trained on.
`t5` is the text-to-text format of the T5 paper. `cloze` are LM-BFF's manual templates
(`harness_glue.cloze`). All insert columns as they stand, stray spaces included; scores
can be compared only if every character is theirs.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

from harness import DataError, Prompt, Row, Template
from harness.requests import JsonValue
from harness_glue import cloze

NLI = ("entailment", "neutral", "contradiction")
ENTAILED = ("entailment", "not_entailment")


def _lm_eval(
    config: str, text: Template, answers: Mapping[str, Template], note: str = ""
) -> Prompt:
    source = (
        f"EleutherAI/lm-evaluation-harness lm_eval/tasks/glue/{config}/default.yaml, "
        f"release 0.4.13{note}"
    )
    return Prompt(text=text, answers=answers, source=source)


def _t5(text: str, labels: tuple[str, ...], note: str = "") -> Prompt:
    return Prompt(
        text=text, answers={label: label for label in labels}, source=T5_SOURCE + note
    )


def _mnli_text(row: Row) -> str:
    """Word an MNLI pair: only the hypothesis is stripped and ends in a full stop."""
    hypothesis = str(row["hypothesis"]).strip()
    stop = "" if hypothesis.endswith(".") else "."
    return (
        f"{row['premise']}\nQuestion: {hypothesis}{stop} True, False or Neither?\n"
        "Answer:"
    )


def write_score(target: JsonValue, _row: Row) -> str:
    """Word a similarity as T5 was trained to: the nearest fifth, with one decimal.

    T5 multiplies by 5 and rounds half to even in 32-bit floats, so 1.7 becomes 1.6
    where 64-bit floats would give 1.8.

    Raises:
        DataError: the target is no number.
    """
    if not isinstance(target, int | float):
        raise DataError(
            f"the similarity {target!r} is no number: check the label column"
        )
    fifths = round(_single(_single(target) * 5))
    return f"{fifths / 5:.1f}"


def _single(value: float) -> float:
    (single,) = struct.unpack("f", struct.pack("f", value))
    return float(single)


def read_score(text: str, _row: Row) -> float | None:
    """Read a number as T5's evaluation does, None where the text is no finite one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


T5_SOURCE = (
    "Raffel et al., Exploring the Limits of Transfer Learning with a Unified "
    "Text-to-Text Transformer (JMLR 2020), appendix D; preprocessors.glue and .stsb in "
    "google-research/text-to-text-transfer-transformer t5/data"
)

COLA = {
    "lm-eval": _lm_eval(
        "cola",
        "{sentence}\nQuestion: Does this sentence make sense?\nAnswer:",
        {"unacceptable": "no", "acceptable": "yes"},
    ),
    "t5": _t5("cola sentence: {sentence}", ("unacceptable", "acceptable")),
    "cloze": cloze.COLA,
}
SST2 = {
    "lm-eval": _lm_eval(
        "sst2",
        "{sentence}\nQuestion: Is this sentence positive or negative?\nAnswer:",
        {"negative": "negative", "positive": "positive"},
    ),
    "t5": _t5("sst2 sentence: {sentence}", ("negative", "positive")),
    "cloze": cloze.SST2,
}
MRPC = {
    "lm-eval": _lm_eval(
        "mrpc",
        "Sentence 1: {sentence1}\nSentence 2: {sentence2}\n"
        "Question: Do both sentences mean the same thing?\nAnswer:",
        {"not_equivalent": "no", "equivalent": "yes"},
    ),
    "t5": _t5(
        "mrpc sentence1: {sentence1} sentence2: {sentence2}",
        ("not_equivalent", "equivalent"),
    ),
    "cloze": cloze.MRPC,
}
QQP = {
    "lm-eval": _lm_eval(
        "qqp",
        "Question 1: {question1}\nQuestion 2: {question2}\n"
        "Question: Do both questions ask the same thing?\nAnswer:",
        {"not_duplicate": "no", "duplicate": "yes"},
    ),
    "t5": _t5(
        "qqp question1: {question1} question2: {question2}",
        ("not_duplicate", "duplicate"),
    ),
    "cloze": cloze.QQP,
}
STSB = {
    "t5": Prompt(
        text="stsb sentence1: {sentence1} sentence2: {sentence2}",
        write=write_score,
        parse=read_score,
        max_tokens=8,
        source=T5_SOURCE,
    )
}
MNLI = {
    "lm-eval": _lm_eval(
        "mnli",
        _mnli_text,
        {"entailment": "True", "neutral": "Neither", "contradiction": "False"},
    ),
    # T5 sorts the columns by name, so the hypothesis comes first
    "t5": _t5("mnli hypothesis: {hypothesis} premise: {premise}", NLI),
    "cloze": cloze.MNLI,
}
QNLI = {
    "lm-eval": _lm_eval(
        "qnli",
        "{question}\n{sentence}\nQuestion: Does this response answer the question?\n"
        "Answer:",
        {"entailment": "yes", "not_entailment": "no"},
    ),
    "t5": _t5("qnli question: {question} sentence: {sentence}", ENTAILED),
    "cloze": cloze.QNLI,
}
RTE = {
    "lm-eval": _lm_eval(
        "rte",
        "{sentence1}\nQuestion: {sentence2} True or False?\nAnswer:",
        {"entailment": "True", "not_entailment": "False"},
    ),
    "t5": _t5("rte sentence1: {sentence1} sentence2: {sentence2}", ENTAILED),
    "cloze": cloze.RTE,
}
WNLI = {
    "lm-eval": _lm_eval(
        "wnli",
        "{sentence1}\nQuestion: {sentence2} True or False?\nAnswer:",
        {"not_entailment": "False", "entailment": "True"},
    ),
    "t5": _t5(
        "wnli sentence1: {sentence1} sentence2: {sentence2}",
        ENTAILED,
        " (the task glue_wnli_v002, which the published checkpoints were not trained "
        "on: they saw WNLI recast as WSC)",
    ),
    "cloze": cloze.WNLI,
}
AX = {
    "lm-eval": _lm_eval(
        "mnli",
        _mnli_text,
        MNLI["lm-eval"].answers,
        ", the wording of MNLI: it has no task of the diagnostic set",
    ),
    "t5": MNLI["t5"],
    "cloze": cloze.AX,
}
