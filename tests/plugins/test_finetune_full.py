"""The recipe `full`: its settings, and that it teaches `bert:tiny` something."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from harness import Budget, Head, LoadSettings, ModelCard, ModelName, UsageError
from harness.errors import PluginError
from harness.model import TrainingExample
from harness.recipe import TrainJob, TrainReport, keep_settings
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Regress,
    RegressAnswer,
)
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe, load
from harness_finetune.plugin import harness_recipes, run_full
from harness_finetune.settings import FullSettings

LABELS = ("negative", "positive")
TINY = ModelName.parse("bert:tiny")
(RECIPE,) = [entry for entry in harness_recipes() if entry.name == "full"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def sentences(count: int, seed: int) -> list[tuple[str, int]]:
    """Make word lists whose summed grades are far from 0, with the sum."""
    grades = random.Random(7)
    words = {f"w{i}": grades.choice([-2, -1, 0, 0, 0, 1, 2]) for i in range(150)}
    draw = random.Random(seed)
    made: list[tuple[str, int]] = []
    while len(made) < count:
        chosen = draw.choices(list(words), k=draw.randint(5, 12))
        total = sum(words[word] for word in chosen)
        if abs(total) >= 2:
            made.append((" ".join(chosen), total))
    return made


def classified(count: int, seed: int) -> list[TrainingExample]:
    return [
        TrainingExample(
            request=Classify(text=text, labels=LABELS),
            answer=ClassifyAnswer(probabilities=(float(total < 0), float(total > 0))),
        )
        for text, total in sentences(count, seed)
    ]


def valued(count: int, seed: int) -> list[TrainingExample]:
    return [
        TrainingExample(
            request=Regress(text=text), answer=RegressAnswer(value=2.5 + total / 4)
        )
        for text, total in sentences(count, seed)
    ]


def job(
    model: BertAdapter,
    head: Head,
    examples: list[TrainingExample],
    folder: Path,
    settings: FullSettings,
) -> TrainJob:
    return TrainJob(
        model=model,
        head=head,
        examples=examples,
        settings=RECIPE.resolve(settings, describe(TINY)),
        seed=1,
        load=LoadSettings(),
        folder=folder,
        on_step=lambda _: None,
    )


def train(
    head: Head, examples: list[TrainingExample], folder: Path, **changes: object
) -> tuple[BertAdapter, TrainReport]:
    model = load(TINY, LoadSettings())
    settings = replace(FullSettings(epochs=2.0), **changes)  # type: ignore[arg-type] # any field
    return model, RECIPE.run(job(model, head, examples, folder, settings))


def accuracy(model: BertAdapter, examples: list[TrainingExample]) -> float:
    encoded = model.encode([example.request for example in examples])
    answers = dict(model.session().answer(encoded, Budget(tokens=4096)))
    hits = 0
    for key, example in enumerate(examples):
        told, right = answers[key], example.answer
        assert isinstance(told, ClassifyAnswer)
        assert isinstance(right, ClassifyAnswer)
        hits += (told.probabilities[1] > 0.5) == (right.probabilities[1] > 0.5)
    return hits / len(examples)


@pytest.mark.slow
def test_tiny_learns_to_classify_in_two_epochs(tmp_path: Path) -> None:
    head = Head(kind="classify", labels=LABELS)
    model, report = train(head, classified(1000, 1), tmp_path)
    assert accuracy(model, classified(300, 2)) > 0.8
    assert report.steps == 64
    assert report.final_loss < 0.5


@pytest.mark.slow
def test_tiny_learns_to_regress_in_three_epochs(tmp_path: Path) -> None:
    _, report = train(Head(kind="regress"), valued(1000, 1), tmp_path, epochs=3.0)
    spread = torch.tensor([total / 4 for _, total in sentences(1000, 1)]).var()
    assert report.final_loss < 0.5 * float(spread)


def test_the_checkpoint_answers_as_the_trained_model(tmp_path: Path) -> None:
    head = Head(kind="classify", labels=LABELS)
    model, _ = train(head, classified(64, 1), tmp_path)
    saved = load(ModelName(adapter="bert", checkpoint=str(tmp_path)), LoadSettings())
    for name, parameter in saved.module.state_dict().items():
        assert torch.equal(parameter, model.module.state_dict()[name]), name


def test_dropout_is_replaced_everywhere_where_it_is_given(tmp_path: Path) -> None:
    head = Head(kind="classify", labels=LABELS)
    model, _ = train(head, classified(8, 1), tmp_path, dropout=0.0)
    drops = [m.p for m in model.module.modules() if isinstance(m, torch.nn.Dropout)]
    assert len(drops) == 8
    assert set(drops) == {0.0}


def test_the_learning_rate_is_the_models_own_where_none_is_named() -> None:
    tiny = RECIPE.resolve(FullSettings(), describe(TINY))
    assert tiny.learning_rate == describe(TINY).suggested_learning_rate


def test_a_named_learning_rate_stays() -> None:
    settings = FullSettings(learning_rate=0.1)
    assert RECIPE.resolve(settings, describe(TINY)) == settings


def test_a_model_without_suggestion_gets_the_usual_rate() -> None:
    card = ModelCard(abilities=frozenset(), fingerprint="x")
    assert RECIPE.resolve(FullSettings(), card).learning_rate == 5e-5


def test_a_recipe_resolves_nothing_by_default() -> None:
    assert keep_settings(FullSettings(), describe(TINY)) == FullSettings()


def test_unresolved_settings_are_refused(tmp_path: Path) -> None:
    head = Head(kind="classify", labels=LABELS)
    work = job(load(TINY, LoadSettings()), head, [], tmp_path, FullSettings())
    with pytest.raises(PluginError, match="name no learning rate: resolve them"):
        run_full(replace(work, settings=FullSettings()))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0.0, "more than 0"),
        ("epochs", float("nan"), "more than 0"),
        ("learning_rate", -1.0, "more than 0"),
        ("clip", 0.0, "more than 0"),
        ("batch_size", 0, "1 or more"),
        ("micro_batch_tokens", 0, "1 or more"),
        ("warmup", 1.5, "a share from 0 to 1"),
        ("weight_decay", -0.1, "0 or more"),
        ("dropout", 1.0, "from 0 to below 1"),
        ("select", "first", "last or best"),
        ("select_share", 0.0, "between 0 and 1"),
        ("max_examples", 0, "1 or more"),
    ],
)
def test_a_setting_out_of_range_is_named_with_what_was_expected(
    name: str, value: object, expected: str
) -> None:
    with pytest.raises(UsageError, match=f"setting {name} is .*, expected {expected}"):
        FullSettings(**{name: value})  # type: ignore[arg-type] # wrong on purpose


def test_the_runner_finds_the_common_settings_by_name() -> None:
    names = {field.name for field in fields(FullSettings)}
    assert {"select", "select_share", "max_examples"} <= names


@pytest.mark.slow
def test_training_loads_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    heavy = ("transformers", "datasets", "pandas", "scipy", "sklearn", "peft")
    code = (
        "import sys, harness_torch.training.loop, harness_bert.adapter;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("examples", "epochs", "steps"), [(64, 2.0, 4), (65, 2.0, 6), (64, 0.75, 2)]
)
def test_settings_know_how_many_steps_they_make(
    examples: int, epochs: float, steps: int
) -> None:
    assert FullSettings(epochs=epochs, batch_size=32).steps(examples) == steps
