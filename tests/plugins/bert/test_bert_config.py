"""A configuration that can't be built is refused before weights load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers

from harness import CheckpointError, Head
from harness_bert.config import BertConfig, read_config
from harness_torch.config import head_of

ORIGIN = Path("model/config.json")
SAME = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
    "initializer_range",
)


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
        ({"model_type": "gpt2"}, "model_type 'gpt2', expected bert or"),
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
    with pytest.raises(CheckpointError, match=r"hidden_act.*; is_decoder is True"):
        config(hidden_act="mish", is_decoder=True)


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
    ("changes", "message"),
    [
        ({"model_type": "distilbert", "dim": "x"}, "has dim 'x', expected a positive"),
        ({"model_type": "distilbert", "n_heads": 5}, "768 is no multiple of"),
        (
            {"model_type": "roberta", "type_vocab_size": 0},
            "type_vocab_size 0, expected",
        ),
        (
            {"model_type": "roberta", "max_position_embeddings": 2},
            "max_position_embeddings 2 leaves no position after pad_token_id 1",
        ),
        (
            {"model_type": "albert", "num_hidden_groups": 13},
            "num_hidden_groups 13 is more than num_hidden_layers 12",
        ),
    ],
)
def test_wrong_values_of_other_architectures_are_named(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        config(**changes)


@pytest.mark.parametrize(
    "model_type",
    ["bert", "roberta", "xlm-roberta", "camembert", "albert", "distilbert"],
)
def test_defaults_are_those_of_transformers(model_type: str) -> None:
    theirs = transformers.AutoConfig.for_model(model_type)
    mine = config(model_type=model_type)
    for name in SAME:
        assert getattr(mine, name) == getattr(theirs, name), name


@pytest.mark.parametrize(
    ("model_type", "pad", "longest"),
    [("bert", 1, 512), ("roberta", 1, 510), ("roberta", 0, 511), ("albert", 3, 512)],
)
def test_roberta_has_no_position_for_padding(
    model_type: str, pad: int, longest: int
) -> None:
    assert config(model_type=model_type, pad_token_id=pad).longest == longest


def test_the_head_drops_what_the_family_says() -> None:
    assert config(hidden_dropout_prob=0.3).classifier_dropout == 0.3
    assert config(classifier_dropout=0.2).classifier_dropout == 0.2
    assert config(model_type="albert").classifier_dropout == 0.1
    assert config(model_type="distilbert").classifier_dropout == 0.2
