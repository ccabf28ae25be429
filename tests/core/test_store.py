"""The store: what goes in comes out, once, whole or not at all."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from harness import Example, Prediction, StoreError
from harness.requests import ClassifyAnswer
from harness.results import CellResult, CellScore
from harness.store import RunRecord, Store, TrainingRecord
from harness.store.result_json import result_from_json, result_to_json

POSTGRES = os.environ.get("HARNESS_TEST_POSTGRES", "")
RUN = RunRecord("r1", "2026-01-01", "title", "harness run", {"python": "3"}, ["c1"])
SCORE = CellScore(
    metric="accuracy",
    signature="accuracy|n:2|v:1",
    value=0.5,
    low=0.1,
    high=0.9,
    method="Wilson",
    scale=100.0,
    units=2,
    is_headline=True,
)
CELL = CellResult(
    fingerprint="c1",
    model="reader:",
    is_baseline=False,
    task="toy/colours",
    task_title="Colours",
    task_version=1,
    metrics_column="x",
    split="validation",
    regime="zero-shot",
    scores=(SCORE,),
    confusion=(("red", "blue"), ((1, 0), (1, 0))),
    curve=((1, 0.5, 0.1),),
    provenance={"data": "sample"},
)
EXAMPLES = [
    Example(id=str(index), columns={"text": "é"}, target="red") for index in range(1200)
]
PREDICTIONS = [Prediction(id=e.id, value="red", detail={"red": 0.9}) for e in EXAMPLES]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "why?" / "store.sqlite"))
    opened.start_run(RUN)
    yield opened
    opened.close()


def save(store: Store, cell: CellResult, count: int = 0) -> None:
    pairs = list(zip(EXAMPLES[:count], PREDICTIONS[:count], strict=True))
    store.save_cell(cell, run="r1", finished="2026-01-01", predictions=pairs)


def test_a_run_comes_back(store: Store) -> None:
    assert store.runs() == [RUN]


def test_an_answer_belongs_to_its_model(store: Store) -> None:
    answer = ClassifyAnswer(probabilities=(0.1, 0.9), tokens=3)
    store.add_answers("m1", {"q": answer})
    assert store.find_answers("m1", ["q", "other"]) == {"q": answer}
    assert store.find_answers("m2", ["q"]) == {}


def test_the_first_answer_stands(store: Store) -> None:
    first, second = (ClassifyAnswer(probabilities=(x,)) for x in (0.1, 0.2))
    store.add_answers("m1", {"q": first})
    store.add_answers("m1", {"q": second})
    assert store.find_answers("m1", ["q"]) == {"q": first}


def test_a_cell_comes_back_with_its_scores(store: Store) -> None:
    save(store, CELL)
    assert store.results() == [CELL]
    assert store.statuses(["c1", "c2"]) == {"c1": "done"}


def test_an_undefined_score_stays_undefined(store: Store) -> None:
    undefined = replace(SCORE, value=float("nan"), low=None, high=None)
    save(store, replace(CELL, scores=(undefined,)))
    (score,) = store.results()[0].scores
    assert (score.value != score.value, score.low) == (True, None)


def test_the_precision_of_older_results_is_read_from_their_command() -> None:
    command = "harness run --model 'reader:' --dtype bf16 --limit 3"
    told = json.loads(result_to_json(replace(CELL, provenance={"command": command})))
    assert result_from_json(json.dumps(told), ()).dtype is None
    del told["dtype"]
    assert result_from_json(json.dumps(told), ()).dtype == "bf16"


def test_a_store_is_where_its_path_says(store: Store) -> None:
    assert Path(store.place).is_file()


def test_a_cell_saved_again_replaces_itself(store: Store) -> None:
    save(store, replace(CELL, status="failed", reason="why", scores=()), 3)
    save(store, CELL, 2)
    assert store.results() == [CELL]
    assert len(store.predictions("c1")) == 2


def test_results_come_in_the_order_named(store: Store) -> None:
    for name in ("a", "b"):
        save(store, replace(CELL, fingerprint=name))
    named = store.results(["b", "missing", "a"])
    assert [cell.fingerprint for cell in named] == ["b", "a"]


def test_predictions_come_back_in_order(store: Store) -> None:
    save(store, CELL, 1200)
    assert store.predictions("c1") == list(zip(EXAMPLES, PREDICTIONS, strict=True))


def test_an_example_is_stored_once(store: Store) -> None:
    for name in ("a", "b"):
        save(store, replace(CELL, fingerprint=name), 5)
    with sqlite3.connect(store.place) as database:
        (count,) = database.execute("SELECT COUNT(*) FROM examples").fetchone()
    database.close()
    assert count == 5


def test_a_training_that_failed_has_no_report(store: Store) -> None:
    record = TrainingRecord("t1", "toy/colours", "m:", "failed", "why", {})
    store.save_training(record, run="r1", finished="2026-01-01")
    assert store.training("t1") is None
    done = record._replace(status="done", report={"steps": 3})
    store.save_training(done, run="r1", finished="2026-01-01")
    assert store.training("t1") == {"steps": 3}


@pytest.mark.skipif(not POSTGRES, reason="HARNESS_TEST_POSTGRES names no database")
def test_postgresql_keeps_what_sqlite_keeps() -> None:
    store = Store(POSTGRES)
    run = RUN._replace(id=uuid.uuid4().hex, started="2026-01-02")
    store.start_run(run)
    store.save_cell(
        CELL,
        run=run.id,
        finished="2026-01-02",
        predictions=zip(EXAMPLES, PREDICTIONS, strict=True),
    )
    store.add_answers("m1", {"q": ClassifyAnswer(probabilities=(0.1,))})
    store.add_answers("m1", {"q": ClassifyAnswer(probabilities=(0.2,))})
    assert store.results(["c1"]) == [CELL]
    assert store.predictions("c1") == list(zip(EXAMPLES, PREDICTIONS, strict=True))
    store.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 99, encoding="utf-8")
    with pytest.raises(StoreError, match=r"notes\.txt can't be used: file is not a"):
        Store(str(path))


def test_a_folder_is_refused_with_a_name_to_use(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"is a folder, expected a file: name .*sqlite"
    ):
        Store(str(tmp_path))


def test_a_store_of_another_schema_is_refused(store: Store) -> None:
    with sqlite3.connect(store.place) as database:
        database.execute("UPDATE meta SET value = '99'")
    database.close()
    with pytest.raises(StoreError, match="has schema version 99, expected 2"):
        Store(store.place)


def test_a_store_of_an_older_schema_is_brought_up_to_date(store: Store) -> None:
    save(store, CELL)
    with sqlite3.connect(store.place) as database:
        database.execute("UPDATE meta SET value = '1'")
        database.execute("ALTER TABLE scores DROP COLUMN is_lower_better")
    database.close()
    for _ in range(2):  # the second finds it done
        migrated = Store(store.place)
        assert migrated.results() == [CELL]
        migrated.close()


def test_a_store_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"can't be made \(.*: name another with"):
        Store(str(tmp_path / "file" / "folder" / "store.sqlite"))


def test_a_new_store_may_be_opened_many_times_at_once(tmp_path: Path) -> None:
    for number in range(10):
        place = str(tmp_path / f"{number}.sqlite")
        with ThreadPoolExecutor(8) as pool:
            stores = list(pool.map(Store, [place] * 8))
        assert [store.runs() for store in stores] == [[]] * 8
        for store in stores:
            store.close()


def test_a_url_of_an_unknown_database_is_refused() -> None:
    with pytest.raises(StoreError, match=r"nosql://x can't be opened"):
        Store("nosql://x")
