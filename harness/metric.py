"""What a metric is: two pure functions and a signature.

`statistics` turns predictions into one row of numbers a resampling unit; `aggregate`
turns rows and weights into scores. The score itself is `aggregate` under weights of
one, a bootstrap is `aggregate` under random counts, and both go through the same two
functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from harness.task import Example, Prediction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Metric(Protocol):
    """One metric with its options fixed.

    Attributes:
        name: the registered name, such as ``f1``.
        version: raised whenever a score could change.
        options: the options that the task gave, as text.
        unit: what one row of statistics stands for: ``example``, ``question group``,
            ``query`` or ``document``.
        scale: what the score is multiplied by for display: 100 for proportions and
            correlations, 1 where the metric is in its own unit.
        is_proportion: whether the score is a mean of zeros and ones over its units,
            so that the Wilson interval applies.
        is_lower_better: whether a lower score is the better one (error rates,
            perplexities).
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def options(self) -> Mapping[str, str]: ...

    @property
    def unit(self) -> str: ...

    @property
    def scale(self) -> float: ...

    @property
    def is_proportion(self) -> bool: ...

    @property
    def is_lower_better(self) -> bool: ...

    def statistics(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Floats:
        """Return one row a unit, shape (units, columns), in order of appearance.

        Args:
            predictions: one for each example, in the same order.
            examples: labelled examples.

        Raises:
            DataError: a prediction is none that the metric knows.
        """

    def aggregate(self, statistics: Floats, weights: Floats) -> Floats:
        """Return scores, shape (draws,), for weights of shape (draws, units).

        An undefined score (a correlation with a constant) is NaN.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEntry:
    """What a plugin registers for a metric.

    Attributes:
        name: the name that task rows use.
        summary: one line for `harness list metrics`.
        make: makes the metric from the task's label names and the options written
            behind the name, as in ``f1,positive=equivalent``.
        options: option names with what each does.
        falls_short: why perfect predictions may score less than the best, empty where
            they never do.
        undefined: what is so where the score is NaN, for the reader of the page; empty
            where it never is on a labelled set.
        source: the definition or official script.
    """

    name: str
    summary: str
    make: Callable[[tuple[str, ...], Mapping[str, str]], Metric]
    options: Mapping[str, str] = field(default_factory=dict)
    falls_short: str = ""
    undefined: str = ""
    source: str = ""


@runtime_checkable
class DataOptions(Protocol):
    """A metric whose signature says something of the data as well."""

    def data_options(self, examples: Sequence[Example]) -> Mapping[str, str]:
        """Return it, such as the number of references: ``{"nrefs": "2"}``."""


def signature(
    metric: Metric,
    units: int | None = None,
    examples: Sequence[Example] | None = None,
) -> str:
    """Return the text that a score never travels without.

    Example: ``f1|positive:equivalent|n:408|v:1``.

    Args:
        metric: names itself, its options and its version.
        units: how many it was counted over; left out where it is None.
        examples: what it was counted over, for a metric with `DataOptions`.
    """
    named = dict(metric.options)
    if examples is not None and isinstance(metric, DataOptions):
        named |= metric.data_options(examples)
    options = [f"{key}:{value}" for key, value in sorted(named.items())]
    count = [] if units is None else [f"n:{units}"]
    return "|".join([metric.name, *options, *count, f"v:{metric.version}"])
