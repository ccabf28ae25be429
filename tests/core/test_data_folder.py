"""A data folder: which file serves a split, and what is wrong when none does."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness import Classification, Data, DataError, Regression, Task, UsageError
from harness.data import Split, load_split
from harness.data.folder import open_folder
from harness.data.json_lines import read_json_lines
from harness.task import Row

PAIRS = Task(
    id="my/pairs",
    title="Pairs",
    summary="are two texts alike",
    data=Data(hub=None, folder="my/pairs"),
    problem=Classification(inputs=("left", "right"), labels=("no", "yes")),
    metrics=("accuracy",),
)
SCORES = Task(
    id="my/scores",
    title="Scores",
    summary="how good a text is",
    data=Data(hub=None, folder="my/scores"),
    problem=Regression(inputs=("text",), low=0, high=5),
    metrics=("pearson",),
)
PAIR_ROWS: list[Row] = [
    {"idx": 3, "left": "a, b", "right": 'say "no"', "label": 0},
    {"idx": 5, "left": "zwölf\nlines", "right": "", "label": 1},
    {"idx": 8, "left": " spaced ", "right": "1", "label": 1},
]
SCORE_ROWS: list[Row] = [
    {"idx": 0, "text": "good", "label": 3.8},
    {"idx": 1, "text": "fine", "label": 4.0},
]


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(rows)), path)


def write_narrow_parquet(path: Path, rows: Sequence[Row]) -> None:
    """Write numbers in 32 bits and ids in 32 bits, as Hub data sets do."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(list(rows))
    types = {pa.int64(): pa.int32(), pa.float64(): pa.float32()}
    fields = [(f.name, types.get(f.type, f.type)) for f in table.schema]
    pq.write_table(table.cast(pa.schema(fields)), path)


def write_json_lines(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


WRITERS = {
    "parquet": write_parquet,
    "jsonl": write_json_lines,
    "csv": write_csv,
}
Write = Callable[[Path, Sequence[Row]], None]


def load(root: Path, task: Task = PAIRS, split: str = "validation") -> Split:
    return load_split(task, open_folder(str(root)), split)


def place(root: Path, name: str, text: str | bytes, task: Task = PAIRS) -> Path:
    path = root / task.data.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refuse(root: Path, message: str, task: Task = PAIRS) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        load(root, task)


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_serves_the_same_examples(tmp_path: Path, suffix: str) -> None:
    path = place(tmp_path, f"validation.{suffix}", "")
    WRITERS[suffix](path, PAIR_ROWS)
    examples = list(load(tmp_path))
    assert [e.id for e in examples] == ["3", "5", "8"]
    assert [e.target for e in examples] == ["no", "yes", "yes"]
    assert [e.columns["left"] for e in examples] == [r["left"] for r in PAIR_ROWS]


PAIR_LINES = r"""["3","a, b","say \"no\"","no"]
["5","zw\u00f6lf\nlines","","yes"]
["8"," spaced ","1","yes"]
"""
SCORE_LINES = """["0","good",3.8]
["1","fine",4.0]
"""


@pytest.mark.parametrize(
    ("task", "rows", "lines"),
    [(PAIRS, PAIR_ROWS, PAIR_LINES), (SCORES, SCORE_ROWS, SCORE_LINES)],
)
@pytest.mark.parametrize("write", [*WRITERS.values(), write_narrow_parquet])
def test_content_hash_is_the_same_for_every_format(
    tmp_path: Path, task: Task, rows: Sequence[Row], lines: str, write: Write
) -> None:
    suffix = next((s for s, w in WRITERS.items() if w is write), "parquet")
    write(place(tmp_path, f"validation.{suffix}", "", task), rows)
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert load(tmp_path, task).content_hash == expected


def test_origin_is_the_path_of_the_file(tmp_path: Path) -> None:
    path = place(tmp_path, "validation.jsonl", json.dumps(PAIR_ROWS[0]))
    assert load(tmp_path).origin == str(path)


def test_folder_is_no_sample(tmp_path: Path) -> None:
    place(tmp_path, "validation.jsonl", json.dumps(PAIR_ROWS[0]))
    assert not load(tmp_path).is_sample


@pytest.mark.parametrize("suffix", WRITERS)
def test_size_is_known_before_the_rows_are_read(tmp_path: Path, suffix: str) -> None:
    path = place(tmp_path, f"validation.{suffix}", "")
    WRITERS[suffix](path, PAIR_ROWS)
    table = open_folder(str(tmp_path)).table(PAIRS, "validation")
    assert (table.size, table.columns) == (3, ("idx", "left", "right", "label"))


def test_home_folder_is_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    assert open_folder("~/data").root == tmp_path / "data"


def test_missing_root_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=f"^there is no folder {tmp_path}/none, expected one with"
    ):
        open_folder(f"{tmp_path}/none")


def test_folder_source_without_a_path_is_refused() -> None:
    with pytest.raises(UsageError, match="'folder' needs a path: write --data DIR"):
        open_folder("")


def test_missing_data_set_names_the_folder_it_should_be_in(tmp_path: Path) -> None:
    refuse(
        tmp_path,
        f"there is no folder {tmp_path}/my/pairs for the data of my/pairs: put its "
        "splits there, name another folder with --data, or try --data sample",
    )


def test_missing_split_names_the_splits_there_are(tmp_path: Path) -> None:
    place(tmp_path, "train.csv", "")
    place(tmp_path, "test.parquet", "")
    place(tmp_path, "notes.txt", "")
    refuse(
        tmp_path,
        f"{tmp_path}/my/pairs has no split 'validation', only test, train: add "
        "validation.parquet, validation.jsonl or validation.csv, or name another "
        "split",
    )


def test_split_in_two_formats_is_ambiguous(tmp_path: Path) -> None:
    place(tmp_path, "validation.csv", "")
    place(tmp_path, "validation.jsonl", "")
    refuse(
        tmp_path,
        f"{tmp_path}/my/pairs has split 'validation' more than once "
        "(validation.jsonl, validation.csv), expected one file: remove the others",
    )


def test_damaged_parquet_names_the_file(tmp_path: Path) -> None:
    path = place(tmp_path, "validation.parquet", "no parquet at all")
    with pytest.raises(DataError, match=f"^{path} can't be read as Parquet"):
        load(tmp_path)


def test_parquet_damaged_inside_names_the_file(tmp_path: Path) -> None:
    path = place(tmp_path, "validation.parquet", "")
    write_parquet(path, PAIR_ROWS)
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{path} can't be read as Parquet"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{", "Expecting property name"),
        ('{"idx": NaN}', "NaN is no JSON number"),
        ("[1]", "a JSON list"),
        ('{"left": "\\ud800"}', "surrogates not allowed"),
        (b"\xff", "can't decode"),
    ],
)
def test_bad_json_line_is_named(tmp_path: Path, line: str | bytes, found: str) -> None:
    text = line if isinstance(line, bytes) else line.encode()
    good = json.dumps(PAIR_ROWS[0]).encode()
    path = place(tmp_path, "validation.jsonl", good + b"\n\n" + text)
    with pytest.raises(
        DataError, match=f"^{path}, line 3: .*{found}.*correct the line"
    ):
        load(tmp_path)


def test_file_that_can_not_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=f"^{tmp_path} can't be read .*: check the file"
    ):
        read_json_lines(tmp_path)


def test_whole_surrogate_pairs_are_read(tmp_path: Path) -> None:
    row = json.dumps({**PAIR_ROWS[0], "left": "\N{GRINNING FACE}"})
    place(tmp_path, "validation.jsonl", row)
    (example,) = load(tmp_path)
    assert example.columns["left"] == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("cell", "target"), [("1", "yes"), ("no", "no"), ("-1", None), ("", None)]
)
def test_csv_label_is_a_name_or_a_number(
    tmp_path: Path, cell: str, target: str | None
) -> None:
    place(tmp_path, "validation.csv", f"idx,left,right,label\n1,a,b,{cell}\n")
    (example,) = load(tmp_path)
    assert example.target == target


def test_csv_label_that_is_neither_is_refused_as_text(tmp_path: Path) -> None:
    path = place(tmp_path, "validation.csv", "idx,left,right,label\n1,a,b,maybe\n")
    refuse(
        tmp_path,
        f"{path}, row 1, column 'label': label 'maybe', expected one of 0 (no), 1 "
        "(yes), or -1 for none: correct the row, or check that this is the data of "
        "my/pairs",
    )


def test_csv_label_that_is_name_and_number_of_two_labels_is_refused(
    tmp_path: Path,
) -> None:
    stars = Task(
        id="my/stars",
        title="",
        summary="",
        data=Data(hub=None, folder="my/pairs"),
        problem=Classification(inputs=("left",), labels=("1", "2")),
        metrics=("accuracy",),
    )
    path = place(tmp_path, "validation.csv", "idx,left,label\n1,a,1\n")
    refuse(
        tmp_path,
        f"{path}, row 1, column 'label': '1' is the name of one label and the number "
        "of another, expected one meaning: write the file as .jsonl or .parquet, "
        "which tell text from numbers",
        stars,
    )


def test_csv_of_a_windows_spreadsheet_is_read(tmp_path: Path) -> None:
    text = "\ufeffidx,left,right,label\r\n1,a,b,1\r\n"
    place(tmp_path, "validation.csv", text)
    (example,) = load(tmp_path)
    assert example.id == "1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("idx,left,right,label\n1,a,b\n", "row 1: 3 cells, expected 4 as in the hea"),
        ("idx,left,left,label\n1,a,b,1\n", "names a column twice"),
        ('idx,left,right,label\n1,"a,b,1\n', "can't be read as CSV"),
        (b"idx,left,right,label\n1,\xff,b,1\n", "can't be read as CSV"),
    ],
)
def test_damaged_csv_is_refused(tmp_path: Path, text: str | bytes, found: str) -> None:
    place(tmp_path, "validation.csv", text)
    with pytest.raises(DataError, match=found):
        load(tmp_path)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    place(tmp_path, f"validation.{suffix}", "")
    with pytest.raises(DataError, match="has no column 'left', only none at all"):
        load(tmp_path)
