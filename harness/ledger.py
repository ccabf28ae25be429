"""What a cell's requests lost on their way to the model, example by example."""

from __future__ import annotations

from collections.abc import Iterable

from harness.errors import DataError
from harness.requests import Answer, Side
from harness.results import Caveats


class Ledger:
    """Counts what was cut and which exemplars were left out.

    Attributes:
        truncated: examples with a cut input.
        truncated_tokens: tokens that were cut.
        read_tokens: tokens that the model read.
        dropped_shots: examples that lost exemplars.
        dropped_exemplars: exemplars that they lost.
    """

    def __init__(self) -> None:
        self.truncated = 0
        self.truncated_tokens = 0
        self.read_tokens = 0
        self.dropped_shots = 0
        self.dropped_exemplars = 0
        self._sides: set[Side] = set()

    def note(self, answers: Iterable[Answer]) -> None:
        """Count the answers about one example."""
        own = list(answers)
        cut = sum(answer.truncated_tokens for answer in own)
        dropped = max((answer.dropped_shots for answer in own), default=0)
        self.truncated += cut > 0
        self.truncated_tokens += cut
        self.read_tokens += sum(answer.tokens for answer in own)
        self.dropped_shots += dropped > 0
        self.dropped_exemplars += dropped
        self._sides |= {a.truncated_side for a in own if a.truncated_side is not None}

    @property
    def truncated_side(self) -> Side | None:
        """The end that was cut, ``both`` where each was; None where none is known."""
        if len(self._sides) > 1:
            return "both"
        return next(iter(self._sides), None)


def is_within(caveats: Caveats, examples: int, limit: float) -> bool:
    """Tell whether no more than a share of the examples was cut."""
    return caveats.truncated <= limit * examples


def check_share(caveats: Caveats, examples: int, limit: float) -> None:
    """Refuse a cell of which more was cut than the suite allows.

    Args:
        caveats: what was cut.
        examples: how many were asked about.
        limit: the share of them that may be cut, 0..1.

    Raises:
        DataError: more were.
    """
    if not is_within(caveats, examples, limit):
        raise DataError(
            f"{told(caveats, examples)}, expected a share of {limit:g} or less: choose "
            "a model with a longer input, or raise --max-truncated"
        )


def told(caveats: Caveats, examples: int) -> str:
    """Say how many inputs were cut, by how much and on which side."""
    side = caveats.truncated_side
    where = {"both": " on both sides", None: ""}.get(side, f" on the {side}")
    whole = caveats.truncated_tokens + caveats.read_tokens
    return (
        f"{caveats.truncated:,} of {examples:,} inputs were cut, by "
        f"{caveats.truncated_tokens:,} of {whole:,} tokens{where}"
    )
