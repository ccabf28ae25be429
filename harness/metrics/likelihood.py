"""Perplexities: what a model's log-likelihood of a text comes to, by unit of text.

A prediction is what `LanguageModelling` makes of an answer, ``{"nats": ..., "tokens":
...}``; the target is the text itself, whose words and bytes are counted as
lm-evaluation-harness counts them: words are the pieces between white space, empty
ones at the ends included. The nats of all texts are divided by the units of all
texts, so that a long text weighs more than a short one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.errors import DataError
from harness.metrics.labels import ratio
from harness.task import Example, Prediction

if TYPE_CHECKING:
    from harness.metric import Floats

Unit = Literal["word", "byte", "token", "document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Likelihood:
    """What the metrics share: nats and units, document by document.

    Attributes:
        name: the registered name.
        per: what the nats are divided by.
    """

    name: str
    per: Unit
    options: Mapping[str, str] = field(default_factory=dict)

    version: int = field(default=1, init=False)
    unit: str = field(default="document", init=False)
    scale: float = field(default=1.0, init=False)
    is_proportion: bool = field(default=False, init=False)
    is_lower_better: bool = field(default=True, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return nats and units of each document, shape (documents, 2)."""
        pairs = zip(predictions, examples, strict=True)
        rows = [self._row(prediction, example) for prediction, example in pairs]
        if not rows:
            raise DataError(
                f"{self.name}: there is no document to score, expected at least one: "
                "check the split and the limit"
            )
        return np.array(rows, dtype=np.float64)

    def _row(self, prediction: Prediction, example: Example) -> tuple[float, int]:
        said = prediction.value
        nats, tokens = (
            (said.get("nats"), said.get("tokens"))
            if isinstance(said, dict)
            else (None, None)
        )
        if not isinstance(nats, int | float) or not isinstance(tokens, int):
            raise DataError(
                f"{self.name}: the prediction {said!r} of example {example.id!r} is no "
                'log-likelihood, expected {"nats": number, "tokens": count}: choose '
                "another metric for the task"
            )
        return float(nats), self._count(example, tokens)

    def _count(self, example: Example, tokens: int) -> int:
        if self.per in ("token", "document"):
            return tokens if self.per == "token" else 1
        if not isinstance(example.target, str):
            raise DataError(
                f"{self.name}: the target {example.target!r} of example {example.id!r} "
                "is no text, expected the document: choose another metric for the task"
            )
        return _UNITS[self.per](example.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Perplexity(_Likelihood):
    """The exponential of the mean negative log-likelihood of a unit.

    NaN where there is no unit, and where a finite log-likelihood has a perplexity
    that no float can hold, which lm-evaluation-harness refuses; a log-likelihood of
    minus infinity is an infinite perplexity.
    """

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        means = _mean_nats(statistics, weights)
        with np.errstate(over="ignore"):
            values = np.exp(means)
        return np.where(np.isinf(values) & np.isfinite(means), np.nan, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits(_Likelihood):
    """The mean negative log-likelihood of a unit, in bits; NaN of no unit."""

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return _mean_nats(statistics, weights) / math.log(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class GreedyAccuracy:
    """The share of continuations that the model would have written itself.

    LAMBADA's accuracy. A prediction is what `LastWord` makes of an answer, with
    ``"is_greedy"``.
    """

    name: str = field(default="greedy_accuracy", init=False)
    options: Mapping[str, str] = field(default_factory=dict, init=False)
    version: int = field(default=1, init=False)
    unit: str = field(default="document", init=False)
    scale: float = field(default=100.0, init=False)
    is_proportion: bool = field(default=True, init=False)
    is_lower_better: bool = field(default=False, init=False)

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return 1 for each continuation that is greedy, shape (documents, 1)."""
        pairs = zip(predictions, examples, strict=True)
        hits = [self._is_hit(prediction) for prediction, _ in pairs]
        return np.array(hits, dtype=np.float64)[:, None]

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        return ratio(weights @ statistics[:, 0], weights.sum(axis=1), np.nan)

    def _is_hit(self, prediction: Prediction) -> bool:
        said = prediction.value
        is_greedy = said.get("is_greedy") if isinstance(said, dict) else None
        if isinstance(is_greedy, bool):
            return is_greedy
        raise DataError(
            f"{self.name}: the prediction {said!r} of example {prediction.id!r} says "
            'not whether it is greedy, expected {"is_greedy": true} or false: choose '
            "another metric for the task"
        )


def count_words(text: str) -> int:
    """Count the pieces between white space; one that is empty, at an end, counts.

    As `process_results` of lm_eval/tasks/wikitext/preprocess_wikitext.py does.
    """
    return len(re.split(r"\s+", text))


def count_bytes(text: str) -> int:
    """Count bytes of UTF-8; half a surrogate pair, as JSON may hold, is three."""
    return len(text.encode("utf-8", "surrogatepass"))


_UNITS = {"word": count_words, "byte": count_bytes}


def _mean_nats(statistics: Floats, weights: Floats) -> Floats:
    """Return negative nats a unit, shape (draws,); infinite ones count if drawn."""
    nats, units = statistics[:, 0], statistics[:, 1]
    is_impossible = np.isneginf(nats)
    totals = weights @ np.where(is_impossible, 0.0, nats)
    impossible = weights @ is_impossible.astype(np.float64)
    means = ratio(-totals, weights @ units, np.nan)
    return np.where((impossible > 0) & ~np.isnan(means), np.inf, means)
