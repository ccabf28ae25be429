"""The csv, json and markdown reports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest

from harness.results import Caveats, CellResult, CellScore, Drift, Results
from harness_reports.markdown import escape, to_markdown
from harness_reports.text import CSV_FIELDS, to_csv, to_json

MakeCell = Callable[..., CellResult]
MakeScore = Callable[..., CellScore]


def read_csv(*cells: CellResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(Results(cells=cells)))))


def test_csv_has_one_line_a_metric(cell: MakeCell, score: MakeScore) -> None:
    scores = (score("f1", 0.9, 10), score("accuracy", 0.8, 10))
    assert [line["metric"] for line in read_csv(cell(scores=scores))] == [
        "f1",
        "accuracy",
    ]


def test_csv_keeps_full_precision_and_the_signature(
    cell: MakeCell, score: MakeScore
) -> None:
    third = score("accuracy", 1 / 3, 7)
    (line,) = read_csv(cell(scores=(third,)))
    assert float(line["score"]) == 1 / 3 * 100
    assert line["signature"] == "accuracy|n:7|v:1"


def test_csv_tells_precision_and_drift(cell: MakeCell) -> None:
    drift = Drift(
        what="log-probability",
        largest=0.5,
        median=0.1,
        changed=2,
        compared=9,
        score=-1.5,
    )
    half, exact = read_csv(
        cell(fingerprint="a", dtype="bf16", drift=drift),
        cell(fingerprint="b", dtype="fp32"),
    )
    told = [name for name in CSV_FIELDS if name.startswith("drift_")]
    assert (half["dtype"], exact["dtype"]) == ("bf16", "fp32")
    assert [half[name] for name in told] == [
        "log-probability",
        "0.5",
        "0.1",
        "2",
        "9",
        "-1.5",
    ]
    assert [exact[name] for name in told] == [""] * 6


def test_csv_has_a_line_for_a_failed_cell(cell: MakeCell) -> None:
    (line,) = read_csv(cell(status="failed", reason="out of disk, really", scores=()))
    assert (line["status"], line["reason"]) == ("failed", "out of disk, really")


def test_csv_leaves_empty_what_is_no_number(cell: MakeCell, score: MakeScore) -> None:
    nan = score("pearson", float("nan"), 10, low=None, high=float("nan"))
    (line,) = read_csv(cell(scores=(nan,)))
    assert (line["score"], line["low"], line["high"]) == ("", "", "")


def test_csv_has_each_column_once() -> None:
    assert len(CSV_FIELDS) == len(set(CSV_FIELDS))


def test_csv_without_cells_is_its_header() -> None:
    assert to_csv(Results(cells=())) == ",".join(CSV_FIELDS) + "\n"


def test_csv_has_as_many_lines_as_the_pandas_frame(glue: Results) -> None:
    assert len(read_csv(*glue.cells)) == len(glue.to_pandas())


def test_json_holds_every_field_of_every_cell(cell: MakeCell) -> None:
    document = json.loads(to_json(Results(cells=[cell()], title="mine")))
    assert document["title"] == "mine"
    assert set(document["cells"][0]) == {*CellResult.__slots__, "score"}


def test_json_writes_null_for_what_is_no_number(
    cell: MakeCell, score: MakeScore
) -> None:
    nan = score("pearson", float("nan"), 10, low=None, high=float("inf"))
    (found,) = json.loads(to_json(Results(cells=[cell(scores=(nan,))])))["cells"]
    assert found["score"] is None
    assert (found["scores"][0]["value"], found["scores"][0]["high"]) == (None, None)


def test_json_refuses_what_json_does_not_have(cell: MakeCell) -> None:
    results = Results(cells=[cell(provenance={"run": {1, 2}})])
    with pytest.raises(TypeError, match="set can't be written as JSON"):
        to_json(results)


def test_markdown_shows_the_rank_and_the_interval(cell: MakeCell) -> None:
    page = to_markdown(Results(cells=[cell()]))
    assert "| 1 | one (zero-shot · rank) | 80.0 ±7.8 |" in page


def test_markdown_shows_a_single_tasks_score_once(cell: MakeCell) -> None:
    page = to_markdown(Results(cells=[cell(task_title="Task")]))
    assert "| rank | model | Task | examples/s | padding | memory |" in page


def test_markdown_says_why_a_cell_failed(glue: Results) -> None:
    reason = "dogwood-small failed: loss is not a number at step 211"
    assert reason in to_markdown(glue)


def test_markdown_names_the_signature_of_each_column(glue: Results) -> None:
    assert "`matthews|n:1043|v:1`" in to_markdown(glue)


def test_markdown_marks_the_best_and_the_seeds(glue: Results) -> None:
    assert "**66.4** ±2.9 (3 seeds, sd 2.5)" in to_markdown(glue)


def test_markdown_warns_of_sample_data(cell: MakeCell) -> None:
    from harness.results import Caveats

    page = to_markdown(Results(cells=[cell(caveats=Caveats(is_sample=True))]))
    assert "> **Built on generated sample data**" in page


def test_markdown_warns_of_a_contradiction(cell: MakeCell, score: MakeScore) -> None:
    other = cell(scores=(score("accuracy", 0.5, 100),))
    assert "> **Contradiction**: a:m/one on s/task" in to_markdown(
        Results(cells=[cell(), other])
    )


def test_markdown_makes_names_inert() -> None:
    assert escape("<b>|a_b|\n*x*") == r"\<b\>\|a\_b\| \*x\*"


def two_seeds(cell: MakeCell, score: MakeScore) -> Results:
    cells = [
        cell(seed=seed, fingerprint=f"f{seed}", scores=(score("accuracy", value, 10),))
        for seed, value in ((1, 0.8), (2, 0.7))
    ]
    return Results(cells=cells)


def test_csv_says_of_every_seed_what_all_say_together(
    cell: MakeCell, score: MakeScore
) -> None:
    lines = read_csv(*two_seeds(cell, score).cells)
    assert [float(line["score"]) for line in lines] == [80, 70]
    for line in lines:
        assert (line["seeds"], float(line["seeds_mean"])) == ("2", 75)
        # numpy.std([80, 70], ddof=1)
        assert float(line["seeds_deviation"]) == pytest.approx(7.0710678)


def test_json_has_the_numbers_of_the_leaderboard(
    cell: MakeCell, score: MakeScore
) -> None:
    (entry,) = json.loads(to_json(two_seeds(cell, score)))["entries"]
    assert (entry["score"], entry["seeds"]) == (75, {"1": 80, "2": 70})
    assert entry["deviation"] == pytest.approx(7.0710678)
    assert entry["cells"] == ["f1", "f2"]


def test_json_has_the_flags_of_an_entry(cell: MakeCell) -> None:
    caveats = Caveats(collapsed=True, majority=68.4)
    document = json.loads(to_json(Results(cells=[cell(caveats=caveats)])))
    assert list(document["entries"][0]["flags"]) == ["collapsed"]
