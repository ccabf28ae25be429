"""Recipes on models that write: no head, the output layer stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness import Head, ModelName
from harness.model import TrainingExample
from harness.requests import (
    Fill,
    FillAnswer,
    Generate,
    GenerateAnswer,
    Score,
    ScoreAnswer,
)
from tests.plugins.finetune.tiny_recipes import (
    ENTRIES,
    RECIPES,
    SHALLOW,
    Model,
    Trained,
    answers,
    load_model,
    train_by,
)

LANGUAGE = Head(kind="language")
BASES = ("gpt:tiny", "t5:tiny")
PARTIAL = ("lora", "adapter", "prompt-tuning", SHALLOW)
SAYINGS = {"one": "two", "three": "four", "five": "six", "red": "blue"}


def sayings() -> list[TrainingExample]:
    return [
        TrainingExample(
            request=Generate(prompt=f"{before}: ", max_tokens=8),
            answer=GenerateAnswer(text=after, finish_reason="stop", written_tokens=0),
        )
        for before, after in SAYINGS.items()
    ]


def scores(model: Model) -> torch.Tensor:
    asked = [Score(context=f"{a}: ", choices=(b, "no")) for a, b in SAYINGS.items()]
    told = answers(model, asked)
    return torch.tensor(
        [a.log_probabilities for a in told if isinstance(a, ScoreAnswer)]
    )


def teach(recipe: str, base: str, folder: Path) -> Trained:
    settings = {"learning_rate": 0.3 if recipe == SHALLOW else 0.02, "epochs": 20.0}
    return train_by(recipe, base, folder, head=LANGUAGE, learn=sayings(), **settings)  # type: ignore[arg-type] # settings


@pytest.mark.parametrize("recipe", PARTIAL)
@pytest.mark.parametrize("base", BASES)
def test_what_is_learnt_becomes_likelier_and_stays_so_when_loaded(
    base: str, recipe: str, tmp_path: Path
) -> None:
    made = teach(recipe, base, tmp_path)
    before, after = scores(load_model(base)), scores(load_model(made.name))
    assert after[:, 0].mean() > before[:, 0].mean() + 1
    torch.testing.assert_close(after, scores(made.model), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("recipe", PARTIAL)
@pytest.mark.parametrize("base", BASES)
def test_an_adapted_writer_keeps_what_it_can_be_asked(
    base: str, recipe: str, tmp_path: Path
) -> None:
    made = teach(recipe, base, tmp_path)
    entry = ENTRIES[made.name.adapter]
    able = entry.describe(ModelName.parse(base)).abilities
    kept = entry.describe(made.name).abilities
    assert kept == (able & {Generate, Score} if recipe == SHALLOW else able)
    assert entry.describe(made.name).head is None


@pytest.mark.parametrize("base", BASES)
def test_a_merged_writer_answers_as_base_and_adapter(base: str, tmp_path: Path) -> None:
    made = teach("lora", base, tmp_path / "adapter")
    adapted = load_model(made.name)
    adapted.save(tmp_path / "merged")
    merged = load_model(f"{made.name.adapter}:{tmp_path / 'merged'}")
    torch.testing.assert_close(scores(merged), scores(adapted), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("base", BASES)
def test_nothing_but_the_pairs_is_trained(base: str, tmp_path: Path) -> None:
    made = teach("lora", base, tmp_path)
    names = [n for n, p in made.model.module.named_parameters() if p.requires_grad]
    assert names
    assert all(".lora_" in name for name in names)


@pytest.mark.parametrize("recipe", PARTIAL)
def test_what_hub_was_trained_to_write_stays_so_when_loaded(
    recipe: str, t5_base: Path, tmp_path: Path
) -> None:
    made = teach(recipe, f"hub:{t5_base}", tmp_path)
    before, after = scores(load_model(f"hub:{t5_base}")), scores(load_model(made.name))
    assert not torch.allclose(after, before, atol=1e-2)
    torch.testing.assert_close(after, scores(made.model), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("recipe", ["lora", "adapter"])
def test_a_masked_model_with_an_adapter_still_fills_blanks(
    recipe: str, tmp_path: Path
) -> None:
    asked = [Fill(text="{blank} " + word, candidates=("yes", "no")) for word in "abcd"]
    right = FillAnswer(probabilities=(1.0, 0.0))
    shown = [TrainingExample(request=request, answer=right) for request in asked]
    made = train_by(
        recipe,
        "bert:tiny",
        tmp_path,
        head=Head(kind="fill"),
        learn=shown,
        learning_rate=0.02,
        epochs=10.0,
    )
    told = answers(load_model(made.name), asked)
    assert all(isinstance(a, FillAnswer) and a.probabilities[0] > 0.6 for a in told)
    card = ENTRIES["bert"].describe(made.name)
    assert (card.head, Fill in card.abilities) == (None, True)


def test_no_virtual_tokens_are_trained_for_blanks() -> None:
    assert "fill" not in RECIPES["prompt-tuning"].trains
