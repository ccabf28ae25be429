"""Log-probabilities of tokens that a decoder reads, each distinct line read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from harness import CheckpointError
from harness_hub.batches import Batches, Padding, Row, is_close
from harness_hub.output_rows import OutputRows
from harness_torch.abilities import check_finite
from harness_torch.scoring import Pair, Scored, log_probabilities

_Ids = tuple[int, ...]
_NOTHING = Scored(0.0, True)  # a continuation without tokens is certain
_PROBED = 8  # tokens that show whether a model reads ahead


class Line(NamedTuple):
    """What is read, and the tokens asked of its last positions, one each.

    Attributes:
        ids: context and continuation, without the last token.
        targets: the continuation.
        cut: tokens of the context that did not fit.
    """

    ids: _Ids
    targets: _Ids
    cut: int


def make_line(pair: Pair, length: int) -> Line:
    """Cut a context on its left so that it fits with its continuation.

    The last token is not read, so one more than the length fits.
    """
    context, continuation = pair
    whole = (*context, *continuation)
    excess = max(0, len(whole) - length - 1)
    start = max(excess + 1, len(context))
    return Line(whole[excess:-1], whole[start:], excess)


class LineScorer:
    """Scores lines with a decoder.

    Lines of which one begins the other are read once, so a request's one-token choices
    share one reading of their context.
    """

    def __init__(
        self, rows: OutputRows, padding: Padding, batches: Batches, *, title: str
    ) -> None:
        self._rows = rows
        self._padding = padding
        self._batches = batches
        self._title = title
        self._is_checked = False

    def score(self, lines: Sequence[Line]) -> list[Scored]:
        """Return each line's log-probability and whether greedy would write it.

        Raises:
            CheckpointError: the model reads tokens ahead of the one it predicts, or a
                log-probability is not a number.
        """
        readings, homes = share([line.ids for line in lines if line.targets])
        asked: list[dict[int, list[int]]] = [{} for _ in readings]
        for line in lines:
            for place, token in _targets(line):
                tokens = asked[homes[line.ids]].setdefault(place, [])
                if token not in tokens:
                    tokens.append(token)
        if not self._is_checked and readings:
            self._check(readings[0])

        def compute(places: Sequence[int]) -> list[Tensor]:
            return self._compute([(readings[i], asked[i]) for i in places])

        values = self._batches.run([len(ids) for ids in readings], compute)
        known = [
            dict(zip(_flat(one), value.tolist(), strict=True))
            for one, value in zip(asked, values, strict=True)
        ]
        return [
            _sum([known[homes[line.ids]][target] for target in _targets(line)])
            for line in lines
        ]

    def _compute(
        self, asked: Sequence[tuple[_Ids, dict[int, list[int]]]]
    ) -> list[Tensor]:
        """Return log-probability and greedy flag of each target, ``(targets, 2)``."""
        inputs = self._padding.inputs([Row(ids) for ids, _ in asked])
        wanted = [sorted(targets) for _, targets in asked]
        found = []
        rows = self._rows.take(inputs, wanted)
        for (_, targets), places, own in zip(asked, wanted, rows, strict=True):
            tokens = [targets[place] for place in places]
            scored = log_probabilities(
                own, self._rows.project, tokens, title=self._title
            )
            flat = [list(one) for row in scored for one in row]
            found.append(torch.tensor(flat, dtype=torch.float64))
        return found

    def _check(self, ids: _Ids) -> None:
        """Change a token and see that what comes before it stays as it was."""
        begin = list(ids[:_PROBED])
        if len(begin) < 2:
            return
        self._is_checked = True
        other = 1 if begin[-1] == 0 else 0
        logits = []
        for row in (begin, [*begin[:-1], other]):
            inputs = self._padding.inputs([Row(row)])
            (rows,) = self._rows.take(inputs, [list(range(len(row) - 1))])
            logits.append(self._rows.project(rows).float())
            check_finite(rows, self._title)
        if not is_close(logits[0], logits[1], self._rows.rounding):
            raise CheckpointError(
                f"{self._title} reads tokens ahead of the one that it predicts, so what "
                "it says is no probability of a text: use a decoder, or name what the "
                "model is for with the option task"
            )


def share(lines: Sequence[_Ids]) -> tuple[list[_Ids], dict[_Ids, int]]:
    """Return the lines that begin no other one, and where each line is read."""
    readings: list[_Ids] = []
    homes: dict[_Ids, int] = {}
    for ids in sorted(set(lines), reverse=True):  # a longer one comes before its part
        if not readings or readings[-1][: len(ids)] != ids:
            readings.append(ids)
        homes[ids] = len(readings) - 1
    return readings, homes


def _targets(line: Line) -> list[tuple[int, int]]:
    first = len(line.ids) - len(line.targets)
    return [(first + place, token) for place, token in enumerate(line.targets)]


def _flat(asked: dict[int, list[int]]) -> list[tuple[int, int]]:
    return [(place, token) for place in sorted(asked) for token in asked[place]]


def _sum(values: Sequence[Sequence[float]]) -> Scored:
    if not values:
        return _NOTHING
    return Scored(sum(value for value, _ in values), all(flag for _, flag in values))
