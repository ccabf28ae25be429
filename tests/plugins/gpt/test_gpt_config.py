"""What a config.json may say, and what is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import CheckpointError
from harness_gpt.config import DecoderConfig, read_config
from harness_gpt.gpt2 import Gpt2
from harness_gpt.gpt2_config import Gpt2Config
from harness_gpt.llama import Llama
from harness_gpt.llama_config import LlamaConfig
from harness_gpt.names import parameter_names
from harness_gpt.rope import Rope, read_rope
from harness_gpt.rotary import rotation
from harness_gpt.shapes import parameter_shapes

ORIGIN = Path("config.json")
Case = tuple[str, dict[str, Any]]
SMALL = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2}


def raw_of(case: Case) -> dict[str, Any]:
    family, settings = case
    config = getattr(transformers, f"{family}Config")(**settings)
    raw: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    return raw


def llama(**settings: object) -> LlamaConfig:
    config = read_config({"model_type": "llama", **SMALL, **settings}, ORIGIN)
    assert isinstance(config, LlamaConfig)
    return config


def refused(match: str, **settings: object) -> None:
    with pytest.raises(CheckpointError, match=match):
        read_config({"model_type": "llama", **SMALL, **settings}, ORIGIN)


@pytest.mark.parametrize("outputs", [None, 1, 3])
def test_shapes_are_those_of_the_modules(case: Case, outputs: int | None) -> None:
    config = read_config(raw_of(case), ORIGIN)
    for has_output in (True, False):
        with torch.device("meta"):
            module = build(config, outputs, has_output)
        built = {name: tuple(t.shape) for name, t in module.state_dict().items()}
        expected = parameter_shapes(config, outputs=outputs, has_output=has_output)
        assert expected == built


def build(config: DecoderConfig, outputs: int | None, has_output: bool) -> Gpt2 | Llama:
    if isinstance(config, Gpt2Config):
        return Gpt2(config, outputs=outputs, has_output=has_output)
    return Llama(config, outputs=outputs, has_output=has_output)


def test_a_file_with_a_type_alone_has_the_defaults_of_transformers() -> None:
    for family in ("GPT2", "Llama", "Mistral", "Qwen2", "Qwen3"):
        whole = raw_of((family, {}))
        short = {"model_type": whole["model_type"]}
        assert read_config(short, ORIGIN) == read_config(
            whole | {"id2label": {}}, ORIGIN
        )


def test_another_architecture_is_refused_with_ours() -> None:
    with pytest.raises(
        CheckpointError, match="model_type 'opt', expected gpt2 or llam"
    ):
        read_config({"model_type": "opt"}, ORIGIN)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (
            {"num_key_value_heads": 3},
            "num_attention_heads 2 is no multiple of num_key_",
        ),
        ({"head_dim": 3}, "head_dim is 3, expected an even number"),
        ({"hidden_act": "mish"}, "hidden_act is 'mish', expected 'gelu' or"),
        ({"quantization_config": {}}, "quantization_config is {}, expected None"),
        ({"problem_type": "multi"}, "problem_type is 'multi', expected None"),
        ({"hidden_size": "8"}, "hidden_size '8', expected a positive whole number"),
        ({"rms_norm_eps": -1}, "rms_norm_eps -1, expected a number from 0 to 1"),
    ],
)
def test_a_llama_that_can_not_be_built_is_refused(
    settings: dict[str, object], match: str
) -> None:
    refused(match, **settings)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"n_head": 5}, "n_embd 768 is no multiple of n_head 5"),
        ({"add_cross_attention": True}, "add_cross_attention is True, expected False"),
        ({"activation_function": "tanh"}, "activation_function is 'tanh'"),
    ],
)
def test_a_gpt2_that_can_not_be_built_is_refused(
    settings: dict[str, object], match: str
) -> None:
    with pytest.raises(CheckpointError, match=match):
        read_config({"model_type": "gpt2", **settings}, ORIGIN)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (
            {"rope_type": "longrope"},
            "the rope type 'longrope', expected default or lin",
        ),
        ({"type": "su"}, "the rope type 'su', expected"),
        ({"rope_type": "linear"}, "the rope type 'linear' without factor"),
        (
            {"rope_type": "llama3", "factor": 8.0},
            "'llama3' without low_freq_factor and high_freq_factor",
        ),
        ({"rope_type": "linear", "factor": "8"}, "factor '8', expected a number"),
        ({"rope_type": "linear", "factor": 0}, "factor 0.0, expected more than 0"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5, expected 1.0"),
    ],
)
def test_rotary_settings_that_are_not_known_are_refused(
    settings: dict[str, object], match: str
) -> None:
    refused(match, rope_parameters=settings)
    refused(match, rope_scaling=settings)


def test_rotary_settings_that_are_no_object_are_refused() -> None:
    refused("rope_parameters 'linear', expected an object", rope_parameters="linear")


def test_old_and_new_places_of_rotary_settings_mean_the_same() -> None:
    stretch = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    old = llama(rope_theta=5e5, rope_scaling={"type": "llama3", **stretch})
    new = llama(rope_parameters={"rope_type": "llama3", "rope_theta": 5e5, **stretch})
    assert old.rope == new.rope
    assert (old.rope.theta, old.rope.original_length) == (5e5, 2048)


YARN: list[dict[str, Any]] = [
    {},
    {"beta_fast": 20.0, "beta_slow": 2.0},
    {"attention_factor": 0.7},
    {"mscale": 0.7, "mscale_all_dim": 0.4},
    {"truncate": False},
]


@pytest.mark.parametrize("more", YARN)
def test_yarn_turns_as_transformers_does(more: dict[str, Any]) -> None:
    settings = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 8.0, **more}
    settings["original_max_position_embeddings"] = 512
    config = transformers.LlamaConfig(
        hidden_size=64, num_attention_heads=2, rope_parameters=dict(settings)
    )
    theirs = transformers.models.llama.modeling_llama.LlamaRotaryEmbedding(config)
    places = torch.tensor([[0, 1, 7, 500, 4000]])
    cos, sin = theirs(torch.zeros(1), places)
    rope = read_rope({"rope_parameters": settings}, ORIGIN, length=4096)
    ours = rotation(rope, 32, places[0])
    assert torch.equal(ours.cos[:, 0], cos[0])
    assert torch.equal(ours.sin[:, 0], sin[0])


def test_turns_are_exact_in_half_precision_too() -> None:
    rope = Rope(kind="default", theta=1e4)
    places = torch.tensor([60_001])
    turned = rotation(rope, 4, places)
    states = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]], dtype=torch.bfloat16)
    expected = torch.cos(torch.tensor(60_001.0)).bfloat16()
    assert torch.equal(turned.apply(states)[0, 0, 0], expected)


def windows(**settings: object) -> tuple[int | None, ...]:
    small = {**SMALL, "num_hidden_layers": 3, "num_key_value_heads": 1}
    config = read_config({**small, **settings}, ORIGIN)
    assert isinstance(config, LlamaConfig)
    return config.windows


def test_each_layer_has_its_window() -> None:
    own: Mapping[str, object] = {"use_sliding_window": True, "sliding_window": 7}
    assert windows(model_type="llama", **own) == (None,) * 3
    assert windows(model_type="mistral") == (4096,) * 3
    assert windows(model_type="mistral", sliding_window=None) == (None,) * 3
    assert windows(model_type="qwen2", sliding_window=7) == (None,) * 3
    assert windows(model_type="qwen2", max_window_layers=1, **own) == (None, 7, 7)
    kinds = ["sliding_attention", "full_attention", "full_attention"]
    assert windows(model_type="qwen3", layer_types=kinds, **own) == (7, None, None)


def test_layer_types_that_do_not_fit_are_refused() -> None:
    own: Mapping[str, object] = {"use_sliding_window": True, "model_type": "qwen2"}
    with pytest.raises(
        CheckpointError, match="layer_types is 'chunked', expected 'ful"
    ):
        windows(**own, layer_types=["chunked"] * 3)
    with pytest.raises(CheckpointError, match="layer_types has 2 entries, expected 3"):
        windows(**own, layer_types=["full_attention"] * 2)


def test_a_tied_output_layer_is_taken_once(cases: Mapping[str, Case]) -> None:
    config = read_config(raw_of(cases["llama-biases"]), ORIGIN)
    stored = ["lm_head.weight", "model.norm.weight", "score.weight"]
    assert parameter_names(stored, config) == {
        "model.norm.weight": "model.norm.weight",
        "score.weight": "score.weight",
    }


def test_a_base_model_has_no_prefix(cases: Mapping[str, Case]) -> None:
    config = read_config(raw_of(cases["llama"]), ORIGIN)
    stored = ["norm.weight", "lm_head.weight", "layers.0.self_attn.rotary_emb.inv_freq"]
    assert parameter_names(stored, config) == {
        "norm.weight": "model.norm.weight",
        "lm_head.weight": "lm_head.weight",
    }


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("llama", "attention_bias"),
        ("llama", "mlp_bias"),
        ("llama", "tie_word_embeddings"),
        ("qwen2", "use_sliding_window"),
        ("gpt2", "scale_attn_weights"),
        ("gpt2", "scale_attn_by_inverse_layer_idx"),
        ("gpt2", "tie_word_embeddings"),
    ],
)
def test_a_flag_that_is_none_is_refused(kind: str, key: str) -> None:
    raw = {"model_type": kind, **SMALL, "num_key_value_heads": 2, key: "false"}
    with pytest.raises(CheckpointError, match=f"{key} 'false', expected true or false"):
        read_config(raw, ORIGIN)
