"""`linear-probe` of whole texts and pairs: what it reads, how often, what it writes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from harness import (
    CheckpointError,
    Head,
    LoadSettings,
    ModelName,
    TrainingError,
    UsageError,
)
from harness.model import Adapter, TrainingExample
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Embed,
    EmbedAnswer,
    Regress,
    RegressAnswer,
)
from harness_torch.adapters.folder import TENSORS
from harness_torch.adapters.naming import CONFIG
from harness_torch.text_vectors import TextVectors
from harness_torch.tokenizers.protocol import Tokens
from tests.plugins.finetune.tiny_recipes import (
    CLASSIFIER,
    ENTRIES,
    LABELS,
    TEXTS,
    Trained,
    answers,
    load_model,
    train_by,
)

BASES = ("bert:tiny", "gpt:tiny", "t5:tiny")
PAIRS = tuple(zip(TEXTS, TEXTS[1:] + TEXTS[:1], strict=True))
WORDS = ("red", "green", "blue", "grey", "pink", "black")


def pairs(texts: Sequence[tuple[str, str]] = PAIRS) -> list[TrainingExample]:
    """Return pairs with the label that says whether they are equal."""
    return [
        TrainingExample(
            request=Classify(text=first, pair=second, labels=LABELS),
            answer=ClassifyAnswer(
                probabilities=(float(first != second), float(first == second))
            ),
        )
        for first, second in texts
    ]


def asked(model: Adapter, learn: Sequence[TrainingExample]) -> torch.Tensor:
    """Return the probabilities of training examples, ``(examples, labels)``."""
    told = answers(model, [example.request for example in learn])
    return torch.tensor(
        [a.probabilities for a in told if isinstance(a, ClassifyAnswer)]
    )


def edited(made: Trained, folder: Path, **changes: object) -> ModelName:
    """Copy an adapter with changes to its configuration, and name it."""
    for path in made.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    told = json.loads((folder / CONFIG).read_text()) | changes
    (folder / CONFIG).write_text(json.dumps(told))
    return ModelName(adapter="bert", checkpoint=f"tiny+{folder}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Hold a probe of pairs over bert:tiny; tests only read it."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("pairs")
    return train_by("linear-probe", "bert:tiny", place, learn=pairs(), epochs=4.0)


@pytest.fixture
def forwards(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Record the ids of every row of which a model makes a vector."""
    seen: list[tuple[int, ...]] = []
    run = TextVectors.run

    def recorded(self: TextVectors, rows: Sequence[Tokens]) -> torch.Tensor:
        seen.extend(tuple(row.ids) for row in rows)
        return run(self, rows)

    monkeypatch.setattr(TextVectors, "run", recorded)
    return seen


@pytest.mark.parametrize("base", BASES)
def test_each_text_is_read_once_whatever_the_epochs(
    base: str, tmp_path: Path, forwards: list[tuple[int, ...]]
) -> None:
    train_by("linear-probe", base, tmp_path, learn=pairs(), epochs=5.0)
    assert len(forwards) == len(set(forwards)) == len(TEXTS)


def test_an_evaluation_during_training_reads_its_texts_once(
    tmp_path: Path, forwards: list[tuple[int, ...]]
) -> None:
    model = load_model("bert:tiny")
    unseen = pairs([("what a film", "what a bad film")])
    scores: list[float] = []

    def score() -> float:
        scores.append(float(asked(model, unseen)[0, 1]))
        return scores[-1]

    job: dict[str, Any] = {"model": model, "select_score": score}
    train_by("linear-probe", "bert:tiny", tmp_path, learn=pairs(), job=job)
    assert len(scores) == 2
    assert scores[0] != scores[1]
    assert len(forwards) == len(set(forwards)) == len(TEXTS) + 2


@pytest.mark.parametrize("base", BASES)
def test_a_pair_is_answered_by_the_features_of_its_embedded_texts(
    base: str, tmp_path: Path
) -> None:
    made = train_by("linear-probe", base, tmp_path, learn=pairs())
    told = answers(load_model(base), [Embed(text=text) for text in PAIRS[0]])
    u, v = (torch.tensor(a.vector) for a in told if isinstance(a, EmbedAnswer))
    saved = load_file(tmp_path / TENSORS)
    mean, scale, weight, bias = (
        saved[f"base_model.model.probe.{name}"]
        for name in ("mean", "scale", "weight", "bias")
    )
    read = (torch.cat([(u - v).abs(), u * v]) - mean) / scale
    expected = (weight @ read + bias).softmax(dim=0)
    torch.testing.assert_close(asked(made.model, pairs())[0], expected)


@pytest.mark.parametrize("base", BASES)
def test_a_probe_of_pairs_answers_as_before_once_it_is_loaded(
    base: str, tmp_path: Path
) -> None:
    made = train_by("linear-probe", base, tmp_path, learn=pairs())
    loaded = load_model(made.name)
    torch.testing.assert_close(asked(loaded, pairs()), asked(made.model, pairs()))


@pytest.mark.parametrize("base", BASES)
def test_a_probe_learns_whether_two_texts_are_equal(base: str, tmp_path: Path) -> None:
    known, unknown = (
        pairs([(w, w) for w in words] + list(pairwise(words)))
        for words in (WORDS, ("white", "brown", "gold"))
    )
    made = train_by(
        "linear-probe", base, tmp_path, learn=known, epochs=40.0, weight_decay=0.0
    )
    right = [example.answer for example in unknown]
    expected = [a.probabilities[1] for a in right if isinstance(a, ClassifyAnswer)]
    assert asked(made.model, unknown).argmax(dim=1).tolist() == expected


def test_a_value_begins_at_the_mean_of_the_training_values(tmp_path: Path) -> None:
    learn = [
        TrainingExample(request=Regress(text=t), answer=RegressAnswer(value=float(n)))
        for n, t in enumerate(TEXTS)
    ]
    made = train_by(
        *("linear-probe", "bert:tiny", tmp_path),
        head=Head(kind="regress"),
        learn=learn,
        learning_rate=1e-12,
    )
    (told,) = answers(made.model, [Regress(text="anything")])
    assert isinstance(told, RegressAnswer)
    assert told.value == pytest.approx(2.5)


def test_a_base_without_a_pooler_or_head_of_its_own_gets_neither(
    made: Trained,
) -> None:
    names = load_file(made.folder / TENSORS).keys()
    assert {n.removeprefix("base_model.model.") for n in names} == {
        *("probe.mean", "probe.scale", "probe.weight", "probe.bias")
    }


def test_the_adapter_says_what_it_reads(made: Trained) -> None:
    told = json.loads((made.folder / CONFIG).read_text())
    assert (told["peft_type"], told["reads"]) == ("HARNESS_HEAD", "pair")


@pytest.mark.parametrize("reads", [None, "triple"])
def test_an_adapter_that_does_not_say_what_it_reads_is_refused(
    reads: object, made: Trained, tmp_path: Path
) -> None:
    name = edited(made, tmp_path, reads=reads)
    says = f"has reads {reads!r}, expected text or pair: train the adapter again"
    with pytest.raises(CheckpointError, match=re.escape(says)):
        ENTRIES["bert"].describe(name)


def test_what_reads_vectors_is_a_probe_alone(made: Trained, tmp_path: Path) -> None:
    name = edited(made, tmp_path, peft_type="LORA")
    with pytest.raises(CheckpointError, match="has reads 'pair', expected none"):
        ENTRIES["bert"].describe(name)


def test_a_probe_of_pairs_is_not_asked_about_a_text(made: Trained) -> None:
    with pytest.raises(CheckpointError, match="to read a pair, not a text: fine-tune"):
        answers(load_model(made.name), [Classify(text="good", labels=LABELS)])


def test_a_probe_is_not_merged(made: Trained, tmp_path: Path) -> None:
    for model in (load_model(made.name), made.model):
        with pytest.raises(UsageError, match=r"\(linear-probe\) reads vectors of sing"):
            model.save(tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_texts_among_pairs_are_refused(tmp_path: Path) -> None:
    learn = pairs()
    text = replace(learn[0], request=Classify(text="good", labels=LABELS))
    with pytest.raises(TrainingError, match="hold 1 texts and 6 pairs, expected one"):
        train_by("linear-probe", "bert:tiny", tmp_path, learn=[*learn, text])


def test_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there are no training examples"):
        train_by("linear-probe", "bert:tiny", tmp_path, job={"examples": []})


def test_a_probe_in_bf16_answers_as_before_once_it_is_loaded(tmp_path: Path) -> None:
    load = LoadSettings(dtype="bf16", seed=1)
    model = ENTRIES["bert"].load(ModelName.parse("bert:tiny"), load)
    assert isinstance(model, Adapter)
    job: dict[str, Any] = {"model": model, "load": load}
    made = train_by("linear-probe", "bert:tiny", tmp_path, learn=pairs(), job=job)
    loaded = ENTRIES["bert"].load(made.name, load)
    assert isinstance(loaded, Adapter)
    torch.testing.assert_close(
        asked(loaded, pairs()), asked(model, pairs()), rtol=0, atol=0.01
    )


def test_a_probed_card_can_be_asked_what_its_head_says(made: Trained) -> None:
    card = ENTRIES["bert"].describe(made.name)
    assert card.head == CLASSIFIER
    assert [one.__name__ for one in card.abilities] == ["Classify"]
