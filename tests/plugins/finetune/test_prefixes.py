"""`prompt-tuning` with virtual tokens at every layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from harness import CheckpointError, ModelName, UsageError
from harness_torch.adapters.folder import TENSORS
from harness_torch.packed import pack
from harness_torch.prefix import find_prefixes
from tests.plugins.finetune.tiny_recipes import (
    ENTRIES,
    RECIPES,
    TEXTS,
    load_model,
    probabilities,
    train_by,
)

PLACES = {
    "bert:tiny": "bert.encoder.layer.{}.attention.self.prefix.",
    "gpt:tiny": "model.layers.{}.self_attn.prefix.",
    "t5:tiny": "encoder.block.{}.layer.0.SelfAttention.prefix.",
}
DEEP = "prompt-tuning,depth=all"


@pytest.mark.parametrize("base", sorted(PLACES))
def test_keys_and_values_of_every_layer_are_trained(base: str, tmp_path: Path) -> None:
    made = train_by(DEEP, base, tmp_path, tokens=5)
    module = made.model.module
    names = {n for n, p in module.named_parameters() if p.requires_grad}
    prefixes = {name for name in names if ".prefix." in name}
    places = [PLACES[base].format(layer) for layer in range(2)]
    assert prefixes == {f"{p}{part}" for p in places for part in ("keys", "values")}
    assert names - prefixes <= made.model.head_names
    assert all(len(module.get_parameter(name)) == 5 for name in prefixes)


@pytest.mark.parametrize("base", sorted(PLACES))
def test_they_take_no_room_from_the_text(base: str, tmp_path: Path) -> None:
    made = train_by(DEEP, base, tmp_path)
    entry = ENTRIES[made.name.adapter]
    before, after = map(entry.describe, (ModelName.parse(base), made.name))
    assert after.max_tokens == before.max_tokens


def prefix_of(folder: Path, *, heads: int) -> Any:
    """Return what was written, as the cache of keys and values of transformers."""
    tensors = load_file(folder / TENSORS)
    cache = transformers.DynamicCache()
    for layer in range(2):
        path = f"base_model.model.{PLACES['bert:tiny'].format(layer)}"
        parts = [tensors[f"{path}{part}"] for part in ("keys", "values")]
        assert {part.shape[1] for part in parts} == {heads}
        keys, values = (part.transpose(0, 1)[None] for part in parts)
        cache.update(keys, values, layer)
    return cache


def test_transformers_says_the_same_with_them_as_its_past(
    bert_base: Path, tmp_path: Path
) -> None:
    # Positions are told, as transformers would count them from the past on.
    made = train_by(DEEP, f"bert:{bert_base}", tmp_path, learning_rate=0.05, tokens=3)
    theirs = transformers.BertModel.from_pretrained(bert_base).eval()
    ids = [4, 17, 33, 60]
    with torch.no_grad():
        told = theirs(
            input_ids=torch.tensor([ids]),
            position_ids=torch.arange(4)[None],
            attention_mask=torch.ones(1, 7),
            past_key_values=prefix_of(tmp_path, heads=4),
        ).last_hidden_state[0]
        packed = pack([ids], device=torch.device("cpu"))
        ours = load_model(made.name).module.hidden(packed)
    torch.testing.assert_close(ours, told, rtol=1e-5, atol=1e-5)


def test_a_prefix_for_other_layers_does_not_fit(
    bert_base: Path, tmp_path: Path
) -> None:
    made = train_by(DEEP, f"bert:{bert_base}", tmp_path)
    tensors = load_file(tmp_path / TENSORS)
    kept = {name: tensors[name] for name in tensors if "layer.1." not in name}
    save_file(kept, tmp_path / TENSORS)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_model(made.name)


def test_a_prefix_of_another_shape_does_not_fit(
    bert_base: Path, tmp_path: Path
) -> None:
    made = train_by(DEEP, f"bert:{bert_base}", tmp_path)
    tensors = load_file(tmp_path / TENSORS)
    turned = {
        n: t.transpose(1, 2).contiguous() if ".prefix." in n else t
        for n, t in tensors.items()
    }
    save_file(turned, tmp_path / TENSORS)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_model(made.name)


def test_another_seed_begins_with_other_keys(tmp_path: Path) -> None:
    first, second = (
        train_by(DEEP, "bert:tiny", tmp_path / str(seed), seed=seed).model.module
        for seed in (1, 2)
    )
    keys, others = (
        next(iter(find_prefixes(module).values())).vectors[0]
        for module in (first, second)
    )
    assert not torch.allclose(keys, others)


def test_a_tiny_model_learns_to_tell_its_texts_apart(tmp_path: Path) -> None:
    made = train_by(DEEP, "bert:tiny", tmp_path, epochs=40.0, learning_rate=0.02)
    right = torch.tensor(["good" in text for text in TEXTS])
    assert torch.equal(probabilities(made.model)[:, 1] > 0.5, right)


def test_an_unknown_depth_is_refused() -> None:
    with pytest.raises(UsageError, match="auto, all or input"):
        RECIPES["prompt-tuning"].settings(depth="some")
