"""T5 with the tokenizers of real checkpoints: t5-small's, and CodeT5's kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import LoadSettings, ModelName
from harness.requests import Embed, Fill, Generate
from harness_t5.adapter import T5Adapter
from harness_t5.plugin import load
from tests.places import SHARED

TOKENIZERS = SHARED / "models" / "tokenizers"


def loaded(folder: Path) -> T5Adapter:
    return load(ModelName(adapter="t5", checkpoint=str(folder)), LoadSettings())


def rewrite(folder: Path, file: str = "config.json", **changes: Any) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def with_tokenizer(folder: Path, name: str, vocabulary: int) -> T5Adapter:
    """Give a random model one of the collected tokenizers."""
    source = TOKENIZERS / name
    if not source.is_dir():
        pytest.skip(f"there is no {source}")
    torch.manual_seed(4)
    sizes = {"d_model": 16, "d_kv": 6, "d_ff": 24, "num_layers": 1, "num_heads": 2}
    values: dict[str, Any] = {**sizes, "vocab_size": vocabulary}
    config = transformers.T5Config(**values | {"decoder_start_token_id": 0})
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    for file in source.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return loaded(folder)


def test_the_tokenizer_of_t5_small_reads_and_fills(tmp_path: Path) -> None:
    adapter = with_tokenizer(tmp_path, "t5-small", 32128)
    text = "Hello world, it's 3.14 café naïve!"
    (item,) = adapter.encode([Embed(text=text)])
    # ids of google-t5/t5-small
    first = [8774, 296, 6, 34, 31, 7, 1877, 2534, 11949, 3, 29, 9, 2, 162, 55, 1]
    assert item.ids == first
    (fill,) = adapter.encode([Fill(text="a {blank} b", candidates=("cat",))])
    assert 32099 in fill.ids
    (target,) = fill.extra["candidates"]
    assert (target[0], target[-1]) == (32099, 32098)


def test_code_t5_reads_with_the_tokenizer_of_roberta(tmp_path: Path) -> None:
    """CodeT5: a T5 with vocab.json and merges.txt, <s> before and </s> behind."""
    with_tokenizer(tmp_path, "roberta-base", 50265)
    (tmp_path / "tokenizer.json").unlink()
    rewrite(tmp_path, "tokenizer_config.json", tokenizer_class="RobertaTokenizer")
    rewrite(tmp_path, eos_token_id=2)
    rewrite(tmp_path, "generation_config.json", eos_token_id=2)
    adapter = loaded(tmp_path)
    (item,) = adapter.encode([Generate(prompt="Hello world")])
    assert item.ids == [0, 31414, 232, 2]  # ids of roberta-base
    assert adapter.module.config.end_token_ids == {2}
