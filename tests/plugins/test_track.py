"""TensorBoard and MLflow follow a run; what they wrote is read back by themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harness import UsageError
from harness.api import Outcome, carry_out
from harness.cli import app
from harness.events import CellFinished, CellStarted, RunStarted
from harness.plan.planner import make_plan
from harness.plugins import Plugins, load_plugins
from harness.suite import make_suite
from harness_track import plugin
from harness_track.names import cell_name, metric_name

TOY = Path(__file__).parents[1] / "core" / "toy_plugin.py"
CALM = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # mlflow's own


@pytest.fixture
def toy() -> Plugins:
    names = ["harness.builtin", str(TOY), "harness_track.plugin"]
    return load_plugins(names, entry_points=False)


def go(toy: Plugins, folder: Path, tracker: str, *models: str) -> Outcome:
    suite = make_suite(
        {
            "models": models,
            "tasks": ["toy/colours"],
            "regimes": ["finetune:learn"],
            "data": "sample",
            "title": "colours",
            "track": [tracker],
        }
    )
    plan = make_plan(suite, toy)
    return carry_out(plan, toy, str(folder / "s.sqlite"), "harness run it")


def read_board(folder: Path) -> Any:
    module = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="the extra track is not installed",
    )
    board = module.EventAccumulator(str(folder))
    board.Reload()
    return board


def open_mlflow(uri: str) -> Any:
    mlflow = pytest.importorskip("mlflow", reason="the extra track is not installed")
    pytest.importorskip("alembic", reason="the extra track is not installed")
    return mlflow.MlflowClient(tracking_uri=uri)


@pytest.mark.slow
def test_tensorboard_has_the_curve_and_the_scores_of_a_training(
    toy: Plugins, tmp_path: Path
) -> None:
    pytest.importorskip("tensorboard", reason="the extra track is not installed")
    outcome = go(toy, tmp_path, f"tensorboard:{tmp_path / 'board'}", "memory:blank")
    (run,) = (tmp_path / "board").iterdir()
    assert run.name == outcome.finished.run_id
    (folder,) = run.iterdir()
    assert folder.name.startswith("memory_blank_toy_colours_finetune_learn_1_")
    board = read_board(folder)
    assert [(e.step, e.value) for e in board.Scalars("training/loss")] == [(1, 0.5)]
    (accuracy,) = board.Scalars("score/toy/colours accuracy")
    assert (accuracy.step, accuracy.value) == (1, 100.0)
    (settings,) = board.Tensors("settings/text_summary")
    assert b"| seed | 1 |" in settings.tensor_proto.string_val[0]


@pytest.mark.slow
def test_tensorboard_has_the_curve_of_a_training_on_plain_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard", reason="the extra track is not installed")
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("the cat sat on the mat. " * 40)
    words = ["train", "gpt:tiny", "--data", "text:text.txt", "--out", "out"]
    words += ["--objective", "causal,epochs=2,length=32,batch_size=4"]
    outcome = CliRunner().invoke(app, [*words, "--track", "tensorboard:board"])
    assert outcome.exit_code == 0
    (folder,) = Path("board").glob("*/gpt_tiny_train_causal_1_*")
    board = read_board(folder)
    steps = [event.step for event in board.Scalars("training/loss")]
    assert steps == list(range(1, len(steps) + 1))
    (loss,) = board.Scalars("score/held-out loss")
    assert (loss.step, loss.value > 0) == (steps[-1], True)


@CALM
@pytest.mark.slow
def test_mlflow_has_settings_curve_and_scores_in_nested_runs(
    toy: Plugins, tmp_path: Path
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = open_mlflow(uri)
    outcome = go(toy, tmp_path, f"mlflow:{uri}", "memory:blank", "reader:")
    experiment = client.get_experiment_by_name("colours")
    runs = {r.info.run_name: r for r in client.search_runs([experiment.experiment_id])}
    whole = runs.pop(outcome.finished.run_id)
    assert whole.data.tags["command"] == "harness run it"
    assert {r.data.tags["mlflow.parentRunId"] for r in runs.values()} == {
        whole.info.run_id
    }
    assert {r.info.status for r in (whole, *runs.values())} == {"FINISHED"}
    (train,) = (r for r in runs.values() if r.data.tags["kind"] == "train")
    assert train.data.params["model"] == "memory:blank"
    assert train.data.metrics["loss"] == 0.5
    assert train.data.metrics["toy/colours accuracy"] == 100.0


@CALM
@pytest.mark.slow
def test_a_server_that_does_not_answer_stops_the_tracking_and_not_the_run(
    toy: Plugins,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("mlflow", reason="the extra track is not installed")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    outcome = go(toy, tmp_path, "mlflow:http://127.0.0.1:9", "memory:blank")
    assert outcome.finished.done == 1
    said = capsys.readouterr().err
    assert said.startswith("no longer tracked by mlflow:http://127.0.0.1:9: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_missing_library_is_named_with_the_extra(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "find_spec", lambda module: None)
    makers = {"tensorboard": plugin.make_tensorboard, "mlflow": plugin.make_mlflow}
    with pytest.raises(UsageError, match=rf"needs the library {name}, .*\[track\]"):
        makers[name]("sqlite:///here.db")


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra track is not installed")
    (tmp_path / "taken").touch()
    with pytest.raises(UsageError, match="taken is a file, expected a folder"):
        plugin.make_tensorboard(str(tmp_path / "taken"))


def test_a_place_that_is_no_uri_is_refused() -> None:
    pytest.importorskip("mlflow", reason="the extra track is not installed")
    with pytest.raises(UsageError, match=r"'mlruns' is no URI, expected .* sqlite:///"):
        plugin.make_mlflow("mlruns")


def test_an_unknown_tracker_is_found_before_anything_runs(
    toy: Plugins, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"unknown tracker 'tensorbord'.*tensorboard"):
        go(toy, tmp_path, "tensorbord:x", "memory:blank")
    assert list(tmp_path.iterdir()) == []


def test_a_tracker_without_a_place_shows_one(toy: Plugins, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write tensorboard:runs/tensorboard"):
        go(toy, tmp_path, "tensorboard", "memory:blank")


def test_trackers_load_no_library_before_a_run() -> None:
    before = set(sys.modules)
    plugin.harness_trackers()
    assert not {"mlflow", "tensorboard", "torch"} & (set(sys.modules) - before)


def test_cells_of_one_name_have_folders_of_their_own() -> None:
    facts = {"model": "bert:a/b", "task": "glue/rte", "regime": "finetune:full"}
    one, other = (
        CellStarted(
            fingerprint=mark * 9,
            kind="train",
            title="",
            index=1,
            cells=1,
            facts={**facts, "seed": "1"},
        )
        for mark in "xy"
    )
    assert cell_name(one) == "bert_a_b_glue_rte_finetune_full_1_xxxxxxxx"
    assert cell_name(one) != cell_name(other)


def test_a_metrics_name_keeps_what_trackers_take() -> None:
    assert metric_name("glue/mrpc f1,positive=yes") == "glue/mrpc f1_positive_yes"


@pytest.mark.slow
def test_the_score_of_an_older_training_stands_alone(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra track is not installed")
    board: Any = plugin.make_tensorboard(str(tmp_path))
    board.harness_run_started(RunStarted(run_id="r", cells=1, cached=0))
    done = CellFinished(
        fingerprint="f" * 64,
        title="t",
        status="done",
        seconds=1.0,
        scores={"a/b accuracy": 50.0},
        trained="elsewhere",
    )
    board.harness_cell_finished(done)
    board.harness_run_finished(None)
    (scalar,) = read_board(tmp_path / "r" / "ffffffff").Scalars("score/a/b accuracy")
    assert scalar.value == 50.0


def test_the_trackers_are_listed() -> None:
    done = CliRunner().invoke(app, ["list", "trackers"])
    assert done.exit_code == 0
    assert "tensorboard:runs/tensorboard" in done.output
    assert "mlflow:sqlite:///runs/mlflow.db" in done.output
