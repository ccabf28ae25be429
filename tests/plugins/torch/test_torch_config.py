"""A checkpoint of another family is refused with the name of the adapter for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import CheckpointError
from harness_bert.config import read_config as read_bert
from harness_bert.families import FAMILIES
from harness_gpt.config import read_config as read_gpt
from harness_gpt.llama_config import LLAMA_TYPES
from harness_t5.config import read_config as read_t5
from harness_torch.config import FAMILY_TYPES, check_type

HERE = Path("config.json")


@pytest.mark.parametrize(
    ("read", "adapter", "kind", "right"),
    [
        (read_bert, "bert", "llama", "gpt"),
        (read_bert, "bert", "t5", "t5"),
        (read_gpt, "gpt", "albert", "bert"),
        (read_gpt, "gpt", "mt5", "t5"),
        (read_t5, "t5", "gpt2", "gpt"),
        (read_t5, "t5", "camembert", "bert"),
    ],
)
def test_the_right_adapter_is_named(
    read: Callable[..., object], adapter: str, kind: str, right: str
) -> None:
    advice = f"use {right}: instead of {adapter}:, it builds this one$"
    with pytest.raises(CheckpointError, match=advice):
        read({"model_type": kind}, HERE)


@pytest.mark.parametrize("kind", ["mamba", None, ["llama"]])
def test_of_unknown_architectures_the_way_through_transformers_is_named(
    kind: object,
) -> None:
    with pytest.raises(CheckpointError) as error:
        check_type({"model_type": kind}, HERE, "t5")
    assert str(error.value) == (
        f"config.json has model_type {kind!r}, expected t5 or mt5: use another "
        "checkpoint, or hub:, which takes any that transformers knows"
    )


def test_what_is_named_is_what_the_adapters_build() -> None:
    assert FAMILY_TYPES["bert"] == tuple(FAMILIES)
    assert FAMILY_TYPES["gpt"] == ("gpt2", *LLAMA_TYPES)
