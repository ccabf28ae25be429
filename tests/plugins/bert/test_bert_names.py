"""Every spelling of a parameter's name that checkpoints have is understood."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from harness_bert.families import FAMILIES
from harness_bert.names import parameter_names


def names(stored: Iterable[str], model_type: str = "bert") -> dict[str, str]:
    return parameter_names(stored, FAMILIES[model_type])


@pytest.mark.parametrize(
    ("model_type", "stored", "ours"),
    [
        ("bert", "pooler.dense.bias", "bert.pooler.dense.bias"),
        ("bert", "embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"),
        ("bert", "embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias"),
        ("camembert", "pooler.dense.bias", "roberta.pooler.dense.bias"),
        ("albert", "pooler.bias", "albert.pooler.bias"),
        (
            "distilbert",
            "embeddings.LayerNorm.bias",
            "distilbert.embeddings.LayerNorm.bias",
        ),
    ],
)
def test_names_without_prefix_and_old_names_are_mapped(
    model_type: str, stored: str, ours: str
) -> None:
    assert names([stored], model_type) == {stored: ours}


@pytest.mark.parametrize(
    ("model_type", "head"),
    [
        ("bert", "classifier.bias"),
        ("bert", "qa_outputs.bias"),
        ("bert", "cls.predictions.transform.dense.bias"),
        ("roberta", "lm_head.layer_norm.weight"),
        ("roberta", "classifier.out_proj.weight"),
        ("albert", "predictions.dense.bias"),
        ("distilbert", "pre_classifier.bias"),
        ("distilbert", "vocab_transform.bias"),
    ],
)
def test_heads_keep_their_names_with_and_without_prefix(
    model_type: str, head: str
) -> None:
    body = f"{FAMILIES[model_type].architecture}.embeddings.LayerNorm.bias"
    assert names([head], model_type)[head] == head
    assert names([head, body], model_type)[head] == head


@pytest.mark.parametrize(
    ("model_type", "stored"),
    [
        ("bert", "embeddings.position_ids"),
        ("bert", "bert.embeddings.position_ids"),
        ("bert", "embeddings.token_type_ids"),
        ("bert", "cls.seq_relationship.weight"),
        ("albert", "sop_classifier.classifier.weight"),
        ("roberta", "roberta.embeddings.token_type_ids"),
    ],
)
def test_buffers_and_heads_that_answer_nothing_are_dropped(
    model_type: str, stored: str
) -> None:
    assert names([stored], model_type) == {}


@pytest.mark.parametrize(
    ("model_type", "head"),
    [("bert", "cls.predictions"), ("roberta", "lm_head"), ("albert", "predictions")],
)
def test_the_decoders_bias_is_taken_where_it_is_stored(
    model_type: str, head: str
) -> None:
    own, decoders = f"{head}.bias", f"{head}.decoder.bias"
    assert names([own], model_type) == {own: own}
    assert names([decoders], model_type) == {decoders: own}
    assert names([own, decoders], model_type) == {decoders: own}
