"""A plugin for tests: a tiny task, models that need no torch, and a recipe."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import (
    Benchmark,
    CheckpointError,
    Classification,
    Data,
    Encoded,
    Example,
    Head,
    LoadSettings,
    Loss,
    ModelCard,
    ModelEntry,
    ModelName,
    PredictorEntry,
    Prompt,
    Task,
    TrainingError,
    TrainingExample,
    hookimpl,
)
from harness.events import TrainStep
from harness.model import Budget, Trainable
from harness.recipe import (
    CommonSettings,
    RecipeEntry,
    TrainJob,
    TrainReport,
    without_effect,
)
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    JsonValue,
    Request,
    Score,
    ScoreAnswer,
)
from harness.task import Row

COLOURS = ("red", "blue")
THINGS = ("car", "door", "lamp", "shoe", "wall", "coat", "boat", "hat")


def sample(split: str, seed: int) -> list[Row]:
    """Say what colour a thing has; the validation split has other things."""
    size = {"train": 24, "validation": 20}.get(split, 10)
    return [
        {
            "idx": index,
            "text": f"the {split} {THINGS[index % 8]} {index} is {COLOURS[index % 2]}",
            "label": index % 2 if split != "test" else -1,
        }
        for index in range(size)
    ]


def colour_task(name: str, **changes: object) -> Task:
    """Make a task about colours."""
    fields: dict[str, object] = {
        "id": f"toy/{name}",
        "title": name.title(),
        "summary": "which colour?",
        "data": Data(hub=None, folder=f"toy/{name}", sample=sample),
        "problem": Classification(inputs=("text",), labels=COLOURS),
        "metrics": ("accuracy", "f1,positive=red"),
        "prompts": {
            "plain": Prompt(text="{text}\nColour:", answers={c: c for c in COLOURS})
        },
    }
    return Task(**(fields | changes))  # type: ignore[arg-type] # a test's own values


class Reader:
    """Scores a choice by how often its word stands in the last line but one."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request."""
        self.calls.append(len(requests))
        return [self._score(r) for r in requests if isinstance(r, Score)]

    def _score(self, request: Score) -> ScoreAnswer:
        question = request.context.split("\n")[-2]
        scores = [-1.0 + question.count(c.strip()) for c in request.choices]
        counts = (1,) * len(scores)
        return ScoreAnswer(
            log_probabilities=tuple(scores),
            is_greedy=tuple(s >= 0 for s in scores),
            token_counts=counts,
            byte_counts=counts,
        )


class Careless:
    """Predicts the right labels, but one too few."""

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Lose the first example."""
        return [example.target for example in examples[1:]]


class Mortal(Reader):
    """Kills its process, as a crash would, at the batch that the variable names."""

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, or none ever again."""
        if len(self.calls) == int(os.environ.get("TOY_DIES_AT_BATCH", "-1")):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().answer(requests)


class Broken:
    """Fails like a bug would."""

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Fail."""
        raise ZeroDivisionError("no colour")


class Memory:
    """Trains by remembering the last words of each label; answers `Classify`."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self.known = known or {}

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Cost every request one token."""
        return [Encoded(key=k, request=r, cost=1) for k, r in enumerate(requests)]

    def session(self) -> Memory:
        """Be one's own session."""
        return self

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Answer by the last word, in the reverse order."""
        for encoded in reversed(list(stream)):
            assert isinstance(encoded.request, Classify)
            said = self.known.get(encoded.request.text.split()[-1])
            shares = tuple(float(label == said) for label in encoded.request.labels)
            yield encoded.key, ClassifyAnswer(probabilities=shares, tokens=7)

    def prepare(self, head: Head, *, seed: int) -> None:
        """Forget everything."""
        self.known = {}

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Hold the example itself."""
        return [
            Encoded(key=k, request=e.request, cost=1, extra={"right": e.answer})
            for k, e in enumerate(examples)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Learn the batch by heart."""
        for item in batch:
            request, right = item.request, item.extra["right"]
            assert isinstance(request, Classify)
            label = request.labels[right.probabilities.index(1.0)]
            self.known[request.text.split()[-1]] = label
        return Loss(total=0.0, count=len(batch))

    def save(self, folder: Path) -> None:
        """Write what is known."""
        (folder / "memory.json").write_text(json.dumps(self.known), encoding="utf-8")


def learn(job: TrainJob) -> TrainReport:
    """Show every example once."""
    if job.settings.fails:
        raise CheckpointError("the recipe was told to fail")
    assert isinstance(job.model, Trainable)
    assert job.scratch
    resumed = (job.scratch / "half").exists()
    wait_for = os.environ.get("TOY_LEARNS_WHEN_THERE_IS")
    while wait_for and not Path(wait_for).exists():
        time.sleep(0.01)
    if job.settings.breaks_off:
        job.scratch.mkdir()
        (job.scratch / "half").touch()
        raise TrainingError("the recipe was told to break off")
    job.model.prepare(job.head, seed=job.seed)
    job.model.loss(job.model.encode_training(job.examples))
    step = TrainStep(
        step=1,
        steps=1,
        loss=0.5,
        learning_rate=1.0,
        examples_per_s=1.0,
        tokens_per_s=1.0,
        seconds_left=0.0,
    )
    job.on_step(step)
    if job.select_score:
        assert job.select_score() == 1.0
    job.model.save(job.folder)
    return TrainReport(
        steps=1,
        examples_seen=len(job.examples),
        tokens_seen=0,
        seconds=0.1,
        final_loss=0.5,
        trainable_parameters=1,
        selected_step=1,
        curve=((1, 0.5, 1.0),),
        resumed=int(resumed),
        notes=("went well",) if resumed else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnSettings(CommonSettings):
    """Settings of the toy recipe."""

    fails: bool = False
    breaks_off: bool = without_effect(False)


def load_memory(name: ModelName, settings: LoadSettings) -> Memory:
    """Load what a checkpoint knows."""
    if name.checkpoint == "blank":
        return Memory()
    path = Path(name.checkpoint) / "memory.json"
    try:
        return Memory(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} can't be read: train it again") from error


def describe_memory(name: ModelName) -> ModelCard:
    """Describe a checkpoint by its content."""
    trained = name.checkpoint != "blank"
    known = load_memory(name, LoadSettings()).known
    return ModelCard(
        abilities=frozenset({Classify}) if trained else frozenset(),
        head=Head(kind="classify", labels=COLOURS) if trained else None,
        trainable=frozenset({"classify"}),
        fingerprint=json.dumps(known),
    )


def describe_reader(name: ModelName) -> ModelCard:
    """Describe a model that scores."""
    return ModelCard(abilities=frozenset({Score}), fingerprint=str(name))


@hookimpl
def harness_tasks() -> list[Task]:
    """Return three tasks; one is trained on another, one has no training split."""
    untrained = Data(hub=None, folder="toy/hues", sample=sample, train=None)
    return [
        colour_task("colours"),
        colour_task("shades", trained_on="toy/colours"),
        colour_task("hues", data=untrained),
    ]


@hookimpl
def harness_benchmarks() -> list[Benchmark]:
    """Return a benchmark of two of them."""
    pair = ("toy/colours", "toy/shades")
    return [
        Benchmark(id="toy", title="Toy", tasks=pair, groups=((pair[0],), (pair[1],)))
    ]


@hookimpl
def harness_models() -> list[ModelEntry | PredictorEntry]:
    """Return a model that reads, one that fails, and one that learns."""
    return [
        ModelEntry(
            name="reader",
            summary="reads the colour",
            examples=("reader:",),
            describe=describe_reader,
            load=lambda name, settings: Reader(),
            options={"mood": "changes nothing"},
        ),
        ModelEntry(
            name="broken",
            summary="fails",
            examples=("broken:",),
            describe=describe_reader,
            load=lambda name, settings: Broken(),
        ),
        PredictorEntry(
            name="careless",
            summary="loses an example",
            make=lambda options, seed: Careless(),
        ),
        ModelEntry(
            name="mortal",
            summary="dies when told to",
            examples=("mortal:",),
            describe=describe_reader,
            load=lambda name, settings: Mortal(),
        ),
        ModelEntry(
            name="memory",
            summary="remembers",
            examples=("memory:blank",),
            describe=describe_memory,
            load=load_memory,
        ),
    ]


@hookimpl
def harness_recipes() -> list[RecipeEntry]:
    """Return a recipe that needs no torch."""
    return [
        RecipeEntry(
            name="learn",
            summary="learn by heart",
            settings=LearnSettings,
            trains=frozenset({"classify"}),
            run=learn,
        )
    ]
