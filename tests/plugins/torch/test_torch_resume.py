"""A training run that is cut off goes on as if nothing had happened."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from harness import LoadSettings, TrainingError
from harness.events import TrainStep
from harness.recipe import TrainReport
from harness_torch.training import stepper
from harness_torch.training.saver import Saver
from harness_torch.training.snapshots import Snapshots
from harness_torch.training.state import State
from tests.plugins.torch.slopes import Slopes, run, weights


class PowerCutError(Exception):
    """Ends a run as a kill would: nothing gets to clean up."""


def dies_at(step: int) -> Callable[[TrainStep], None]:
    def on_step(event: TrainStep) -> None:
        if event.step == step:
            raise PowerCutError

    return on_step


def cut(folder: Path, *steps: int, **settings: Any) -> tuple[Slopes, TrainReport]:
    """Train, cut off at each of the steps in turn, and then to the end."""
    settings = {"save_every": 0.0, "scratch": folder, **settings}
    for step in steps:
        with pytest.raises(PowerCutError):
            run(Slopes(dropout=0.3), on_step=dies_at(step), **settings)
    return run(Slopes(dropout=0.3), **settings)


def snapshot(folder: Path) -> Path:
    (found,) = folder.glob("step-*")
    return found


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    whole, report = run(Slopes(dropout=0.3))
    resumed, later = cut(tmp_path, 2, 3, 9)
    assert torch.equal(weights(resumed), weights(whole))
    assert later.curve == report.curve
    assert (later.resumed, report.resumed) == (3, 0)


def test_a_resumed_run_counts_all_that_was_done(tmp_path: Path) -> None:
    _, whole = run()
    _, resumed = cut(tmp_path, 6)
    assert (resumed.steps, resumed.examples_seen) == (whole.steps, whole.examples_seen)
    assert resumed.tokens_seen == whole.tokens_seen


def test_a_resumed_run_takes_only_the_steps_that_are_left(tmp_path: Path) -> None:
    model, report = cut(tmp_path, 9)
    assert report.steps == 10
    assert len(model.batches) == 2


@pytest.mark.parametrize("step", [7, 10])
def test_a_resumed_run_keeps_the_best_weights(tmp_path: Path, step: int) -> None:
    def scores(*values: float) -> Callable[[], float]:
        return iter(values).__next__

    whole, first = run(Slopes(dropout=0.3), select_score=scores(0.9, 0.5))
    shared = scores(0.9, 0.5)
    resumed, second = cut(tmp_path, step, select_score=shared)
    assert first.selected_step == second.selected_step == 5
    assert torch.equal(weights(resumed), weights(whole))


def test_only_the_newest_snapshot_stays(tmp_path: Path) -> None:
    cut(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000010"]


def test_a_damaged_snapshot_is_left_aside_with_a_word(tmp_path: Path) -> None:
    whole, _ = run(Slopes(dropout=0.3))
    cut(tmp_path, 4)
    file = snapshot(tmp_path) / "state.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    again, report = cut(tmp_path)
    assert torch.equal(weights(again), weights(whole))
    assert report.resumed == 0
    assert "left a snapshot aside" in report.notes[0]
    assert "its checksum is another" in report.notes[0]


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
def test_a_snapshot_that_lacks_a_file_is_left_aside(tmp_path: Path, name: str) -> None:
    cut(tmp_path, 4)
    (snapshot(tmp_path) / name).unlink()
    assert "is not whole" in cut(tmp_path)[1].notes[0]


def test_a_snapshot_of_another_model_is_left_aside(tmp_path: Path) -> None:
    state = State(tensors={"other": torch.zeros(1)})
    Snapshots(tmp_path).write(3, {"saver": State(), "stepper": state})
    _, report = cut(tmp_path)
    assert "it holds the parameters of another model" in report.notes[0]


def test_a_half_written_snapshot_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / ".part-1").mkdir()
    assert cut(tmp_path)[1].resumed == 0
    assert not (tmp_path / ".part-1").exists()


def test_a_damaged_snapshot_makes_place_for_a_whole_one(tmp_path: Path) -> None:
    (tmp_path / "step-00000001" / "junk").mkdir(parents=True)
    assert "is not whole" in cut(tmp_path)[1].notes[0]
    assert snapshot(tmp_path).name == "step-00000010"


@pytest.fixture
def scales(monkeypatch: pytest.MonkeyPatch) -> list[torch.amp.GradScaler]:
    """Let the CPU scale losses as a GPU does in fp16; the scalers are collected."""
    made: list[torch.amp.GradScaler] = []

    def accelerator(_: LoadSettings) -> Accelerator:
        scaling = Accelerator(cpu=True)
        scaling.scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
        made.append(scaling.scaler)
        return scaling

    monkeypatch.setattr(stepper, "_accelerator", accelerator)
    return made


def test_a_resumed_run_has_the_loss_scale(
    tmp_path: Path, scales: list[torch.amp.GradScaler]
) -> None:
    whole, _ = run(Slopes(dropout=0.3))
    resumed, _ = cut(tmp_path, 5)
    first, _, last = scales
    assert first.get_scale() == last.get_scale() == 4.0 * 2**5
    assert torch.equal(weights(resumed), weights(whole))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_snapshot_of_fp16_holds_its_loss_scale(tmp_path: Path) -> None:
    model = Slopes()
    model.module.to("cuda")
    run(
        model,
        load=LoadSettings(device="cuda", dtype="fp16"),
        save_every=0.0,
        scratch=tmp_path,
    )
    facts = json.loads((snapshot(tmp_path) / "state.json").read_text())
    assert facts["parts"]["stepper"]["scaler"]["scale"] > 0


class Still:
    """A part whose state never changes."""

    def state(self) -> State:
        return State()

    def restore(self, state: State) -> None:
        raise NotImplementedError


def test_snapshots_come_by_the_clock(tmp_path: Path) -> None:
    saver = Saver(tmp_path, 3600.0, {"still": Still()})
    saver.offer(1)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to write more, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_the_run_and_leaves_the_last_snapshot(tmp_path: Path) -> None:
    whole, _ = run(Slopes(dropout=0.3))

    def fills_up(event: TrainStep) -> None:
        if event.step == 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))

    problem = "snapshot of step 5 can't be written to .* make room there and run the"
    with files_of_at_most(1 << 30), pytest.raises(TrainingError, match=problem):
        run(Slopes(dropout=0.3), on_step=fills_up, scratch=tmp_path, save_every=0.0)
    assert snapshot(tmp_path).name == "step-00000004"
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000004"]
    assert torch.equal(weights(cut(tmp_path)[0]), weights(whole))


def test_a_loss_that_is_no_number_names_the_last_snapshot(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the last snapshot is .*00000002"):
        run(Slopes(hidden_nan_from=3), scratch=tmp_path, save_every=0.0)


def test_without_a_snapshot_the_error_says_so() -> None:
    with pytest.raises(TrainingError, match="there is no snapshot yet"):
        run(Slopes(hidden_nan_from=3))
