"""A configuration that can't be built is refused before weights load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import CheckpointError, Head
from harness_bert.config import BertConfig, read_config
from harness_bert.names import parameter_names
from harness_torch.config import head_of

ORIGIN = Path("model/config.json")


def config(**changes: object) -> BertConfig:
    return read_config({"model_type": "bert", **changes}, ORIGIN)


def head(outputs: int, **changes: object) -> Head:
    read = config(**changes)
    return head_of(read.problem_type, read.labels, outputs)


def test_defaults_are_those_of_bert_base() -> None:
    assert config().hidden_size == 768
    assert config().num_hidden_layers == 12
    assert config().layer_norm_eps == 1e-12


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "gpt2"}, "model_type is 'gpt2', expected 'bert'"),
        ({"hidden_act": "mish"}, "hidden_act is 'mish', expected 'gelu' or"),
        (
            {"position_embedding_type": "relative_key"},
            "position_embedding_type is 'relative_key', expected 'absolute'",
        ),
        ({"is_decoder": True}, "is_decoder is True, expected False"),
        ({"quantization_config": {"bits": 4}}, "quantization_config is"),
        ({"problem_type": "multi_label_classification"}, "problem_type is 'multi"),
        ({"num_attention_heads": 7}, "hidden_size 768 is no multiple of"),
        ({"type_vocab_size": 1}, "type_vocab_size 1, expected 2 or more"),
        ({"hidden_size": "768"}, "hidden_size '768', expected a positive whole"),
        ({"hidden_size": True}, "hidden_size True, expected a positive whole"),
        ({"vocab_size": 0}, "vocab_size 0, expected a positive whole number"),
        ({"hidden_dropout_prob": 2}, "hidden_dropout_prob 2, expected a number from"),
        ({"classifier_dropout": "x"}, "classifier_dropout 'x', expected a number"),
        ({"id2label": {"1": "a"}}, "id2label .* expected names under '0', '1'"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        config(**changes)


def test_faults_that_stop_the_building_are_told_together() -> None:
    with pytest.raises(CheckpointError, match=r"model_type.*; is_decoder is True"):
        config(model_type="t5", is_decoder=True)


def test_a_head_has_the_labels_of_the_configuration() -> None:
    labels = {"0": "no", "1": "yes"}
    assert head(2, id2label=labels) == Head(kind="classify", labels=("no", "yes"))


def test_a_head_without_names_has_the_usual_ones() -> None:
    assert head(2).labels == ("LABEL_0", "LABEL_1")


@pytest.mark.parametrize("problem", [None, "regression"])
def test_a_head_of_one_output_regresses(problem: str | None) -> None:
    assert head(1, problem_type=problem) == Head(kind="regress")


def test_a_regression_head_of_two_outputs_is_refused() -> None:
    with pytest.raises(CheckpointError, match="head has 2 outputs, expected 1"):
        head(2, problem_type="regression")


@pytest.mark.parametrize("labels", [{"0": "a"}, {"0": "a", "1": "a"}])
def test_labels_that_do_not_name_every_output_are_refused(
    labels: dict[str, str],
) -> None:
    with pytest.raises(CheckpointError, match="1 different labels in id2label"):
        head(2, id2label=labels)


@pytest.mark.parametrize(
    ("stored", "ours"),
    [
        ("pooler.dense.bias", "bert.pooler.dense.bias"),
        ("embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"),
        ("embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias"),
    ],
)
def test_names_without_prefix_and_old_names_are_mapped(stored: str, ours: str) -> None:
    assert parameter_names([stored]) == {stored: ours}


def test_heads_keep_their_names_with_and_without_prefix() -> None:
    assert parameter_names(["classifier.bias"]) == {
        "classifier.bias": "classifier.bias"
    }
    assert "qa_outputs.bias" in parameter_names(
        ["bert.pooler.dense.bias", "qa_outputs.bias"]
    )


def test_buffers_and_pretraining_heads_are_dropped() -> None:
    stored = ["embeddings.position_ids", "cls.predictions.bias"]
    assert parameter_names(stored) == {}
    assert parameter_names(["bert.embeddings.position_ids"]) == {}
