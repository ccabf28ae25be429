"""Every recipe on every family: what it trains, what it leaves, what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Head, ModelName
from harness.events import TrainStep
from harness.model import TrainingExample
from harness.requests import Choose, ChooseAnswer, Regress, RegressAnswer
from harness_torch.adapters.folder import TENSORS
from tests.plugins.finetune.tiny_recipes import (
    CLASSIFIER,
    ENTRIES,
    RECIPES,
    SHALLOW,
    TEXTS,
    Model,
    Trained,
    answers,
    load_model,
    probabilities,
    train_by,
)

BASES = ("bert:tiny", "gpt:tiny", "t5:tiny")
PARTIAL = ("lora", "adapter", "prompt-tuning", SHALLOW, "linear-probe")
POOLED = {
    "bert:tiny": {
        *("classifier.weight", "classifier.bias"),
        *("bert.pooler.dense.weight", "bert.pooler.dense.bias"),
    },
    "gpt:tiny": {"score.weight"},
    "t5:tiny": {"classifier.weight", "classifier.bias"},
}
"""What stands behind the body: the head with the pooler."""

QUERIES = {
    "bert:tiny": "bert.encoder.layer.{}.attention.self.{}",
    "gpt:tiny": "model.layers.{}.self_attn.{}_proj",
    "t5:tiny": "encoder.block.{}.layer.0.SelfAttention.{}",
}


def trained_names(model: Model) -> set[str]:
    return {n for n, p in model.module.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("base", BASES)
def test_a_linear_probe_trains_a_matrix_and_a_bias(base: str, tmp_path: Path) -> None:
    made = train_by("linear-probe", base, tmp_path)
    assert trained_names(made.model) == {"probe.weight", "probe.bias"}
    assert made.report.trainable_parameters == 2 * 64 + 2


def test_a_linear_probe_of_choices_trains_what_came_with_the_head(
    tmp_path: Path,
) -> None:
    head = Head(kind="choose")
    made = train_by("linear-probe", "bert:tiny", tmp_path, head=head, learn=chosen())
    assert trained_names(made.model) == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize("base", BASES)
def test_lora_trains_a_pair_beside_queries_and_values(
    base: str, tmp_path: Path
) -> None:
    made = train_by("lora", base, tmp_path)
    names = ("query", "value") if base == "bert:tiny" else ("q", "v")
    expected = {
        f"{QUERIES[base].format(layer, name)}.lora_{half}.default.weight"
        for layer in range(2)
        for name in names
        for half in "AB"
    }
    assert trained_names(made.model) == expected | POOLED[base]


def test_lora_of_all_linear_layers_leaves_head_and_word_vectors(tmp_path: Path) -> None:
    made = train_by("lora", "bert:tiny", tmp_path, targets="all-linear")
    names = [n for n in trained_names(made.model) if ".lora_" in n]
    pairs = {n.partition(".lora_")[0] for n in names}
    layer = "bert.encoder.layer.0."
    assert {n.removeprefix(layer) for n in pairs if n.startswith(layer)} == {
        *(f"attention.self.{name}" for name in ("query", "key", "value")),
        *("attention.output.dense", "intermediate.dense", "output.dense"),
    }
    assert all(pair.startswith("bert.encoder.layer.") for pair in pairs)


def test_bottlenecks_stand_behind_both_sublayers_with_norms_and_head(
    tmp_path: Path,
) -> None:
    made = train_by("adapter", "bert:tiny", tmp_path)
    layer = "bert.encoder.layer.1."
    own = {n.removeprefix(layer) for n in trained_names(made.model) if layer in n}
    ways = [f"adapter_{way}.{p}" for way in ("down", "up") for p in ("weight", "bias")]
    assert own == {
        *(f"attention.output.{n}" for n in ("LayerNorm.weight", "LayerNorm.bias")),
        *(f"output.{n}" for n in ("LayerNorm.weight", "LayerNorm.bias")),
        *(f"attention.output.dense.{way}" for way in ways),
        *(f"output.dense.{way}" for way in ways),
    }


def test_norms_stay_where_the_settings_say_so(tmp_path: Path) -> None:
    made = train_by("adapter", "bert:tiny", tmp_path, norms=False)
    assert not [name for name in trained_names(made.model) if "LayerNorm" in name]


@pytest.mark.parametrize("base", BASES)
def test_shallow_prompt_tuning_trains_virtual_tokens_and_the_head(
    base: str, tmp_path: Path
) -> None:
    made = train_by(SHALLOW, base, tmp_path, tokens=5)
    (prompt,) = trained_names(made.model) - POOLED[base]
    assert made.model.module.get_parameter(prompt).shape == (5, 64)


@pytest.mark.parametrize("recipe", PARTIAL)
@pytest.mark.parametrize("base", BASES)
def test_what_is_frozen_stays_bit_for_bit(
    base: str, recipe: str, tmp_path: Path
) -> None:
    made, before = train_by(recipe, base, tmp_path), load_model(base)
    first = dict(before.module.state_dict())
    before.prepare(CLASSIFIER, seed=1)
    first |= before.module.state_dict()
    for name, parameter in made.model.module.named_parameters():
        if not parameter.requires_grad and name not in made.model.fresh:
            assert torch.equal(parameter, first[name.replace("base_layer.", "")]), name


@pytest.mark.parametrize("recipe", PARTIAL)
@pytest.mark.parametrize("base", BASES)
def test_what_is_trained_has_changed(base: str, recipe: str, tmp_path: Path) -> None:
    made = train_by(recipe, base, tmp_path)
    before = load_model(base)
    before.prepare(CLASSIFIER, seed=1)
    assert not torch.allclose(probabilities(made.model), probabilities(before))


@pytest.mark.parametrize("recipe", PARTIAL)
@pytest.mark.parametrize("base", BASES)
def test_the_saved_adapter_answers_as_the_trained_model(
    base: str, recipe: str, tmp_path: Path
) -> None:
    # The built-in base was drawn from seed 3, which the adapter remembers.
    made = train_by(recipe, base, tmp_path, seed=3)
    told = probabilities(load_model(made.name, seed=1))
    torch.testing.assert_close(told, probabilities(made.model), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("recipe", PARTIAL)
@pytest.mark.parametrize("base", BASES)
def test_what_is_written_is_little_more_than_what_was_trained(
    base: str, recipe: str, tmp_path: Path
) -> None:
    made = train_by(recipe, base, tmp_path)
    size = sum(path.stat().st_size for path in made.folder.iterdir())
    assert size < 4 * made.report.trainable_parameters + 6000


@pytest.mark.parametrize("recipe", PARTIAL)
def test_a_card_says_what_an_adapted_model_can_be_asked(
    recipe: str, tmp_path: Path
) -> None:
    made = train_by(recipe, "bert:tiny", tmp_path)
    base = ENTRIES["bert"].describe(ModelName.parse("bert:tiny"))
    card = ENTRIES["bert"].describe(made.name)
    assert [asked.__name__ for asked in card.abilities] == ["Classify"]
    assert card.head == CLASSIFIER
    assert card.trainable == frozenset()
    assert card.fingerprint != base.fingerprint
    assert card.facts["base"] == "bert:tiny"


def test_another_seed_is_another_fingerprint(tmp_path: Path) -> None:
    names = [
        train_by("linear-probe", "bert:tiny", tmp_path / str(seed), seed=seed).name
        for seed in (1, 2)
    ]
    first, second = (ENTRIES["bert"].describe(name).fingerprint for name in names)
    assert first != second


def valued() -> list[TrainingExample]:
    return [
        TrainingExample(
            request=Regress(text=text), answer=RegressAnswer(value=len(text) / 10)
        )
        for text in TEXTS
    ]


def chosen() -> list[TrainingExample]:
    return [
        TrainingExample(
            request=Choose(context=text, choices=("good", "bad")),
            answer=ChooseAnswer(scores=(float("good" in text), float("bad" in text))),
        )
        for text in TEXTS
    ]


def values_of(model: Model, learn: list[TrainingExample]) -> torch.Tensor:
    told = answers(model, [example.request for example in learn])
    return torch.tensor(
        [a.value for a in told if isinstance(a, RegressAnswer)]
        or [a.scores for a in told if isinstance(a, ChooseAnswer)]
    )


def assert_same_answers(made: Trained, learn: list[TrainingExample]) -> None:
    saved = values_of(load_model(made.name), learn)
    torch.testing.assert_close(
        saved, values_of(made.model, learn), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("recipe", PARTIAL)
def test_a_value_can_be_learnt_by_every_recipe(recipe: str, tmp_path: Path) -> None:
    head = Head(kind="regress")
    made = train_by(recipe, "gpt:tiny", tmp_path, head=head, learn=valued())
    assert_same_answers(made, valued())


@pytest.mark.parametrize("recipe", PARTIAL)
def test_a_choice_can_be_learnt_by_every_recipe(recipe: str, tmp_path: Path) -> None:
    head = Head(kind="choose")
    made = train_by(recipe, "bert:tiny", tmp_path, head=head, learn=chosen())
    assert_same_answers(made, chosen())


def test_nothing_is_dropped_below_a_probed_head(tmp_path: Path) -> None:
    head = Head(kind="choose")
    made = train_by("linear-probe", "bert:tiny", tmp_path, head=head, learn=chosen())
    made.model.module.train()
    modes = {n: m.training for n, m in made.model.module.named_modules()}
    assert not any(on for name, on in modes.items() if name.startswith("bert."))
    assert modes["dropout"]


def test_virtual_tokens_begin_as_words_the_first_as_what_texts_begin_with(
    tmp_path: Path,
) -> None:
    made = train_by(SHALLOW, "bert:tiny", tmp_path, tokens=4, learning_rate=1e-12)
    words = made.model.words()
    (first,) = made.model.make_tokenizer(64, ()).encode([("good", None)])
    assert torch.allclose(words.get_parameter("prompt")[0], words.weight[first.ids[0]])


def test_virtual_tokens_leave_less_room_for_the_text(tmp_path: Path) -> None:
    made = train_by(SHALLOW, "bert:tiny", tmp_path, tokens=5)
    plain, prompted = load_model("bert:tiny"), load_model(made.name)
    long = ("word " * 1000, None)
    assert len(prompted.tokenizer.encode([long])[0].ids) == len(
        plain.tokenizer.encode([long])[0].ids
    )
    card = ENTRIES["bert"].describe(made.name)
    assert card.max_tokens == plain.base.length - 5


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_every_recipe_names_a_learning_rate_of_its_own(recipe: str) -> None:
    card = ENTRIES["bert"].describe(ModelName.parse("bert:tiny"))
    entry = RECIPES[recipe]
    assert entry.resolve(entry.settings(), card).learning_rate is not None
    kept = entry.resolve(entry.settings(learning_rate=0.5), card)
    assert kept.learning_rate == 0.5


class Killed(Exception):
    """Stands for the end of a process."""


@pytest.mark.parametrize("recipe", PARTIAL)
def test_a_training_that_was_broken_off_ends_with_the_same_adapter(
    recipe: str, tmp_path: Path
) -> None:
    def stop(step: TrainStep) -> None:
        if step.step == 3:
            raise Killed

    settings: dict[str, Any] = {"save_every": 0.0, "dropout": 0.1, "epochs": 3.0}
    whole = train_by(recipe, "bert:tiny", tmp_path / "whole", **settings)
    place, kept = tmp_path / "broken", {"scratch": tmp_path / "kept"}
    stopped = {**kept, "on_step": stop}
    with pytest.raises(Killed):
        train_by(recipe, "bert:tiny", place, job=stopped, **settings)
    again = train_by(recipe, "bert:tiny", place, job=kept, **settings)
    assert again.report.resumed == 1
    assert (place / TENSORS).read_bytes() == (whole.folder / TENSORS).read_bytes()
