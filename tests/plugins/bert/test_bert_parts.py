"""What a checkpoint has follows from its weights; what can't be used is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from harness import CheckpointError, Head, ModelCard, ModelName
from harness.requests import (
    Choose,
    Classify,
    Embed,
    Extract,
    Fill,
    PseudoLikelihood,
    Regress,
    Tag,
)
from harness.testing import check_adapter
from harness_bert.plugin import describe
from harness_torch.packed import pack

Make = Callable[..., Any]
ARCHITECTURES = ["bert", "roberta", "albert", "distilbert"]
LABELS = ("bad", "fair", "good")
HEAD = Head(kind="classify", labels=LABELS)


def card(folder: Path) -> ModelCard:
    return describe(ModelName.parse(f"bert:{folder}"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("Model", set()),
        ("ForMaskedLM", {Fill, PseudoLikelihood}),
        ("ForSequenceClassification", {Classify}),
        ("ForMultipleChoice", {Choose}),
        ("ForQuestionAnswering", {Extract}),
    ],
)
def test_abilities_follow_from_the_weights(
    reference: Make,
    saved: Make,
    opened: Make,
    tmp_path: Path,
    architecture: str,
    task: str,
    asked: set[type],
) -> None:
    folder = saved(reference(architecture, task), tmp_path)
    assert card(folder).abilities == {Embed, *asked}
    parameters = opened(folder).module.parameters()
    assert card(folder).parameters == sum(p.numel() for p in parameters)
    assert card(folder).facts["architecture"] == architecture


def test_one_output_regresses_unless_the_class_is_of_choices(
    reference: Make, saved: Make, tmp_path: Path
) -> None:
    model = reference("bert", "ForSequenceClassification", num_labels=1)
    assert card(saved(model, tmp_path)).abilities == {Embed, Regress}


@pytest.mark.parametrize("architecture", ["bert", "roberta", "albert", "distilbert"])
def test_a_head_over_tokens_is_told_with_its_labels(
    reference: Make, saved: Make, tmp_path: Path, architecture: str
) -> None:
    labels = {0: "O", 1: "B-X", 2: "I-X"}
    model = reference(architecture, "ForTokenClassification", id2label=labels)
    told = card(saved(model, tmp_path))
    assert told.head == Head(kind="tag", labels=("O", "B-X", "I-X"))
    assert told.abilities == {Embed, Tag}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_untied_head_without_its_decoder_is_refused(
    reference: Make, saved: Make, tmp_path: Path, architecture: str
) -> None:
    folder = saved(reference(architecture, "ForMaskedLM"), tmp_path)
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), "tie_word_embeddings": False}
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"1 missing \(.*(decoder|projector)\.w"):
        card(folder)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_missing_tensor_is_named(
    reference: Make, saved: Make, tmp_path: Path, architecture: str
) -> None:
    path = saved(reference(architecture), tmp_path) / "model.safetensors"
    tensors = load_file(path)
    tensors.pop("embeddings.LayerNorm.bias")
    save_file(tensors, path)
    name = f"{architecture}.embeddings.LayerNorm.bias"
    with pytest.raises(CheckpointError, match=rf"1 missing \({name}\)"):
        card(path.parent)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_configuration_of_another_size_is_refused(
    reference: Make, saved: Make, tmp_path: Path, architecture: str
) -> None:
    path = saved(reference(architecture), tmp_path) / "config.json"
    config = {**json.loads(path.read_text()), "vocab_size": 91}
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"1 misshapen \(.*word_embeddings"):
        card(path.parent)


def test_weights_of_another_architecture_are_refused(
    reference: Make, saved: Make, tmp_path: Path
) -> None:
    path = saved(reference("roberta"), tmp_path) / "config.json"
    config = {**json.loads(path.read_text()), "model_type": "distilbert"}
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"don't fit the model: .* missing"):
        card(path.parent)


def test_a_vocabulary_larger_than_the_model_is_refused(
    reference: Make, saved: Make, opened: Make, tmp_path: Path
) -> None:
    folder = saved(reference("albert"), tmp_path)
    (folder / "word_hash.json").write_text('{"vocab_size": 91}')
    with pytest.raises(CheckpointError, match="has 91 ids, the model 90 word vectors"):
        opened(folder)


@pytest.mark.parametrize("model_type", [*ARCHITECTURES, "xlm-roberta", "camembert"])
@torch.inference_mode()
def test_transformers_loads_a_fine_tuned_classifier_whole(
    reference: Make,
    saved: Make,
    opened: Make,
    ask: Make,
    tmp_path: Path,
    model_type: str,
) -> None:
    base = reference(model_type, "ForMaskedLM")
    adapter = opened(saved(base, tmp_path / "base"))
    adapter.prepare(HEAD, seed=1)
    adapter.save(tmp_path / "out")
    auto = transformers.AutoModelForSequenceClassification
    model, told = auto.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(told.values())
    assert model.config.model_type == model_type
    asked = Classify(text="a b c", labels=LABELS)
    (item,) = adapter.encode([asked])
    expected = model.eval()(torch.tensor([item.ids])).logits.softmax(-1)[0].tolist()
    (answer,) = ask(opened(tmp_path / "out"), [asked])
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)


def test_a_head_for_other_labels_replaces_the_old_one(
    reference: Make, saved: Make, opened: Make, tmp_path: Path
) -> None:
    model = reference("roberta", "ForSequenceClassification", num_labels=2)
    adapter = opened(saved(model, tmp_path))
    before = adapter.module.state_dict()["classifier.dense.weight"].clone()
    weights = adapter.prepare(HEAD, seed=1).state_dict()
    assert weights["classifier.out_proj.weight"].shape == (3, 24)
    assert not torch.equal(weights["classifier.dense.weight"], before)
    body = "roberta.encoder.layer.0.output.dense.weight"
    assert torch.equal(weights[body], model.state_dict()[body])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_adapters_keep_the_contract_of_the_conformance_kit(
    reference: Make, saved: Make, opened: Make, tmp_path: Path, architecture: str
) -> None:
    adapter = opened(saved(reference(architecture, "ForMaskedLM"), tmp_path))
    texts = ["", "[MASK]", "a b c", "it is long " * 20]
    blanks = [f"{text} {{blank}}" for text in texts]
    vectors = [Embed(text=text) for text in texts]
    fills = [Fill(text=text, candidates=("x", "y z")) for text in blanks]
    assert len(check_adapter(adapter, [*vectors, *fills])) == 8


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_padded_groups_as_on_a_gpu_give_equal_rows(
    reference: Make, saved: Make, opened: Make, tmp_path: Path, architecture: str
) -> None:
    model = reference(architecture, "ForMaskedLM")
    module = opened(saved(model, tmp_path)).module
    rows = [list(range(6, 6 + n)) for n in (3, 9, 9, 1, 14)]
    device = torch.device("cpu")
    runs = pack(rows, device=device, is_padded=False)
    padded = pack(rows, device=device, is_padded=True)
    assert torch.allclose(module.hidden(runs), module.hidden(padded), atol=1e-5)
    at = (runs.first + runs.last) // 2
    one, other = module.words(runs, at), module.words(padded, at)
    assert torch.allclose(one, other, atol=1e-5)
