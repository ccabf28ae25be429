"""The tables of shapes are those of the modules."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness_bert.config import read_config
from harness_bert.modules import build_module
from harness_bert.parts import Parts
from harness_bert.shapes import parameter_shapes

ODD = {
    "vocab_size": 31,
    "hidden_size": 12,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 7,
    "max_position_embeddings": 9,
    "type_vocab_size": 4,
    "embedding_size": 5,
    "num_hidden_groups": 2,
    "inner_group_num": 2,
    "dim": 12,
    "n_layers": 3,
    "n_heads": 3,
    "hidden_dim": 7,
}
PARTS = [
    Parts(),
    Parts(kind="classify", outputs=3, has_pooler=True),
    Parts(kind="choose", outputs=1, has_pooler=True, has_words=True),
    Parts(kind="extract", outputs=2),
    Parts(has_words=True, has_own_decoder=True),
]


CASES = [
    (model_type, parts)
    for model_type in ("bert", "roberta", "albert", "distilbert")
    for parts in PARTS
    if model_type != "distilbert" or not parts.has_pooler
] + [("distilbert", Parts(kind="classify", outputs=3))]


@pytest.mark.parametrize(("model_type", "parts"), CASES)
def test_shapes_are_those_of_the_modules(model_type: str, parts: Parts) -> None:
    config = read_config({**ODD, "model_type": model_type}, Path("odd"))
    with torch.device("meta"):
        module = build_module(config, parts)
    built = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert parameter_shapes(config, parts) == built
