"""`harness verify`: whether our metrics equal the official scorers."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import JsonOption, PluginOption
from harness.cli.table import print_table

if TYPE_CHECKING:
    from harness.golden import GoldenCase
    from harness.official import OfficialScorer
    from harness.verify import CaseVerdict, KeyVerdict

EPILOG = """\b
Examples:
  harness verify                           the cases that come with the plugins
  harness verify --golden ../shared/golden --suite squad
"""
_SHOWN = 100  # lines of differences; --json has them all


def verify(
    golden: Annotated[
        Path | None,
        typer.Option(
            "--golden",
            metavar="DIR",
            help="A folder of golden cases; those that come with the plugins by "
            "default.",
        ),
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SUITE", help="Only this suite's cases, such as squad; repeatable."
        ),
    ] = None,
    json_output: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Score the official scorers' own cases, and compare with what they gave.

    A golden case holds what an official scorer got and what it gave. Every key is
    compared within the case's tolerance. The exit code is 1 where a key is unequal or
    a case has no scorer; differences that are known have lines of their own.
    """
    from harness.cli.waiting import waiting
    from harness.plugins import load_plugins
    from harness.verify import verify as judge

    scorers = load_plugins(plugin or ()).load_scorers()
    paths = _paths(scorers, golden)
    verdicts = []
    with waiting("reading the golden cases") as tell:
        for number, case in enumerate(_cases(paths, suite), start=1):
            tell(f"case {number}: {case.id}")
            verdicts.append(judge(case, scorers.get(case.scorer_id)))
    _check_found(verdicts, suite)
    if json_output:
        print(json.dumps([_as_json(verdict) for verdict in verdicts], indent=2))
    else:
        _print(verdicts)
    if any(verdict.status == "unequal" for verdict in verdicts):
        sys.exit(1)


def _paths(scorers: Mapping[str, OfficialScorer], golden: Path | None) -> list[Path]:
    from harness.errors import UsageError
    from harness.golden import case_files

    if golden is not None:
        return case_files(golden)
    folders = {s.cases for s in scorers.values() if s.cases is not None}
    if not folders:
        raise UsageError(
            "no plugin brings golden cases: name a folder of them with --golden"
        )
    return [path for folder in sorted(folders) for path in case_files(folder)]


def _cases(paths: Sequence[Path], suites: Sequence[str] | None) -> Iterator[GoldenCase]:
    from harness.golden import read_case

    for path in paths:
        case = read_case(path)
        if not suites or case.suite in suites:
            yield case


def _check_found(verdicts: Sequence[CaseVerdict], suites: Sequence[str] | None) -> None:
    from harness.errors import UsageError

    found = {verdict.case.suite for verdict in verdicts}
    missing = [suite for suite in suites or () if suite not in found]
    if missing:
        raise UsageError(
            f"there is no golden case of the suite {missing[0]!r}: name another with "
            "--suite, or a folder that has some with --golden"
        )


def _as_json(verdict: CaseVerdict) -> dict[str, Any]:
    """Return what JSON can hold: a difference to what is no number is null."""
    case = verdict.case
    keys = json.loads(
        json.dumps([asdict(key) for key in verdict.keys]),
        parse_constant=lambda _: None,
    )
    return {
        "suite": case.suite,
        "metric": case.metric,
        "case": case.name,
        "kind": case.kind,
        "file": str(case.origin),
        "status": verdict.status,
        "keys": keys,
    }


def _print(verdicts: Sequence[CaseVerdict]) -> None:
    _print_counts(verdicts)
    for status in ("unequal", "known"):
        lines = [line for verdict in verdicts for line in _lines(verdict, status)]
        if lines:
            print(f"\n{_TITLES[status]}:")
            print_table(_HEADERS, lines[:_SHOWN])
        if len(lines) > _SHOWN:
            print(f"and {len(lines) - _SHOWN} more: --json has them all")
    _print_gaps(verdicts)


_HEADERS = ("case", "key", "ours", "expected", "difference", "tolerance", "")
_TITLES = {
    "unequal": "unequal",
    "known": "known differences, each within its own tolerance",
}


def _print_counts(verdicts: Sequence[CaseVerdict]) -> None:
    counts: dict[tuple[str, str], Counter[str]] = {}
    keys: Counter[str] = Counter()
    for verdict in verdicts:
        scorer = verdict.case.suite, verdict.case.metric
        counts.setdefault(scorer, Counter())[verdict.status] += 1
        keys.update(key.status for key in verdict.keys)
    statuses = ("equal", "unequal", "known", "not offered")
    rows = [
        (*scorer, *(str(n) for n in (found.total(), *(found[s] for s in statuses))))
        for scorer, found in counts.items()
    ]
    print_table(("suite", "metric", "cases", *statuses), rows)
    total: Counter[str] = Counter(verdict.status for verdict in verdicts)
    print()
    print(f"{len(verdicts)} cases: {_told(total)}; {keys.total()} keys: {_told(keys)}")


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _lines(verdict: CaseVerdict, status: str) -> list[tuple[str, ...]]:
    """Return a line a key; a case that fails as a whole has one."""
    keys = [key for key in verdict.keys if key.status == status]
    if len(keys) > 1 and keys == list(verdict.keys):
        values = {key.value for key in keys}
        if len(values) == 1 and keys[0].value.startswith("error: "):
            name = f"all {len(keys)} keys"
            return [(verdict.case.id, name, keys[0].value, "values", "", "", "")]
    return [_line(verdict, key) for key in keys]


def _line(verdict: CaseVerdict, key: KeyVerdict) -> tuple[str, ...]:
    return (
        verdict.case.id,
        key.key,
        _digits(key.value, key),
        _digits(key.expected, key),
        "" if key.difference is None else f"{key.difference:.3g}",
        "" if key.tolerance is None else f"{key.tolerance:.3g}",
        key.note,
    )


def _digits(text: str, key: KeyVerdict) -> str:
    """Return a number with as many decimals as show the difference, other text cut."""
    if not key.difference or not math.isfinite(key.difference):
        return _short(text)
    try:
        number = float(text)
    except ValueError:
        return _short(text)
    digits = max(1, 2 - math.floor(math.log10(key.difference)))
    return min(f"{number:.{digits}f}", text, key=len)


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[:length]}..."


def _print_gaps(verdicts: Sequence[CaseVerdict]) -> None:
    """Print the official keys that ours does not give, each reason once a metric."""
    gaps: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        for key in verdict.keys:
            if key.status == "not offered":
                found = gaps.setdefault((verdict.case.scorer_id, key.note), [])
                found.append(key.key)
    if gaps:
        print("\nnot offered:")
    for (scorer, reason), found in gaps.items():
        names = sorted(set(found))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        print(f"  {scorer}: {', '.join(names[:3])}{more}: {reason}")
