"""Golden cases: what an official scorer got, and what it gave.

A case is one JSON object in a file (``.json``, or ``.json.gz`` packed), with the keys
``suite``, ``metric``, ``case``, ``kind``, ``inputs``, ``expected`` and ``tolerance``.
Other keys (notes, origins, other scorers' results) are for readers.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError, MissingDataError
from harness.official import Inputs, Outputs

_NO_CASES = frozenset({"index.json", "published.json"})
_NEEDED = ("suite", "metric", "case", "kind", "inputs", "expected", "tolerance")
_DECIMALS = re.compile(r"\b([0-9]+) decimals\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far values may be from what is expected.

    Attributes:
        everywhere: the absolute tolerance of every number, None where `named` says.
        named: absolute tolerances by key: a whole path, the beginning of one, or one
            of its parts.
        relative: a share of the expected value, instead of an absolute tolerance.
    """

    everywhere: float | None = None
    named: Mapping[str, float] | None = None
    relative: float | None = None

    def of(self, path: tuple[str, ...], expected: float) -> float:
        """Return a number's absolute tolerance; 0 where nothing is said of it."""
        if self.relative is not None:
            return self.relative * abs(expected)
        if self.everywhere is not None:
            return self.everywhere
        return find(self.named or {}, path) or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCase:
    """One case. What is expected stands apart from what a scorer may see.

    Attributes:
        origin: the file.
        suite: such as ``squad``.
        metric: such as ``squad_v2``.
        name: the case's name.
        kind: ``real``, ``synthetic`` or ``adversarial``.
        inputs: what the official scorer got; under ``entry`` how it was called, where
            the case tells.
        expected: what it gave.
        tolerances: how far ours may be from it.
        decimals: how many decimals the official scorer rounds to, by key (``""`` is
            every key), None where it does not.
    """

    origin: Path
    suite: str
    metric: str
    name: str
    kind: str
    inputs: Inputs
    expected: Outputs
    tolerances: Tolerances
    decimals: Mapping[str, int] | None = None

    @property
    def scorer_id(self) -> str:
        """The id of the official scorer."""
        return f"{self.suite}/{self.metric}"

    @property
    def id(self) -> str:
        """The case's name within its folder, such as ``squad/squad_v2-perfect``."""
        return f"{self.scorer_id}-{self.name}"


def find(values: Mapping[str, float], path: tuple[str, ...]) -> float | None:
    """Return what is said of a path: of all of it, of its beginning, or of a part.

    A key may name several, as in ``mean, ci``.
    """
    spread = {name: v for key, v in values.items() for name in key.split(", ")}
    starts = [".".join(path[:length]) for length in range(len(path), 0, -1)]
    for name in (*starts, *reversed(path)):
        if name in spread:
            return spread[name]
    return None


def case_files(folder: Path) -> list[Path]:
    """Return the case files below a folder, in order.

    Where the folder has an ``index.json``, every file that it lists must be there.

    Raises:
        MissingDataError: the folder, a listed file, or any case at all is missing.
        DataError: the index is malformed.
    """
    if not folder.is_dir():
        raise MissingDataError(
            f"there is no folder {folder} with golden cases: name one with --golden"
        )
    found = {
        path
        for pattern in ("*.json", "*.json.gz")
        for path in folder.rglob(pattern)
        if path.name not in _NO_CASES
    }
    missing = [name for name in _indexed(folder) if folder / name not in found]
    if missing:
        raise MissingDataError(
            f"{folder / 'index.json'} lists {missing[0]} and {len(missing) - 1} more "
            "files that are not there: copy the folder again, or correct its index"
        )
    if not found:
        raise MissingDataError(
            f"{folder} holds no golden case, expected .json or .json.gz files: name "
            "another folder"
        )
    return sorted(found)


def read_case(path: Path) -> GoldenCase:
    """Read a case.

    Raises:
        DataError: the file can't be read or is no golden case; says what is wrong.
    """
    body = _load(path)
    if not isinstance(body, dict):
        raise _malformed(path, f"it holds {_kind(body)}", "one JSON object")
    missing = [key for key in _NEEDED if key not in body]
    if missing:
        raise _malformed(
            path, f"it has no {', '.join(missing)}", f"the keys {', '.join(_NEEDED)}"
        )
    for key in ("suite", "metric", "case", "kind"):
        if not isinstance(body[key], str):
            raise _malformed(path, f"{key} is {_kind(body[key])}", "text")
    for key in ("inputs", "expected"):
        if not isinstance(body[key], dict) or (key == "expected" and not body[key]):
            raise _malformed(path, f"{key} is {_kind(body[key])}", "an object of keys")
    return GoldenCase(
        origin=path,
        suite=body["suite"],
        metric=body["metric"],
        name=body["case"],
        kind=body["kind"],
        inputs={**_entry(body), **body["inputs"]},
        expected=body["expected"],
        tolerances=_tolerances(path, body["tolerance"]),
        decimals=_decimals(path, body.get("rounding")),
    )


def _entry(body: Mapping[str, Any]) -> dict[str, str]:
    """Return how the official scorer was called: some are told nowhere else."""
    origin = body.get("official_source")
    entry = origin.get("entry") if isinstance(origin, dict) else None
    return {"entry": entry} if isinstance(entry, str) else {}


def _indexed(folder: Path) -> list[str]:
    path = folder / "index.json"
    if not path.is_file():
        return []
    index = _load(path)
    rows = index if isinstance(index, list) else [None]
    names = [row.get("file") if isinstance(row, dict) else None for row in rows]
    if not all(isinstance(name, str) for name in names):
        raise _malformed(path, "an entry names no file", 'a list of {"file": ...}')
    return [str(name) for name in names]


def _load(path: Path) -> Any:  # noqa: ANN401 # whatever the JSON holds
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        return json.loads(data)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(
            f"the golden case {path} can't be read ({error}): copy it again"
        ) from error


def _tolerances(path: Path, given: object) -> Tolerances:
    if _is_tolerance(given):
        return Tolerances(everywhere=float(given))  # type: ignore[arg-type] # a number
    if isinstance(given, dict) and all(_is_tolerance(v) for v in given.values()):
        if set(given) == {"relative"}:
            return Tolerances(relative=float(given["relative"]))
        return Tolerances(named={key: float(value) for key, value in given.items()})
    raise _malformed(
        path,
        f"its tolerance is {given!r}",
        'a number, one for each key, or {"relative": share}, none below 0',
    )


def _is_tolerance(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < float("inf")  # type: ignore[operator] # likewise


def _decimals(path: Path, given: object) -> Mapping[str, int] | None:
    """Return the decimals by key; a text must say ``N decimals`` to mean any."""
    if isinstance(given, str):
        told = {int(count) for count in _DECIMALS.findall(given)}
        return {"": told.pop()} if len(told) == 1 else None
    if given is None:
        return None
    by_key: dict[str, int]
    by_key = given if isinstance(given, dict) else {"": given}  # type: ignore[dict-item] # checked below
    if all(isinstance(v, int) and not isinstance(v, bool) for v in by_key.values()):
        return by_key
    raise _malformed(
        path, f"its rounding is {given!r}", "a number of decimals, or one for each key"
    )


def _kind(value: object) -> str:
    return f"a {type(value).__name__}" if value else "empty"


def _malformed(path: Path, found: str, expected: str) -> DataError:
    return DataError(
        f"{path} is no golden case: {found}, expected {expected}: correct the file or "
        "move it out of the folder"
    )
