"""Checkpoints: what is told before they load, and that others can load ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers

from harness import (
    Budget,
    CheckpointError,
    Encoded,
    Head,
    LoadSettings,
    ModelCard,
    ModelName,
    UsageError,
)
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Embed,
    Fill,
    PseudoLikelihood,
    Regress,
    Request,
)
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe, harness_models, load
from harness_bert.tiny import TINY_LEARNING_RATE
from harness_torch.packed import pack

Fresh = Callable[..., BertAdapter]
LABELS = ("bad", "fair", "good")
HEAD = Head(kind="classify", labels=LABELS)
REGRESS = Head(kind="regress")
TINY = ModelName.parse("bert:tiny")
TEXTS = [("a b c", None), ("a", "b c d e"), ("", ""), ("z " * 600, "y")]
ASKED: list[Request] = [Classify(text=t, pair=p, labels=LABELS) for t, p in TEXTS]
VALUES: list[Request] = [Regress(text=t, pair=p) for t, p in TEXTS]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def loaded(folder: Path) -> BertAdapter:
    return load(ModelName(adapter="bert", checkpoint=str(folder)), LoadSettings())


def probabilities(adapter: BertAdapter) -> torch.Tensor:
    encoded = adapter.encode(ASKED)
    answers = dict(adapter.session().answer(encoded, Budget(tokens=4096)))
    told = [answers[item.key] for item in encoded]
    return torch.tensor(
        [a.probabilities for a in told if isinstance(a, ClassifyAnswer)]
    )


def test_a_saved_classifier_loads_and_answers_the_same(
    fresh: Fresh, tmp_path: Path
) -> None:
    adapter = fresh()
    adapter.save(tmp_path)
    before, after = probabilities(adapter), probabilities(loaded(tmp_path))
    assert torch.allclose(before, after, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("head", "asked"), [(HEAD, ASKED), (REGRESS, VALUES)])
@torch.inference_mode()
def test_transformers_loads_what_was_saved_with_equal_logits(
    fresh: Fresh, tmp_path: Path, head: Head, asked: list[Request]
) -> None:
    adapter = fresh(head)
    adapter.save(tmp_path)
    model = transformers.BertForSequenceClassification.from_pretrained(tmp_path).eval()
    for item in adapter.encode(asked):
        ids, segments = [list(item.ids)], [item.extra["segments"]]
        theirs = model(torch.tensor(ids), token_type_ids=torch.tensor(segments)).logits
        ours = _logits(adapter, item)
        assert torch.allclose(ours, theirs.float(), rtol=0, atol=1e-5)


def _logits(adapter: BertAdapter, item: Encoded) -> torch.Tensor:
    packed = pack([item.ids], [item.extra["segments"]], device=torch.device("cpu"))
    logits: torch.Tensor = adapter.module.eval()(packed)
    return logits


def test_a_saved_configuration_names_the_labels(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert config["id2label"] == {"0": "bad", "1": "fair", "2": "good"}
    assert config["label2id"] == {"bad": 0, "fair": 1, "good": 2}
    assert config["problem_type"] == "single_label_classification"


def card(name: str) -> ModelCard:
    return describe(ModelName.parse(name))


def test_the_card_of_tiny_counts_what_is_loaded() -> None:
    parameters = load(TINY, LoadSettings()).module.parameters()
    assert card("bert:tiny").parameters == sum(p.numel() for p in parameters)
    assert card("bert:tiny").abilities == {Embed, Fill, PseudoLikelihood}
    assert card("bert:tiny").trainable == {
        "choose",
        "classify",
        "extract",
        "fill",
        "regress",
        "tag",
    }
    assert card("bert:tiny").max_tokens == 512
    assert card("bert:tiny").suggested_learning_rate == TINY_LEARNING_RATE


def test_the_card_of_a_classifier_tells_its_head(folder: Path) -> None:
    told = card(f"bert:{folder}")
    assert told.abilities == {Classify, Embed}
    assert told.head == HEAD
    assert told.parameters == sum(p.numel() for p in loaded(folder).module.parameters())


def test_the_card_of_a_regressor_tells_its_head(fresh: Fresh, tmp_path: Path) -> None:
    fresh(REGRESS).save(tmp_path)
    told = card(f"bert:{tmp_path}")
    assert told.abilities == {Embed, Regress}
    assert told.head == REGRESS


def test_the_fingerprint_holds_what_changes_an_answer(
    fresh: Fresh, tmp_path: Path
) -> None:
    fresh().save(tmp_path)
    name = f"bert:{tmp_path}"
    prints = [card(name).fingerprint, card(f"{name},length=64").fingerprint]
    for file in ("config.json", "word_hash.json"):
        (tmp_path / file).write_text((tmp_path / file).read_text() + " ")
        prints.append(card(name).fingerprint)
    fresh(REGRESS).save(tmp_path)
    prints.append(card(name).fingerprint)
    assert len(set(prints)) == len(prints)


def test_the_fingerprint_does_not_hold_the_place(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert card(f"bert:{folder}").fingerprint == card(f"bert:{tmp_path}").fingerprint


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bert:tiny,size=3", "unknown option 'size': expected length or pooling or"),
        ("bert:tiny,length=x", "length 'x': expected a whole number from 8 to 512"),
        ("bert:tiny,length=7", "length '7': expected a whole number from 8 to 512"),
        ("bert:tiny,length=513", "length '513': expected a whole number from 8 to 512"),
        ("bert:tiny,pooling=max", "has pooling 'max': expected mean or cls"),
        ("bert:tiny,stride=x", "stride 'x': expected a whole number from 0 to 287"),
        ("bert:tiny,length=8,stride=4", "from 0 to 3, with windows of 8 tokens"),
        ("bert:tiny,length=64,stride=48", "from 0 to 47, with windows of 64 tokens"),
        ("bert:", "names no checkpoint: write bert:tiny, a Hub id"),
    ],
)
def test_a_name_that_means_nothing_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        card(name)


def test_a_folder_without_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    for file in ("config.json", "model.safetensors"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    with pytest.raises(CheckpointError, match="has no tokenizer: expected one of"):
        card(f"bert:{tmp_path}")


def masked_language_model(folder: Path) -> transformers.BertForMaskedLM:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=90,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    model = transformers.BertForMaskedLM(config)
    model.save_pretrained(folder)
    (folder / "word_hash.json").write_text('{"vocab_size": 90}')
    return model


def test_a_masked_language_model_trains_with_a_fresh_pooler(tmp_path: Path) -> None:
    model = masked_language_model(tmp_path)
    adapter = loaded(tmp_path)
    adapter.prepare(HEAD, seed=3)
    words = adapter.module.get_parameter("bert.embeddings.word_embeddings.weight")
    assert torch.equal(words, model.bert.embeddings.word_embeddings.weight)
    weights = adapter.module.state_dict()
    spread = float(weights["bert.pooler.dense.weight"].std())
    assert spread == pytest.approx(0.02, rel=0.3)
    assert not weights["bert.pooler.dense.bias"].any()


def test_the_fresh_pooler_is_drawn_from_the_seed(tmp_path: Path) -> None:
    masked_language_model(tmp_path)
    drawn = []
    for seed in (3, 3, 4):
        adapter = loaded(tmp_path)
        adapter.prepare(HEAD, seed=seed)
        drawn.append(adapter.module.state_dict()["bert.pooler.dense.weight"])
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_trained_head_without_its_pooler_is_refused(
    fresh: Fresh, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    fresh().save(tmp_path)
    path = tmp_path / "model.safetensors"
    kept = {k: v for k, v in load_file(path).items() if "pooler" not in k}
    save_file(kept, path)
    with pytest.raises(
        CheckpointError, match=r"2 missing \(bert\.pooler\.dense\.weight"
    ):
        loaded(tmp_path)


def test_the_plugin_registers_one_entry_whose_examples_parse() -> None:
    (entry,) = harness_models()
    assert entry.name == "bert"
    assert {ModelName.parse(name).adapter for name in entry.examples} == {"bert"}


def test_describing_loads_no_torch(folder: Path) -> None:
    code = (
        "import sys; from harness import ModelName; from harness_bert import plugin;"
        f"plugin.describe(ModelName.parse('bert:{folder}'));"
        "plugin.describe(ModelName.parse('bert:tiny'));"
        "print([m for m in ('torch', 'transformers', 'tokenizers', 'numpy', "
        "'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
