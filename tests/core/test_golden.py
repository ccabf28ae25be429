"""Golden cases are read as their format says, and malformed ones are named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness import DataError, MissingDataError
from harness.golden import GoldenCase, Tolerances, case_files, read_case

CASE: dict[str, Any] = {
    "suite": "toy",
    "metric": "accuracy",
    "case": "half",
    "kind": "synthetic",
    "inputs": {"predictions": [1, 0], "references": [1, 1]},
    "expected": {"accuracy": 0.5},
    "tolerance": 1e-9,
}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "case.json"
    path.write_text(json.dumps({**CASE, **changes}))
    return path


def read(folder: Path, **changes: object) -> GoldenCase:
    return read_case(write(folder, **changes))


def test_a_packed_case_reads_as_a_plain_one(tmp_path: Path) -> None:
    packed = tmp_path / "case.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(CASE).encode()))
    assert read_case(packed).expected == read(tmp_path).expected


def test_a_tolerance_may_be_one_for_all(tmp_path: Path) -> None:
    tolerances = read(tmp_path, tolerance=0.25).tolerances
    assert tolerances.of(("accuracy",), 100.0) == 0.25


def test_a_tolerance_may_be_a_share_of_what_is_expected(tmp_path: Path) -> None:
    tolerances = read(tmp_path, tolerance={"relative": 0.01}).tolerances
    assert tolerances.of(("accuracy",), -50.0) == 0.5


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("BLEU", "0", "score"), 0.1),
        (("BLEU", "0", "ci"), 0.2),
        (("BLEU", "0", "mean"), 0.2),
        (("best", "f1"), 0.3),
        (("best", "f1", "low"), 0.3),
        (("best", "exact"), 0.0),
    ],
)
def test_a_tolerance_by_key_holds_for_paths_beginnings_and_parts(
    path: tuple[str, ...], expected: float
) -> None:
    named = {"score": 0.1, "mean, ci": 0.2, "best.f1": 0.3}
    assert Tolerances(named=named).of(path, 1.0) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("bleu is rounded by the scorer to 2 decimals", {"": 2}),
        (4, {"": 4}),
        ({"bleu": 1}, {"bleu": 1}),
        ("each item is an integer", None),
    ],
)
def test_rounding_is_a_number_one_for_each_key_or_told(
    tmp_path: Path, given: object, expected: dict[str, int] | None
) -> None:
    assert read(tmp_path, rounding=given).decimals == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expected": {}}, "expected is empty, expected an object of keys"),
        ({"expected": 0.5}, "expected is a float, expected an object of keys"),
        ({"inputs": [1]}, "inputs is a list, expected an object of keys"),
        ({"suite": 3}, "suite is a int, expected text"),
        ({"tolerance": -1}, "its tolerance is -1, expected a number, one for each"),
        ({"tolerance": "small"}, "its tolerance is 'small', expected a number"),
        ({"rounding": [2]}, r"its rounding is \[2\], expected a number of decimals"),
    ],
)
def test_a_malformed_case_is_named(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=rf"case\.json is no golden case: {message}"):
        read(tmp_path, **changes)


def test_a_case_without_a_key_names_it(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps({k: v for k, v in CASE.items() if k != "inputs"}))
    with pytest.raises(DataError, match="it has no inputs, expected the keys suite"):
        read_case(path)


def test_a_case_that_is_no_object_is_named(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text("[1]")
    with pytest.raises(DataError, match="it holds a list, expected one JSON object"):
        read_case(tmp_path / "case.json")


@pytest.mark.parametrize("name", ["case.json", "case.json.gz"])
def test_a_file_that_is_cut_off_is_named(tmp_path: Path, name: str) -> None:
    data = json.dumps(CASE).encode()
    data = gzip.compress(data) if name.endswith(".gz") else data
    (tmp_path / name).write_bytes(data[:-20])
    with pytest.raises(DataError, match=rf"{name} can't be read \("):
        read_case(tmp_path / name)


def test_index_and_published_scores_are_no_cases(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "published.json").write_text("{}")
    (tmp_path / "index.json").write_text('[{"file": "case.json"}]')
    assert case_files(tmp_path) == [path]


def test_a_listed_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "index.json").write_text('[{"file": "toy/lost.json"}]')
    with pytest.raises(MissingDataError, match=r"lists toy/lost\.json"):
        case_files(tmp_path)


def test_a_malformed_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"file": "toy/lost.json"}')
    with pytest.raises(DataError, match="an entry names no file"):
        case_files(tmp_path)


def test_a_folder_without_cases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="holds no golden case"):
        case_files(tmp_path)


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="there is no folder"):
        case_files(tmp_path / "lost")
