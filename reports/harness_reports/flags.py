"""Flags: the caveats of cells as letters with a text each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.results import Caveats, CellResult, Drift
from harness_reports.numbers import counted
from harness_reports.view import Flag

SAMPLE = "s"
INEXACT = "b"
FAILED_SEEDS = "f"
LEFT_OUT = "o"


def _total(name: str, text: str) -> Callable[[Sequence[Caveats]], str]:
    def write(caveats: Sequence[Caveats]) -> str:
        numbers = [int(getattr(each, name)) for each in caveats]
        if not any(numbers):
            return ""
        spread = "" if len(numbers) == 1 else " (most of any seed)"
        return text.format(n=max(numbers)) + spread

    return write


def _truncated(caveats: Sequence[Caveats]) -> str:
    text = _total("truncated", "inputs cut to fit the model: {n}")(caveats)
    worst = max(caveats, key=lambda each: each.truncated, default=Caveats())
    if not text or not worst.truncated_tokens:  # older results don't hold the tokens
        return text
    whole = worst.truncated_tokens + worst.read_tokens
    side = worst.truncated_side
    where = {"both": " on both sides", None: ""}.get(side, f" on the {side}")
    return f"{text}, by {worst.truncated_tokens:,} of {whole:,} tokens{where}"


def _dropped(caveats: Sequence[Caveats]) -> str:
    text = _total("dropped_shots", "examples that lost shots to fit: {n}")(caveats)
    worst = max(caveats, key=lambda each: each.dropped_shots, default=Caveats())
    if not text or not worst.dropped_exemplars:
        return text
    return f"{text}, {counted(worst.dropped_exemplars, 'shot')} in all"


def _partial(caveats: Sequence[Caveats]) -> str:
    parts = [each for each in caveats if each.is_partial]
    if not parts:
        return ""
    return f"only {parts[0].limit} of {parts[0].split_size} examples were evaluated"


def _sample(caveats: Sequence[Caveats]) -> str:
    used = any(each.is_sample for each in caveats)
    return "measured on generated sample data, which says nothing about models" * used


def _selected(caveats: Sequence[Caveats]) -> str:
    used = any(each.selected_on_evaluated for each in caveats)
    return (
        "the checkpoint was trained or chosen on the evaluated split: too good to be "
        "true" * used
    )


def _collapsed(caveats: Sequence[Caveats]) -> str:
    worse = [each for each in caveats if each.collapsed]
    if not worse:
        return ""
    which = f"{len(worse)} of {len(caveats)} seeds " if len(caveats) > 1 else ""
    baseline = worse[0].majority
    score = "" if baseline is None else f" ({baseline:.1f})"
    return f"collapsed: {which}no better than the majority baseline{score}"


def drift_of(done: Sequence[CellResult]) -> str:
    """Say how far cells of another precision are from fp32; empty where none is."""
    inexact = [cell for cell in done if cell.is_inexact]
    if not inexact:
        return ""
    is_trained = any(cell.cost.train_seconds is not None for cell in inexact)
    how = f"{'trained and ran' if is_trained else 'ran'} in {inexact[0].dtype}"
    drifts = [cell.drift for cell in inexact if cell.drift is not None]
    if len(drifts) < len(inexact):
        return f"{how}, drift from fp32 not measured"
    told = [_drift(drift) for drift in drifts]
    if len(told) == 1:
        return f"{how}; against fp32: {told[0]}"
    each = "; ".join(f"seed {c.seed}: {t}" for c, t in zip(inexact, told, strict=True))
    return f"{how}; against fp32: {each}"


def _drift(drift: Drift) -> str:
    parts = [f"{drift.changed} of {counted(drift.compared, 'prediction')} changed"]
    if drift.score is not None:
        parts.insert(0, f"score {drift.score:+.2f}")
    if drift.largest is not None and drift.median is not None:
        parts.append(
            f"{drift.what} differs by {drift.largest:.2g} at most, {drift.median:.2g} "
            "in the median"
        )
    return ", ".join(parts)


KINDS: tuple[tuple[str, str, Callable[[Sequence[Caveats]], str]], ...] = (
    ("p", "partial", _partial),
    (SAMPLE, "sample data", _sample),
    ("v", "selected on the evaluated split", _selected),
    ("c", "collapsed", _collapsed),
    ("t", "truncated", _truncated),
    ("x", "shots dropped", _dropped),
    ("u", "unparsable", _total("unparsable", "answers that could not be read: {n}")),
    (
        "d",
        "duplicates",
        _total("duplicates", "examples that stand more than once: {n}"),
    ),
)


def flags_of(
    done: Sequence[CellResult], *, failed: int = 0, left_out: int = 0
) -> tuple[Flag, ...]:
    """Return the flags of an entry.

    Args:
        done: the merged cells.
        failed: how many other seeds have no score.
        left_out: how many cells of the same place were left out (fewer examples, or
            run earlier).
    """
    caveats = [cell.caveats for cell in done]
    found = [(code, name, write(caveats)) for code, name, write in KINDS]
    found.insert(0, (INEXACT, "not fp32", drift_of(done)))
    if failed and done:
        of = counted(failed + len(done), "seed")
        text = f"{failed} of {of} {'has' if failed == 1 else 'have'} no score"
        found.append((FAILED_SEEDS, "seeds failed", text))
    if left_out:
        cells = counted(left_out, "other cell")
        text = f"{cells} of the same row left out: fewer examples, or run earlier"
        found.append((LEFT_OUT, "other cells left out", text))
    return tuple(Flag(code=c, name=n, text=text) for c, n, text in found if text)
