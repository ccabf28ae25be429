"""Recipes on `hub:` models: architectures that no adapter of ours builds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from harness import PluginError, UsageError
from harness_torch.adapters.folder import PROMPT, TENSORS
from harness_torch.adapters.naming import CONFIG
from tests.plugins.finetune.tiny_recipes import (
    BERT,
    GPT2,
    load_model,
    noisy,
    probabilities,
    train_by,
)

PARTIAL = ("lora", "adapter", "prompt-tuning", "linear-probe")
DEBERTA = {
    **BERT,
    "relative_attention": True,
    "position_buckets": 8,
    "pos_att_type": ["p2c", "c2p"],
}
MODERN = {**BERT, "local_attention": 16, "pad_token_id": 0, "cls_token_id": 1}
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "deberta": ("DebertaV2", {**DEBERTA, "pad_token_id": 0}),
    "modernbert": ("ModernBert", MODERN),
}


def save_tokenizer(folder: Path, *, frames: bool) -> None:
    """Put a tokenizer of letters beside a model."""
    letters = ["[PAD]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz "]
    library = Tokenizer(
        models.WordLevel({letter: i for i, letter in enumerate(letters)}, " ")
    )
    library.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    if frames:
        library.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
        )
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=library, pad_token="[PAD]", eos_token="[SEP]"
    )
    made.save_pretrained(folder)


@pytest.fixture(scope="module", params=sorted(ENCODERS))
def encoder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Hold a random encoder."""
    title, settings = ENCODERS[request.param]
    folder = tmp_path_factory.mktemp(title)
    torch.manual_seed(1)
    config = getattr(transformers, f"{title}Config")(**settings)
    noisy(getattr(transformers, f"{title}ForMaskedLM")(config)).save_pretrained(folder)
    save_tokenizer(folder, frames=True)
    return folder


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a random GPT-2, whose linear layers are transformers' Conv1D."""
    folder = tmp_path_factory.mktemp("GPT2")
    torch.manual_seed(1)
    settings = {**GPT2, "vocab_size": 40, "bos_token_id": 2, "eos_token_id": 2}
    config = transformers.GPT2Config(**settings, n_positions=64, pad_token_id=0)
    noisy(transformers.GPT2LMHeadModel(config)).save_pretrained(folder)
    save_tokenizer(folder, frames=False)
    return folder


@pytest.mark.parametrize("recipe", PARTIAL)
def test_an_adapter_of_an_encoder_answers_as_the_trained_model(
    recipe: str, encoder: Path, tmp_path: Path
) -> None:
    made = train_by(recipe, f"hub:{encoder}", tmp_path, learning_rate=0.01)
    told = probabilities(load_model(made.name))
    torch.testing.assert_close(told, probabilities(made.model), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("recipe", PARTIAL)
def test_the_body_of_an_encoder_stays_bit_for_bit(
    recipe: str, encoder: Path, tmp_path: Path
) -> None:
    made = train_by(recipe, f"hub:{encoder}", tmp_path)
    first = load_model(f"hub:{encoder}").module.state_dict()
    frozen = {
        name.replace("base_layer.", ""): parameter
        for name, parameter in made.model.module.named_parameters()
        if not parameter.requires_grad
    }
    assert len(frozen.keys() & first.keys()) > 8
    for name in frozen.keys() & first.keys():
        assert torch.equal(frozen[name], first[name]), name


@pytest.mark.parametrize("recipe", PARTIAL)
def test_an_adapter_of_a_decoder_answers_as_the_trained_model(
    recipe: str, decoder: Path, tmp_path: Path
) -> None:
    made = train_by(recipe, f"hub:{decoder}", tmp_path, learning_rate=0.01)
    told = probabilities(load_model(made.name))
    torch.testing.assert_close(told, probabilities(made.model), rtol=1e-5, atol=1e-5)


def test_both_adapters_of_one_base_read_the_same_lora(
    gpt2_base: Path, tmp_path: Path
) -> None:
    made = train_by("lora", f"gpt:{gpt2_base}", tmp_path, learning_rate=0.01)
    hub = load_model(f"hub:{made.name.checkpoint}")
    torch.testing.assert_close(
        probabilities(hub), probabilities(load_model(made.name)), rtol=1e-4, atol=1e-4
    )


def test_a_merged_encoder_answers_as_base_and_adapter(
    encoder: Path, tmp_path: Path
) -> None:
    made = train_by("lora", f"hub:{encoder}", tmp_path / "adapter", learning_rate=0.01)
    adapted = load_model(made.name)
    adapted.save(tmp_path / "merged")
    merged = load_model(f"hub:{tmp_path / 'merged'}")
    torch.testing.assert_close(probabilities(merged), probabilities(adapted))


def test_virtual_tokens_before_what_a_decoder_writes_are_refused(
    decoder: Path, tmp_path: Path
) -> None:
    config = {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}
    (tmp_path / CONFIG).write_text(json.dumps(config))
    save_file({PROMPT: torch.zeros(2, 24)}, tmp_path / TENSORS)
    with pytest.raises(UsageError, match="before which hub: puts no virtual tokens"):
        load_model(f"hub:{decoder}+{tmp_path}")


def test_lora_of_peft_is_merged_into_a_decoder(decoder: Path, tmp_path: Path) -> None:
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2}
    (tmp_path / CONFIG).write_text(json.dumps(config))
    path = "base_model.model.transformer.h.0.attn.c_attn"
    pair = {"A": torch.ones(2, 24), "B": torch.ones(72, 2) * 0.01}
    save_file(
        {f"{path}.lora_{k}.weight": t for k, t in pair.items()}, tmp_path / TENSORS
    )
    plain, merged = (
        load_model(f"hub:{decoder}"),
        load_model(f"hub:{decoder}+{tmp_path}"),
    )
    weight = "transformer.h.0.attn.c_attn.weight"
    change = merged.module.get_parameter(weight) - plain.module.get_parameter(weight)
    # two rows of the one, scaled by alpha / r = 1, times two columns of the other
    torch.testing.assert_close(change, torch.full((24, 72), 0.02))


def test_layers_of_transformers_take_no_virtual_tokens(
    encoder: Path, tmp_path: Path
) -> None:
    with pytest.raises(PluginError, match="no layer that takes virtual tokens"):
        train_by("prompt-tuning,depth=all", f"hub:{encoder}", tmp_path)
