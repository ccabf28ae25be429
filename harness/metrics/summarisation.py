"""ROUGE (Lin 2004), computed by the rouge-score package of its reimplementation.

Its tokenizer keeps a-z and 0-9 alone, so that other scripts score 0. Of several
references the one with the best F counts, for each type apart.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness.errors import DataError
from harness.metrics.labels import ratio
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

RougeType = Literal["rouge1", "rouge2", "rougeL", "rougeLsum"]
Part = Literal["fmeasure", "precision", "recall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rouge:
    """The mean over examples of a ROUGE score; an unread prediction is empty.

    Attributes:
        name: which ROUGE: ``rougeLsum`` takes lines for sentences.
        stem: whether words of four letters or more are stemmed (Porter).
        part: the F measure, precision or recall.
    """

    name: RougeType
    stem: bool
    part: Part = "fmeasure"

    version: int = field(default=1, init=False)
    unit: str = field(default="example", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=False, init=False)

    @property
    def options(self) -> dict[str, str]:
        """What the score depends on, the version of rouge-score included."""
        part = {} if self.part == "fmeasure" else {"part": self.part}
        stem = "yes" if self.stem else "no"
        return {**part, "stem": stem, "rouge-score": version("rouge-score")}

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return one score an example, shape (examples, 1)."""
        scorer = _scorer(self.name, self.stem)
        pairs = zip(predictions, examples, strict=True)
        scores = [
            getattr(
                scorer.score_multi(
                    _references(self.name, example), _text(self.name, prediction)
                )[self.name],
                self.part,
            )
            for prediction, example in pairs
        ]
        return np.array(scores, dtype=np.float64).reshape(-1, 1)

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return ratio(weights @ statistics[:, 0], weights.sum(axis=1), np.nan)


class _Tokenizer:
    """rouge-score's own tokenizer, with a stemmer that remembers its words."""

    def __init__(self, stemmer: _Stemmer | None) -> None:
        self._stemmer = stemmer

    def tokenize(self, text: str) -> list[str]:
        from rouge_score import tokenize

        words: list[str] = tokenize.tokenize(text, self._stemmer)
        return words


class _Stemmer:
    """The Porter stemmer as rouge-score makes it; stemming is most of the time."""

    def __init__(self) -> None:
        from nltk.stem.porter import PorterStemmer

        self.stem = functools.lru_cache(maxsize=1 << 17)(PorterStemmer().stem)


@functools.cache
def _scorer(name: RougeType, stem: bool) -> Any:  # noqa: ANN401 # untyped library
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([name], tokenizer=_Tokenizer(_Stemmer() if stem else None))


def _text(metric: str, prediction: Prediction) -> str:
    if prediction.value is None:
        return ""
    if isinstance(prediction.value, str):
        return prediction.value
    raise DataError(
        f"{metric}: the prediction {prediction.value!r} of example {prediction.id!r} is "
        "no text, expected a summary: choose another metric for the task"
    )


def _references(metric: str, example: Example) -> list[str]:
    target = example.target
    references = target if isinstance(target, list) else [target]
    texts = [text for text in references if isinstance(text, str)]
    if texts and len(texts) == len(references):
        return texts
    raise DataError(
        f"{metric}: the target {target!r} of example {example.id!r} is no text, "
        "expected one or a list of them: choose another metric for the task"
    )
