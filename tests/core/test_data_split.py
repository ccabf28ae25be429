"""The checks that every row passes, and the hash of what passed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from harness import Classification, Data, DataError, Regression, SpanAnswer, Task
from harness.data import Split, Table, load_split
from harness.requests import JsonValue
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
    data=Data(hub=None, folder="my/scores", id_column=None),
    problem=Regression(inputs=("text",), low=0, high=5),
    metrics=("pearson",),
)


@dataclass(frozen=True)
class Rows:
    rows: Sequence[Row]

    def table(self, task: Task, split: str) -> Table:
        return Table(
            origin="here",
            columns=tuple(self.rows[0]) if self.rows else ("left", "right", "label"),
            size=len(self.rows),
            rows=lambda: iter(self.rows),
        )


def pair(
    idx: object, left: object = "a", right: object = "b", label: object = 1
) -> Row:
    return {"idx": idx, "left": left, "right": right, "label": label}  # type: ignore[dict-item] # wrong rows on purpose


def load(*rows: Row, task: Task = PAIRS, split: str = "validation") -> Split:
    return load_split(task, Rows(rows), split)


def refuse(message: str, *rows: Row, task: Task = PAIRS) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        load(*rows, task=task)


def test_examples_have_the_data_sets_ids_targets_and_columns() -> None:
    (example,) = load(pair(7, label=1))
    assert (example.id, example.target) == ("7", "yes")
    assert example.columns == pair(7, label=1)


def test_a_task_without_ids_counts_rows_from_one() -> None:
    split = load({"text": "a", "label": 1}, {"text": "b", "label": 2}, task=SCORES)
    assert [example.id for example in split] == ["1", "2"]


def test_a_split_can_be_iterated_again() -> None:
    split = load(pair(1), pair(2))
    assert list(split) == list(split)


def test_content_hash_is_sha256_over_json_lines_of_id_inputs_and_target() -> None:
    expected = hashlib.sha256(b'["1","a","\\u00e9","yes"]\n["2","c","d","no"]\n')
    split = load(pair(1, "a", "é", 1), pair(2, "c", "d", 0))
    assert split.content_hash == expected.hexdigest()


def test_content_hash_changes_with_the_order_of_rows() -> None:
    first, second = pair(1), pair(2)
    assert load(first, second).content_hash != load(second, first).content_hash


def test_content_hash_ignores_columns_that_the_task_does_not_read() -> None:
    assert load({**pair(1), "note": "x"}).content_hash == load(pair(1)).content_hash


def test_content_hash_changes_with_the_groups_that_metrics_count() -> None:
    grouped = replace(PAIRS, data=Data(hub=None, folder="x", group_column="page"))
    one, other = ({**pair(1), "page": page} for page in ("p", "q"))
    hashes = {load(row, task=grouped).content_hash for row in (one, other)}
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (3.799999952316284, 3.8),
        (3.8, 3.8),
        (4, 4.0),
        (1 / 3, 1 / 3),
        (0.3333333432674408, 0.33333334),
        (0.5, 0.5),
        (0.0, 0.0),
    ],
)
def test_numbers_of_32_bits_are_read_as_the_decimal_they_were(
    stored: float, read: float
) -> None:
    (example,) = load({"text": "a", "label": stored}, task=SCORES)
    assert example.target == read


def test_number_in_the_row_equals_the_target() -> None:
    (example,) = load({"text": "a", "label": 3.799999952316284}, task=SCORES)
    assert example.columns["label"] == 3.8


def test_content_hash_changes_with_the_places_that_training_learns() -> None:
    task = replace(PAIRS, problem=SpanAnswer(question="left", context="right"))

    def content_hash(start: int) -> str:
        row: Row = {"idx": 1, "left": "Who?", "right": "Ada or Ada"}
        answers: dict[str, JsonValue] = {"text": ["Ada"], "answer_start": [start]}
        return load({**row, "answers": answers}, task=task).content_hash

    assert content_hash(0) != content_hash(7)


def test_numbers_of_32_and_64_bits_hash_equal() -> None:
    narrow = load({"text": "a", "label": 3.799999952316284}, task=SCORES)
    wide = load({"text": "a", "label": 3.8}, task=SCORES)
    assert narrow.content_hash == wide.content_hash


def test_examples_with_equal_inputs_are_counted() -> None:
    assert load(pair(1), pair(2), pair(3, left="other"), pair(4)).duplicates == 3


def test_swapped_inputs_are_not_duplicates() -> None:
    assert load(pair(1, "a", "b"), pair(2, "b", "a")).duplicates == 0


def test_split_without_labels_is_unlabelled() -> None:
    split = load(pair(1, label=-1), pair(2, label=None))
    assert not split.is_labelled
    assert [example.target for example in split] == [None, None]


def test_split_for_submission_may_lack_the_target_column() -> None:
    split = load({"idx": 1, "left": "a", "right": "b"}, split="test")
    assert not split.is_labelled


def test_missing_column_names_the_columns_there_are() -> None:
    refuse(
        "here has no column 'right', only idx, left, label: my/pairs needs left, "
        "right, idx, label, so rename or add it",
        {"idx": 1, "left": "a", "label": 1},
    )


def test_evaluated_split_without_the_target_column_is_refused() -> None:
    refuse(
        "here has no column 'label', only idx, left, right: my/pairs needs left, "
        "right, idx, label, so rename or add it",
        {"idx": 1, "left": "a", "right": "b"},
    )


def test_missing_id_column_is_refused() -> None:
    with pytest.raises(DataError, match=r"^here has no column 'idx', only left,"):
        load({"left": "a", "right": "b", "label": 1})


@pytest.mark.parametrize(("value", "shown"), [(3, "3"), (None, "None"), (b"x", "b'x'")])
def test_input_that_is_no_text_names_row_and_value(value: object, shown: str) -> None:
    refuse(
        f"here, row 2, column 'right': {shown} is there, expected text: correct the "
        "row, or check that this is the data of my/pairs",
        pair(1),
        pair(2, right=value),
    )


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(DataError, match=r"\[0, 1, 2.{,60}\.\.\. is there"):
        load(pair(1, left=list(range(1000))))


def test_row_that_lacks_a_column_is_named() -> None:
    refuse(
        "here, row 2, column 'left': nothing is there, expected text: correct the "
        "row, or check that this is the data of my/pairs",
        pair(1),
        {"idx": 2, "right": "b", "label": 1},
    )


def test_row_that_lacks_its_target_is_named() -> None:
    with pytest.raises(DataError, match="row 2, column 'label': nothing is there"):
        load(pair(1), {"idx": 2, "left": "a", "right": "b"})


@pytest.mark.parametrize("value", [None, "", True, 1.5, {"a": 1}])
def test_id_that_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="an id: text or a whole number"):
        load(pair(value))


def test_unknown_label_names_row_and_column() -> None:
    refuse(
        "here, row 2, column 'label': label 7, expected one of 0 (no), 1 (yes), or "
        "-1 for none: correct the row, or check that this is the data of my/pairs",
        pair(1),
        pair(2, label=7),
    )


@pytest.mark.parametrize("label", [5.1, -2, float("nan"), float("inf"), "3"])
def test_number_out_of_range_is_refused(label: object) -> None:
    row: Row = {"text": "a", "label": label}  # type: ignore[dict-item] # wrong on purpose
    with pytest.raises(DataError, match=r"row 1, .*a number from 0 to 5"):
        load(row, task=SCORES)


def test_empty_split_is_refused() -> None:
    task = Task(
        id="my/pairs",
        title="",
        summary="",
        data=Data(hub=None, folder="", id_column=None),
        problem=PAIRS.problem,
        metrics=("accuracy",),
    )
    refuse(
        "here has no rows, expected one or more examples of my/pairs: name another "
        "split or another --data",
        task=task,
    )


def test_id_that_stands_twice_names_both_rows() -> None:
    refuse(
        "here, rows 2 and 4: both have the id '8', expected one row an id: remove "
        "one, or correct column 'idx'",
        pair(7),
        pair(8),
        pair(9),
        pair("8"),
        pair(8),
        pair(9),
    )


def test_targets_in_some_rows_only_are_refused() -> None:
    refuse(
        "here: 1 of 3 rows have no 'label' (the first is row 2), expected all or "
        "none: remove them or move them to a split of their own",
        pair(1),
        pair(2, label=-1),
        pair(3),
    )


def test_groups_are_read_as_text() -> None:
    task = Task(
        id="my/groups",
        title="",
        summary="",
        data=Data(hub=None, folder="", group_column="passage"),
        problem=PAIRS.problem,
        metrics=("accuracy",),
    )
    (example,) = load({**pair(1), "passage": 12}, task=task)
    assert example.group == "12"


def test_groups_may_be_made_of_a_row_by_a_function() -> None:
    data = Data(hub=None, folder="", group_column=lambda row: f"half {row['idx']}")
    (example,) = load(pair(1), task=replace(PAIRS, data=data))
    assert example.group == "half 1"


def test_rows_that_the_task_leaves_out_are_counted() -> None:
    data = replace(SCORES.data, leave_out=lambda row: row["label"] == -7)
    rows: list[Row] = [{"text": "a", "label": 1}, {"text": "b", "label": -7}]
    split = load(*rows, task=replace(SCORES, data=data))
    assert (split.size, split.origin) == (1, "here (left out 1 of 2 rows)")


def test_a_row_that_is_left_out_keeps_the_numbers_of_the_others() -> None:
    data = replace(SCORES.data, leave_out=lambda row: row["text"] == "a")
    rows: list[Row] = [{"text": text, "label": 1} for text in "abc"]
    split = load(*rows, task=replace(SCORES, data=data))
    assert [example.id for example in split] == ["2", "3"]
