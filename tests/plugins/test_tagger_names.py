"""What tells a tagger from a classifier where config.json does not say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import transformers

from harness import ModelName
from harness_gpt.plugin import describe
from harness_torch.config import is_tagger
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY, byte_tokenizer

LABELS = {0: "O", 1: "B-X", 2: "I-X"}
SIZES: dict[str, dict[str, Any]] = {
    "GPT2": {"n_embd": 24, "n_layer": 1, "n_head": 4},
    "Llama": {
        "hidden_size": 24,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 24,
    },
}


@pytest.mark.parametrize("task", ["Token", "Sequence"])
@pytest.mark.parametrize("title", SIZES)
def test_a_decoders_head_is_told_by_its_weights(
    title: str, task: str, tmp_path: Path
) -> None:
    cls = getattr(transformers, f"{title}For{task}Classification")
    config = cls.config_class(
        vocab_size=BYTE_VOCABULARY, id2label=LABELS, **SIZES[title]
    )
    cls(config).save_pretrained(tmp_path)
    for name, content in byte_tokenizer(length=9, bos=False, eos=False).files.items():
        (tmp_path / name).write_bytes(content)
    raw = json.loads((tmp_path / "config.json").read_text())
    raw.pop("architectures")
    (tmp_path / "config.json").write_text(json.dumps(raw))
    head = describe(ModelName(adapter="gpt", checkpoint=str(tmp_path))).head
    assert head is not None
    assert head.kind == {"Token": "tag", "Sequence": "classify"}[task]
    assert head.labels == ("O", "B-X", "I-X")


@pytest.mark.parametrize(
    ("architectures", "expected"),
    [(["BertForTokenClassification"], True), (["BertModel"], False), (None, False)],
)
def test_a_class_name_says_whether_it_tags(
    architectures: object, expected: bool
) -> None:
    assert is_tagger(architectures) is expected
