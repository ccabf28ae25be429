"""Taggers of every family are transformers', can be trained, saved and loaded there."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import transformers

from harness import Budget, Head, LoadSettings, ModelEntry, ModelName
from harness.model import Trainable, TrainingExample
from harness.plugins import load_plugins
from harness.recipe import TrainJob
from harness.requests import Request, Tag, TagAnswer
from harness.selftest import sample_requests
from harness.testing import check_adapter
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY, byte_tokenizer
from harness_torch.tokenizers.word_hash import WordHashTokenizer

LABELS = ("O", "B-X", "I-X")
HEAD = Head(kind="tag", labels=LABELS)
BERT = {
    "vocab_size": 90,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 36,
    "max_position_embeddings": 40,
}
DISTILBERT = {
    "vocab_size": 90,
    "dim": 24,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 36,
    "max_position_embeddings": 40,
}
GPT2 = {
    "vocab_size": BYTE_VOCABULARY,
    "n_embd": 24,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 48,
}
LLAMA = {
    **BERT,
    "vocab_size": BYTE_VOCABULARY,
    "num_key_value_heads": 2,
    "head_dim": 8,
}
T5 = {
    "vocab_size": BYTE_VOCABULARY,
    "d_model": 24,
    "d_kv": 6,
    "d_ff": 32,
    "num_layers": 2,
    "num_heads": 4,
}


class Case(NamedTuple):
    """A class of transformers, our adapter for it, and its sizes."""

    adapter: str
    title: str
    settings: Mapping[str, Any]


CASES = {
    "bert": Case("bert", "Bert", BERT),
    "roberta": Case("bert", "Roberta", BERT),
    "albert": Case("bert", "Albert", {**BERT, "embedding_size": 10}),
    "distilbert": Case("bert", "DistilBert", DISTILBERT),
    "gpt2": Case("gpt", "GPT2", GPT2),
    "llama": Case("gpt", "Llama", LLAMA),
    "mistral": Case("gpt", "Mistral", LLAMA),
    "qwen2": Case("gpt", "Qwen2", LLAMA),
    "qwen3": Case("gpt", "Qwen3", LLAMA),
    "t5": Case("t5", "T5", T5),
    "mt5": Case("t5", "MT5", T5),
}
ASKED: list[Request] = [
    Tag(words=("Angela", "Merkel", "met", "nobody", "."), labels=LABELS),
    Tag(words=tuple(f"w{i}" for i in range(70)), labels=("I-X", "O", "B-X")),
    Tag(words=("x",), labels=LABELS),
]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def save(case: Case, folder: Path) -> Any:
    """Save a random tagger of transformers with a tokenizer; return it."""
    cls = getattr(transformers, f"{case.title}ForTokenClassification")
    config = cls.config_class(**case.settings, id2label=dict(enumerate(LABELS)))
    torch.manual_seed(5)
    model = cls(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(folder)
    tokenizer: Any = (
        WordHashTokenizer(size=90, length=40)
        if case.adapter == "bert"
        else byte_tokenizer(length=48, bos=False, eos=case.adapter == "t5")
    )
    for name, content in tokenizer.files.items():
        (folder / name).write_bytes(content)
    return model


def opened(adapter: str, checkpoint: str, **options: str) -> Any:
    name = ModelName(adapter=adapter, checkpoint=checkpoint, options=options)
    return entry_of(adapter).load(name, LoadSettings())


def entry_of(adapter: str) -> ModelEntry:
    entry = load_plugins().models[adapter]
    assert isinstance(entry, ModelEntry)
    return entry


def ask(model: Any, asked: list[Request], tokens: int = 4096) -> list[TagAnswer]:
    encoded = model.encode(asked)
    answers = dict(model.session().answer(iter(encoded), Budget(tokens=tokens)))
    return [answers[item.key] for item in encoded]


@torch.inference_mode()
def expected(model: Any, item: Any) -> dict[int, torch.Tensor]:
    """Return transformers' probabilities at each word's first sub-token."""
    found: dict[int, torch.Tensor] = {}
    for window in item.extra["windows"]:
        inputs = {"input_ids": torch.tensor([window.tokens.ids])}
        if model.config.model_type in ("bert", "albert"):
            inputs["token_type_ids"] = torch.tensor([window.tokens.segments])
        rows = model(**inputs).logits[0].softmax(-1)
        found |= dict(zip(window.words, rows[window.places], strict=True))
    return found


@pytest.mark.parametrize("name", CASES)
def test_labels_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    theirs = save(case, tmp_path)
    options = {"length": "48"} if case.adapter == "t5" else {}
    ours = opened(case.adapter, str(tmp_path), **options)
    for item, answer in zip(ours.encode(ASKED), ask(ours, ASKED), strict=True):
        rows = expected(theirs, item)
        best = [rows[word].max(-1) for word in range(len(rows))]
        assert list(answer.labels) == [LABELS[int(one.indices)] for one in best]
        values = torch.tensor([float(one.values) for one in best])
        torch.testing.assert_close(
            torch.tensor(answer.probabilities), values, rtol=0, atol=1e-5
        )


@pytest.mark.parametrize("name", CASES)
def test_a_saved_tagger_loads_here_and_in_transformers(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    theirs = save(case, tmp_path / "first")
    first = opened(case.adapter, str(tmp_path / "first"))
    first.save(tmp_path / "again")
    again = opened(case.adapter, str(tmp_path / "again"))
    assert ask(first, ASKED) == ask(again, ASKED)
    loaded = type(theirs).from_pretrained(tmp_path / "again").eval()
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        torch.testing.assert_close(loaded(ids).logits, theirs(ids).logits)


@pytest.mark.parametrize("adapter", ["bert", "gpt", "t5"])
def test_labels_do_not_depend_on_the_batch(adapter: str) -> None:
    model = opened(adapter, "tiny")
    model.prepare(HEAD, seed=1)
    check_adapter(model, [*sample_requests(Tag, HEAD), *ASKED])


@pytest.mark.parametrize("title", ["Bert", "GPT2"])
def test_hub_labels_as_our_families_do(title: str, tmp_path: Path) -> None:
    case = next(case for case in CASES.values() if case.title == title)
    case = case._replace(adapter="gpt", settings={**case.settings, "vocab_size": 260})
    save(case, tmp_path)
    adapter = "bert" if title == "Bert" else "gpt"
    ours, theirs = opened(adapter, str(tmp_path)), opened("hub", str(tmp_path))
    for one, other in zip(ask(ours, ASKED), ask(theirs, ASKED), strict=True):
        assert one.labels == other.labels
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def sentences(count: int, seed: int) -> list[TrainingExample]:
    """Make names of one word or two after a title, all else being O."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        words: list[str] = []
        labels: list[str] = []
        for _ in range(draw.randint(2, 4)):
            words += [f"f{draw.randrange(20)}" for _ in range(draw.randint(0, 2))]
            labels += ["O"] * (len(words) - len(labels))
            if draw.random() < 0.7:
                name = [f"n{draw.randrange(20)}" for _ in range(draw.randint(1, 2))]
                words += ["mr", *name]
                labels += ["O", "B-X", "I-X"][: len(name) + 1]
        words.append(".")
        labels.append("O")
        answer = TagAnswer(labels=tuple(labels), probabilities=(1.0,) * len(labels))
        request = Tag(words=tuple(words), labels=LABELS)
        made.append(TrainingExample(request=request, answer=answer))
    return made


def train(adapter: str, folder: Path) -> Any:
    """Train a tiny model with the recipe `full`; return the checkpoint, loaded."""
    name = ModelName(adapter=adapter, checkpoint="tiny")
    recipe = load_plugins().recipe("full")
    model = entry_of(adapter).load(name, LoadSettings())
    assert isinstance(model, Trainable)
    assert HEAD.kind in recipe.trains & entry_of(adapter).describe(name).trainable
    settings = recipe.resolve(
        recipe.settings(epochs=3), entry_of(adapter).describe(name)
    )
    job = TrainJob(
        model=model,
        head=HEAD,
        examples=sentences(500, 1),
        settings=settings,
        seed=1,
        load=LoadSettings(),
        folder=folder,
        on_step=lambda _: None,
    )
    recipe.run(job)
    return opened(adapter, str(folder))


@pytest.mark.slow
@pytest.mark.parametrize("adapter", ["bert", "gpt", "t5"])
def test_a_tiny_tagger_learns_what_the_most_frequent_label_misses(
    adapter: str, tmp_path: Path
) -> None:
    model = train(adapter, tmp_path)
    fresh = sentences(100, 2)
    told = ask(model, [example.request for example in fresh])
    pairs = [
        pair
        for answer, example in zip(told, fresh, strict=True)
        for pair in zip(
            answer.labels, getattr(example.answer, "labels", ()), strict=True
        )
    ]
    majority = sum(right == "O" for _, right in pairs) / len(pairs)
    assert majority < 0.75
    assert sum(said == right for said, right in pairs) / len(pairs) > 0.85


def test_a_hub_model_is_trained_to_tag(tmp_path: Path) -> None:
    save(
        CASES["bert"]._replace(adapter="gpt", settings={**BERT, "vocab_size": 260}),
        tmp_path,
    )
    model = opened("hub", str(tmp_path))
    model.prepare(HEAD, seed=1)
    batch = model.encode_training(sentences(4, 3))
    assert model.loss(batch).count == sum(len(item.request.words) for item in batch)
    model.save(tmp_path / "trained")
    again = opened("hub", str(tmp_path / "trained"))
    assert ask(model, ASKED) == ask(again, ASKED)
