"""Names of the form base+adapter, and what is refused of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness import CheckpointError, ModelName, PluginError, UsageError
from harness_torch.adapters.folder import SIDECAR, TENSORS
from harness_torch.adapters.naming import CONFIG, AdaptedName, base_name, split_name
from tests.plugins.finetune.tiny_recipes import (
    CLASSIFIER,
    ENTRIES,
    SHALLOW,
    Trained,
    load_model,
    probabilities,
    save_words,
    train_by,
)

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Hold a probed head of bert:tiny; tests only read it."""
    torch.set_num_threads(1)
    return train_by("linear-probe", "bert:tiny", tmp_path_factory.mktemp("probe"))


def edited(made: Trained, folder: Path, file: str, edit: Edit) -> ModelName:
    """Copy an adapter with a change to one of its JSON files, and name it."""
    for path in made.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    told = json.loads((folder / file).read_text())
    edit(told)
    (folder / file).write_text(json.dumps(told))
    return ModelName(adapter="bert", checkpoint=f"tiny+{folder}")


def name_of(text: str) -> ModelName:
    return ModelName.parse(text)


def test_a_name_is_taken_apart_at_the_last_plus_sign() -> None:
    split = split_name(name_of("bert:a/b+c/d,length=64"))
    assert split == AdaptedName(name_of("bert:a/b,length=64"), "c/d")


def test_a_name_without_a_plus_sign_has_no_adapter() -> None:
    assert split_name(name_of("bert:tiny")) is None
    assert base_name(name_of("bert:tiny")) == name_of("bert:tiny")


def test_a_folder_whose_name_has_a_plus_sign_is_one_model(tmp_path: Path) -> None:
    folder = tmp_path / "c++"
    folder.mkdir()
    assert split_name(ModelName(adapter="bert", checkpoint=str(folder))) is None


def test_a_plus_sign_in_the_path_of_an_adapter_does_not_part_it(tmp_path: Path) -> None:
    folder = tmp_path / "c++" / "adapter"
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text("{}")
    split = split_name(ModelName(adapter="bert", checkpoint=f"tiny+{folder}"))
    assert split == AdaptedName(name_of("bert:tiny"), str(folder))


def test_a_base_with_other_weights_is_refused(probe: Trained, bert_base: Path) -> None:
    name = ModelName(adapter="bert", checkpoint=f"{bert_base}+{probe.folder}")
    says = (
        r"does not belong to bert:.*, whose weights are \w+: it was trained on "
        r"bert:tiny with the weights \w+, so put that before the plus sign"
    )
    with pytest.raises(CheckpointError, match=says):
        ENTRIES["bert"].describe(name)
    with pytest.raises(CheckpointError, match=says):
        load_model(name)


def test_a_base_is_known_by_its_weights_whatever_its_options(
    bert_base: Path, tmp_path: Path
) -> None:
    made = train_by("linear-probe", f"bert:{bert_base}", tmp_path)
    shorter = ModelName(
        adapter="bert", checkpoint=made.name.checkpoint, options={"length": "16"}
    )
    assert ENTRIES["bert"].describe(shorter).head == CLASSIFIER


def test_without_a_sidecar_shapes_tell_a_base_that_does_not_fit(
    bert_base: Path, tmp_path: Path
) -> None:
    made = train_by("lora", f"bert:{bert_base}", tmp_path)
    (tmp_path / SIDECAR).unlink()
    name = ModelName(adapter="bert", checkpoint=f"tiny+{made.folder}")
    with pytest.raises(CheckpointError, match=r"does not fit bert:tiny: .*missing or"):
        load_model(name)


def test_parameters_of_another_architecture_are_refused(tmp_path: Path) -> None:
    made = train_by("lora", "bert:tiny", tmp_path)
    (tmp_path / SIDECAR).unlink()
    name = ModelName(adapter="gpt", checkpoint=f"tiny+{made.folder}")
    with pytest.raises(CheckpointError, match="does not fit gpt:tiny"):
        load_model(name)


def test_a_head_that_lacks_a_parameter_is_refused(
    probe: Trained, tmp_path: Path
) -> None:
    name = edited(probe, tmp_path, CONFIG, lambda told: None)
    tensors = load_file(tmp_path / TENSORS)
    tensors.pop("base_model.model.probe.bias")
    save_file(tensors, tmp_path / TENSORS)
    with pytest.raises(CheckpointError, match=r"does not fit .*\(probe.bias\)"):
        load_model(name)


def test_a_folder_that_is_no_adapter_is_named(bert_base: Path) -> None:
    name = ModelName(adapter="bert", checkpoint=f"tiny+{bert_base}")
    with pytest.raises(CheckpointError, match="has no adapter_config\\.json: expected"):
        ENTRIES["bert"].describe(name)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("use_dora", True, "which is not read here, expected nothing"),
        ("bias", "all", "which is not read here, expected 'none'"),
        ("rank_pattern", {"query": 2}, "which is not read here, expected nothing"),
        ("init_lora_weights", "pissa", "not read here, expected True or False or"),
        ("something_new", 3, "which is not read here, expected nothing"),
        ("peft_type", "IA3", "expected LORA or PROMPT_TUNING or HARNESS_BOTTLENECK"),
    ],
)
def test_what_is_not_read_of_an_adapter_is_refused(
    key: str, value: object, expected: str, probe: Trained, tmp_path: Path
) -> None:
    name = edited(probe, tmp_path, CONFIG, lambda told: told.update({key: value}))
    with pytest.raises(CheckpointError, match=f"has {key} .*{expected}.*: merge the"):
        ENTRIES["bert"].describe(name)


@pytest.mark.parametrize("key", ["head", "base"])
def test_a_sidecar_that_says_nothing_is_refused(
    key: str, probe: Trained, tmp_path: Path
) -> None:
    name = edited(probe, tmp_path, SIDECAR, lambda told: told.update({key: {}}))
    with pytest.raises(
        CheckpointError, match=f"has {key} {{}}, expected what a recipe"
    ):
        ENTRIES["bert"].describe(name)


def test_an_adapter_for_a_head_must_hold_one(probe: Trained, tmp_path: Path) -> None:
    name = edited(probe, tmp_path, CONFIG, lambda told: None)
    (tmp_path / SIDECAR).unlink()
    save_file({"base_model.model.x": torch.zeros(1)}, tmp_path / TENSORS)
    with pytest.raises(
        CheckpointError, match="for SEQ_CLS and holds no head, expected"
    ):
        ENTRIES["bert"].describe(name)


def test_tensors_that_were_cut_short_are_refused(
    probe: Trained, tmp_path: Path
) -> None:
    name = edited(probe, tmp_path, CONFIG, lambda told: None)
    whole = (tmp_path / TENSORS).read_bytes()
    (tmp_path / TENSORS).write_bytes(whole[:-4])
    with pytest.raises(CheckpointError, match="cut short"):
        ENTRIES["bert"].describe(name)


def test_an_adapted_model_is_not_trained_further(probe: Trained) -> None:
    with pytest.raises(PluginError, match="is a base with an adapter, which is not"):
        load_model(probe.name).prepare(CLASSIFIER, seed=1)


def test_a_merged_model_answers_as_base_and_adapter(tmp_path: Path) -> None:
    made = train_by("lora", "bert:tiny", tmp_path / "adapter")
    adapted = load_model(made.name)
    adapted.save(tmp_path / "merged")
    merged = load_model(f"bert:{tmp_path / 'merged'}")
    assert torch.equal(probabilities(merged), probabilities(adapted))


@pytest.mark.parametrize("recipe", ["adapter", "prompt-tuning", SHALLOW])
def test_what_adds_layers_or_tokens_is_not_merged(recipe: str, tmp_path: Path) -> None:
    made = train_by(recipe, "bert:tiny", tmp_path / "adapter")
    with pytest.raises(
        UsageError, match="adds layers or tokens, which can't be merged"
    ):
        load_model(made.name).save(tmp_path / "merged")


def test_a_pooler_that_the_base_lacked_is_part_of_the_adapter(tmp_path: Path) -> None:
    import transformers

    config = transformers.BertConfig(vocab_size=90, hidden_size=24, num_hidden_layers=1)
    config.num_attention_heads, config.intermediate_size = 4, 36
    bare = transformers.BertModel(config, add_pooling_layer=False)
    bare.save_pretrained(tmp_path / "base")
    save_words(tmp_path / "base", 90)
    made = train_by("lora", f"bert:{tmp_path / 'base'}", tmp_path / "adapter")
    assert "bert.pooler.dense.weight" in made.model.fresh
    torch.testing.assert_close(
        probabilities(load_model(made.name)), probabilities(made.model)
    )


def test_more_virtual_tokens_than_the_model_reads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leaves no room behind 600 virtual ones"):
        train_by(SHALLOW, "bert:tiny", tmp_path, tokens=600)
