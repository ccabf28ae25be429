"""`harness train` by a stranger's objective and model: what the core does itself."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness import (
    CheckpointError,
    EpochFigures,
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    NewModel,
    ObjectiveEntry,
    PretrainJob,
    PretrainReport,
    TrainingError,
    TrainReport,
    hookimpl,
)
from harness.data.texts import read_texts
from harness.events import (
    CellFinished,
    CellStarted,
    RunFinished,
    RunStarted,
    TrainStep,
)
from harness.holding import held
from harness.plugins import Plugins, load_plugins
from harness.pretrainer import Listener, PretrainOrder, pretrain

REPORT = TrainReport(
    steps=1,
    examples_seen=1,
    tokens_seen=1,
    seconds=1.0,
    final_loss=1.0,
    trainable_parameters=1,
    selected_step=1,
)
STEP = TrainStep(
    step=1,
    steps=1,
    loss=2.0,
    learning_rate=1.0,
    examples_per_s=1.0,
    tokens_per_s=1.0,
    seconds_left=0.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """How loud."""

    volume: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large."""

    letters: int = 3


def write(size: Size, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write the first letters of the text."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(texts[0][: size.letters])


def describe(name: ModelName) -> ModelCard:
    """Describe a folder with its letters."""
    path = Path(name.checkpoint) / "config.json"
    if not path.is_file():
        raise CheckpointError("no letters")
    return ModelCard(
        abilities=frozenset(),
        pretrains=frozenset({"shouted"}),
        fingerprint=path.read_text(),
    )


def shout(job: PretrainJob) -> PretrainReport:
    """Write the model's letters louder, after a note of how often it was tried."""
    tries = job.scratch / "tries"
    tries.write_text((tries.read_text() if tries.is_file() else "") + "x")
    if job.settings.volume == 11 and tries.read_text() == "x":
        raise TrainingError("too loud at first")
    job.on_step(STEP)
    job.on_epoch(EpochFigures(step=1, epoch=1.0, loss=2.0, perplexity=math.inf))
    text = str(job.model).upper() * job.settings.volume
    (job.folder / "config.json").write_text(text)
    return PretrainReport(training=REPORT, epochs=(), text_tokens=len(job.texts))


class Stranger:
    """A plugin from elsewhere."""

    @hookimpl
    def harness_models(self) -> list[ModelEntry]:
        return [
            ModelEntry(
                name="letters",
                summary="letters",
                examples=("letters:folder",),
                describe=describe,
                load=lambda name, _: describe(name).fingerprint,  # type: ignore[arg-type,return-value] # all it needs
                new=NewModel(settings=Size, write=write),
            )
        ]

    @hookimpl
    def harness_objectives(self) -> list[ObjectiveEntry]:
        return [
            ObjectiveEntry(
                name="shout",
                summary="say it louder",
                settings=Loudness,
                needs="shouted",
                run=shout,
            )
        ]


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    """Load this module as a plugin, and what serves a folder."""
    path = tmp_path / "stranger.py"
    path.write_text(
        "from tests.core.test_pretraining import Stranger\n"
        "harness_models = Stranger.harness_models.__get__(Stranger())\n"
        "harness_objectives = Stranger.harness_objectives.__get__(Stranger())\n"
    )
    return load_plugins([str(path), "harness.builtin"], entry_points=False)


def order(tmp_path: Path, **changes: Any) -> PretrainOrder:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    rows = [{"text": "hello"}, {"text": "there"}]
    (data / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    made = PretrainOrder(
        model=ModelName.parse("letters:"),
        sizes={},
        data=str(data),
        objective=None,
        out=tmp_path / "out",
        hold_out=0.1,
        seed=1,
        load=LoadSettings(),
    )
    return replace(made, **changes)


def carry_out(asked: PretrainOrder, plugins: Plugins) -> str:
    """Train and return what was written."""
    listener = Listener(lambda _: None, lambda _: None)
    made = pretrain(asked, plugins, listener)
    assert (str(made.model), made.objective) == (f"letters:{asked.out}", "shout")
    return (asked.out / "config.json").read_text()


def test_a_strangers_model_learns_by_a_strangers_objective(
    tmp_path: Path, plugins: Plugins
) -> None:
    asked = order(tmp_path, sizes={"letters": "4"}, settings={"volume": "2"})
    assert carry_out(asked, plugins) == "HELLHELL"


def test_the_record_says_how_it_was_trained(tmp_path: Path, plugins: Plugins) -> None:
    asked = order(tmp_path, command="harness train")
    carry_out(asked, plugins)
    record = json.loads((asked.out / "harness_training.json").read_text())
    assert (record["objective"], record["command"]) == ("shout", "harness train")
    assert record["settings"] == {"volume": 1}
    assert "python" in record["environment"]


def test_what_failed_goes_on_in_the_same_scratch_and_leaves_none(
    tmp_path: Path, plugins: Plugins
) -> None:
    asked = order(tmp_path, settings={"volume": "11"})
    with pytest.raises(TrainingError):
        carry_out(asked, plugins)
    assert not asked.out.exists()
    assert carry_out(asked, plugins) == "HEL" * 11
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "data",
        "out",
        "stranger.py",
    ]


class Witness:
    """Listens to the events of a run."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    @hookimpl
    def harness_run_started(self, event: RunStarted) -> None:
        self.events.append(event)

    @hookimpl
    def harness_cell_started(self, event: CellStarted) -> None:
        self.events.append(event)

    @hookimpl
    def harness_train_step(self, event: TrainStep) -> None:
        self.events.append(event)

    @hookimpl
    def harness_cell_finished(self, event: CellFinished) -> None:
        self.events.append(event)

    @hookimpl
    def harness_run_finished(self, event: RunFinished) -> None:
        self.events.append(event)


@pytest.fixture
def witness(plugins: Plugins) -> Witness:
    """Listen to what the plugins are told."""
    made = Witness()
    plugins.listen(made)
    return made


def test_listeners_hear_of_a_training_as_of_a_run(
    tmp_path: Path, plugins: Plugins, witness: Witness
) -> None:
    carry_out(order(tmp_path, command="harness train"), plugins)
    run, cell, step, ended, finished = witness.events
    assert (run.title, run.command, run.cells) == ("train out", "harness train", 1)
    assert (cell.facts["regime"], cell.facts["volume"]) == ("train:shout", "1")
    assert step == replace(STEP, fingerprint=cell.fingerprint)
    assert (ended.fingerprint, ended.status) == (cell.fingerprint, "done")
    assert ended.scores == {"held-out loss": 2.0}  # an infinite perplexity is none
    assert (finished.run_id, finished.done, finished.failed) == (run.run_id, 1, 0)


def test_listeners_hear_why_a_training_failed(
    tmp_path: Path, plugins: Plugins, witness: Witness
) -> None:
    with pytest.raises(TrainingError):
        carry_out(order(tmp_path, settings={"volume": "11"}), plugins)
    *_, ended, finished = witness.events
    assert (ended.status, ended.reason) == ("failed", "too loud at first")
    assert (finished.done, finished.failed) == (0, 1)


def test_one_order_is_carried_out_by_one_process_at_a_time(
    tmp_path: Path, plugins: Plugins
) -> None:
    asked = order(tmp_path)
    with pytest.raises(TrainingError):
        carry_out(replace(asked, settings={"volume": "11"}), plugins)
    (scratch,) = tmp_path.glob(".out-*")
    again = replace(asked, settings={"volume": "11"})
    with held(scratch), pytest.raises(TrainingError, match="trains the same now"):
        carry_out(again, plugins)
    assert carry_out(again, plugins) == "HEL" * 11


def test_another_order_begins_anew(tmp_path: Path, plugins: Plugins) -> None:
    asked = order(tmp_path, settings={"volume": "11"})
    with pytest.raises(TrainingError):
        carry_out(asked, plugins)
    with pytest.raises(TrainingError):
        carry_out(replace(asked, seed=2), plugins)


def test_going_on_starts_from_the_checkpoint(tmp_path: Path, plugins: Plugins) -> None:
    base = tmp_path / "base"
    write(Size(), ["abc"], 1, base)
    asked = order(tmp_path, model=ModelName.parse(f"letters:{base}"), sizes=None)
    assert carry_out(asked, plugins) == "ABC"


def test_texts_of_a_folder_are_the_text_column_of_its_training_split(
    tmp_path: Path, plugins: Plugins
) -> None:
    source = plugins.data_sources["folder"].open(order(tmp_path).data)
    texts = read_texts(source)
    assert texts.documents == ["hello", "there"]
    assert len(texts.content_hash) == 64
