"""The table of shapes is that of the modules."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness_bert.config import read_config
from harness_bert.model import BertClassifier
from harness_bert.shapes import parameter_shapes
from harness_bert.tiny import TINY_CONFIG

ODD = TINY_CONFIG | {
    "vocab_size": 31,
    "hidden_size": 12,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 7,
    "max_position_embeddings": 5,
    "type_vocab_size": 4,
}


@pytest.mark.parametrize("outputs", [None, 1, 3])
def test_shapes_are_those_of_the_modules(outputs: int | None) -> None:
    config = read_config(ODD, Path("odd"))
    with torch.device("meta"):
        module = BertClassifier(config, outputs)
    built = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert parameter_shapes(config, outputs) == built
