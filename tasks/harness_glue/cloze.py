"""How GLUE is asked as a blank to be filled: the manual templates of LM-BFF.

Gao et al.'s table 1 names them; their experiments' script has every space. There the
first sentence of a pair loses its last character, whatever that is, to a question mark,
and the second begins in lower case. The separator that they end with is the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness import Prompt, Row, Template
from harness.requests import BLANK

LM_BFF = (
    "Gao et al., Making Pre-trained Language Models Better Few-shot Learners (ACL "
    "2021), table 1; run_experiment.sh of princeton-nlp/LM-BFF"
)


def _lm_bff(text: Template, answers: Mapping[str, str], note: str = "") -> Prompt:
    return Prompt(text=text, answers=answers, asked_by=("cloze",), source=LM_BFF + note)


def _joined(first: str, second: str) -> Callable[[Row], str]:
    """Word a pair as two sentences of which the second is a clause of the answer."""

    def text(row: Row) -> str:
        return f"{row[first]} {BLANK}, {_lower_first(row[second])}"

    return text


def _asked(first: str, second: str) -> Callable[[Row], str]:
    """Word a pair as a question and its answer."""

    def text(row: Row) -> str:
        return f"{str(row[first])[:-1]}? {BLANK}, {_lower_first(row[second])}"

    return text


def _lower_first(value: object) -> str:
    text = str(value)
    return text[:1].lower() + text[1:]


_NLI_WORDS = {"entailment": "Yes", "neutral": "Maybe", "contradiction": "No"}
_ENTAILED_WORDS = {"entailment": "Yes", "not_entailment": "No"}
_SENTENCES = _asked("sentence1", "sentence2")
_PAIR = _asked("premise", "hypothesis")

COLA = _lm_bff(
    "{sentence} This is {blank}.",
    {"unacceptable": "incorrect", "acceptable": "correct"},
)
SST2 = _lm_bff(
    "{sentence} It was {blank}.", {"negative": "terrible", "positive": "great"}
)
MRPC = _lm_bff(
    _joined("sentence1", "sentence2"), {"not_equivalent": "No", "equivalent": "Yes"}
)
QQP = _lm_bff(
    _joined("question1", "question2"), {"not_duplicate": "No", "duplicate": "Yes"}
)
MNLI = _lm_bff(_PAIR, _NLI_WORDS)
AX = _lm_bff(_PAIR, _NLI_WORDS, ": the template of MNLI, as it has none for it")
QNLI = _lm_bff(_asked("question", "sentence"), _ENTAILED_WORDS)
RTE = _lm_bff(_SENTENCES, _ENTAILED_WORDS)
WNLI = _lm_bff(
    _SENTENCES, _ENTAILED_WORDS, ": the template of RTE, as it has none for WNLI"
)
