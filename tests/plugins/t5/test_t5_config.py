"""T5 configurations, the table of shapes, and how fresh weights are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness_t5.config import read_config
from harness_t5.model import T5, initialise
from harness_t5.names import parameter_names
from harness_t5.shapes import parameter_shapes
from harness_t5.tiny import TINY_CONFIG

SMALL: dict[str, Any] = {
    "d_model": 16,
    "d_kv": 6,
    "d_ff": 24,
    "num_layers": 2,
    "num_heads": 2,
    "decoder_start_token_id": 0,
}


def test_a_start_that_nothing_names_is_the_padding() -> None:
    config = read_config({**TINY_CONFIG, "decoder_start_token_id": None}, Path("c"))
    assert config.start_token_id == 0


@pytest.mark.parametrize("has_decoder", [True, False])
@pytest.mark.parametrize("outputs", [None, 1, 3])
@pytest.mark.parametrize("feed_forward", ["relu", "gated-gelu"])
def test_shapes_are_those_of_the_modules(
    has_decoder: bool, outputs: int | None, feed_forward: str
) -> None:
    raw = {**TINY_CONFIG, **SMALL, "num_decoder_layers": 3}
    raw |= {"feed_forward_proj": feed_forward, "vocab_size": 31}
    config = read_config(raw, Path("odd"))
    parts: dict[str, Any] = {"has_decoder": has_decoder, "outputs": outputs}
    with torch.device("meta"):
        module = T5(config, has_output=has_decoder, **parts)
    built = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert parameter_shapes(config, has_output=has_decoder, **parts) == built


def test_fresh_weights_are_as_large_as_those_of_transformers() -> None:
    sizes = SMALL | {"d_model": 64, "d_ff": 200, "d_kv": 16, "num_heads": 4}
    values = {"vocab_size": 264, **sizes}
    torch.manual_seed(0)
    theirs = transformers.T5ForConditionalGeneration(transformers.T5Config(**values))
    module = T5(read_config({"model_type": "t5", **values}, Path("c")))
    initialise(module, factor=1.0, generator=torch.Generator().manual_seed(0))
    expected = dict(theirs.named_parameters())
    for name, parameter in module.named_parameters():
        spreads = [float(p.detach().std()) for p in (parameter, expected[name])]
        assert spreads[0] == pytest.approx(spreads[1], rel=0.3), name


def test_a_name_is_taken_once_whatever_copies_are_stored() -> None:
    names = ["shared.weight", "encoder.embed_tokens.weight", "lm_head.weight"]
    assert parameter_names(names) == {n: n for n in names if "embed" not in n}
