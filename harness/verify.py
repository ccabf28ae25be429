"""Whether our metrics equal the official scorers, golden case by golden case.

`score` asks our scorer, which sees a case's inputs and nothing else; `compare` holds
every key that the official scorer gave against what ours gave.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

from harness.errors import HarnessError
from harness.golden import GoldenCase, find
from harness.official import OfficialScorer, Outputs

Status = Literal["equal", "known", "unequal", "not offered"]
Path = tuple[str, ...]
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVerdict:
    """One key of a case, held against ours.

    Attributes:
        key: its path, joined by dots; empty for the case as a whole.
        status: ``equal``; ``known``, a difference that has a reason and stays within
            its own tolerance; ``unequal``; ``not offered``, with the reason in `note`.
        value: ours, as text.
        expected: the official scorer's, as text.
        difference: between two numbers, None where there is none.
        tolerance: what the difference may be.
        note: why, where that is known.
    """

    key: str
    status: Status
    value: str
    expected: str
    difference: float | None = None
    tolerance: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseVerdict:
    """A case, and what became of each of its keys."""

    case: GoldenCase
    keys: tuple[KeyVerdict, ...]

    @property
    def status(self) -> Status:
        """The worst of its keys; ``not offered`` where no key is offered at all."""
        found = {key.status for key in self.keys}
        order: tuple[Status, ...] = ("unequal", "known", "equal")
        return next((status for status in order if status in found), "not offered")


def verify(case: GoldenCase, scorer: OfficialScorer | None) -> CaseVerdict:
    """Judge a case; without a scorer it is unequal."""
    if scorer is None:
        keys = [
            KeyVerdict(
                key="",
                status="unequal",
                value=_NOTHING,
                expected=", ".join(case.expected),
                note=f"no plugin registers the official scorer {case.scorer_id}",
            )
        ]
    else:
        keys = compare(case, score(case, scorer), scorer)
    return CaseVerdict(case=case, keys=tuple(keys))


def score(case: GoldenCase, scorer: OfficialScorer) -> Outputs | HarnessError:
    """Return what our scorer makes of a case's inputs, or the error that it raises."""
    try:
        return scorer.score(case.inputs)
    except HarnessError as error:
        return error
    except Exception as error:
        error.add_note(f"in the golden case {case.origin}")
        raise


def compare(
    case: GoldenCase, found: Outputs | HarnessError, scorer: OfficialScorer
) -> list[KeyVerdict]:
    """Hold every key that the official scorer gave against ours.

    Args:
        case: says what is expected, and how exactly.
        found: what ours gave, or why it gave nothing.
        scorer: says which differences are known and which keys ours does not give.
    """
    if _is_error(case.expected):
        return [_compare_failure((), case.expected, found)]
    if isinstance(found, HarnessError):
        told = f"error: {found}"
        return [
            _verdict(path, "unequal", told, wanted)
            for path, wanted in _leaves(case.expected, ())
        ]
    ours = dict(_leaves(found, ()))
    return [
        _compare_key(case, scorer, path, wanted, ours)
        for path, wanted in _leaves(case.expected, ())
    ]


def _compare_key(
    case: GoldenCase,
    scorer: OfficialScorer,
    path: Path,
    wanted: object,
    ours: Mapping[Path, object],
) -> KeyVerdict:
    if _is_error(wanted):
        value = ours.get(path, _beneath(ours, path))
        return _compare_failure(path, wanted, value)
    if path not in ours:
        reason = _why_not_offered(scorer, path)
        status: Status = "unequal" if reason is None else "not offered"
        return _verdict(path, status, _NOTHING, wanted, note=reason or "")
    value = ours[path]
    if not (_is_number(value) and _is_number(wanted)):
        is_same = type(value) is type(wanted) and value == wanted
        return _verdict(path, "equal" if is_same else "unequal", value, wanted)
    return _compare_numbers(case, scorer, path, _float(wanted), _float(value))


def _compare_numbers(
    case: GoldenCase, scorer: OfficialScorer, path: Path, wanted: float, value: float
) -> KeyVerdict:
    value = _rounded(case, path, wanted, value)
    difference, tolerance = _distance(value, wanted), case.tolerances.of(path, wanted)
    status: Status = "equal"
    note = ""
    if not difference <= tolerance:
        known = _known_difference(case, scorer, path)
        is_within = known is not None and difference <= known
        status = "known" if is_within else "unequal"
        if known is not None:
            tolerance = known
            note = "a known difference" if is_within else "beyond what is known"
    return KeyVerdict(
        key=".".join(path),
        status=status,
        value=repr(value),
        expected=repr(wanted),
        difference=difference,
        tolerance=tolerance,
        note=note,
    )


def _known_difference(
    case: GoldenCase, scorer: OfficialScorer, path: Path
) -> float | None:
    """Return what a key may differ by for a reason; adversarial cases allow nothing."""
    if case.kind == "adversarial":
        return None
    return find(scorer.known_of(case.name), path)


def _compare_failure(path: Path, wanted: object, found: object) -> KeyVerdict:
    """Hold ours against a failure: an error is equal, whatever its words."""
    has_failed = isinstance(found, HarnessError) or _is_error(found)
    status: Status = "equal" if has_failed else "unequal"
    return _verdict(path, status, found, wanted)


def _rounded(case: GoldenCase, path: Path, wanted: float, value: float) -> float:
    """Round ours as the official scorer rounds; a number that it left alone stays."""
    decimals = case.decimals or {}
    count = find(decimals, path)
    if count is None and "" in decimals and round(wanted, decimals[""]) == wanted:
        count = decimals[""]
    if count is None or not math.isfinite(value):
        return value
    return round(value, int(count))


def _distance(value: float, wanted: float) -> float:
    if value == wanted or (math.isnan(value) and math.isnan(wanted)):
        return 0.0
    difference = abs(value - wanted)
    return math.inf if math.isnan(difference) else difference


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    """Yield what a nested value holds, each with its path; lists count from 0."""
    items: list[tuple[Any, object]] = []
    if isinstance(value, Mapping) and not _is_error(value):
        items = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = list(enumerate(value))
        value = list(value)
    if not items:
        yield path, _NUMBERS.get(value, value) if isinstance(value, str) else value
    for key, inner in items:
        yield from _leaves(inner, (*path, str(key)))


def _beneath(ours: Mapping[Path, object], path: Path) -> object:
    """Return what ours gives below a path, for a message."""
    found = {".".join(key): v for key, v in ours.items() if key[: len(path)] == path}
    return found or _NOTHING


def _why_not_offered(scorer: OfficialScorer, path: Path) -> str | None:
    starts = (".".join(path[:length]) for length in range(len(path), 0, -1))
    names = (*starts, *reversed(path))
    reasons = scorer.not_offered
    return next((reasons[name] for name in names if name in reasons), None)


def _is_error(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("error"), str)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _float(value: Any) -> float:  # noqa: ANN401 # any library's number
    return float(value)


def _verdict(
    path: Path, status: Status, value: object, wanted: object, note: str = ""
) -> KeyVerdict:
    return KeyVerdict(
        key=".".join(path),
        status=status,
        value=value if isinstance(value, str) else repr(value),
        expected=wanted if isinstance(wanted, str) else repr(wanted),
        note=note,
    )
