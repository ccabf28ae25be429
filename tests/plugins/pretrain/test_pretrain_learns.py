"""What is trained knows more than how frequent words are."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import pytest

from harness import LoadSettings, ModelName, PretrainJob, PretrainReport
from harness.model import ModelEntry
from harness_bert.plugin import harness_models as bert_models
from harness_gpt.plugin import harness_models as gpt_models
from harness_pretrain.plugin import harness_objectives
from harness_t5.plugin import harness_models as t5_models
from harness_torch.tokenizers.loading import load_tokenizer

OBJECTIVES = {entry.name: entry for entry in harness_objectives()}
FAMILIES: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (*bert_models(), *gpt_models(), *t5_models())
    if isinstance(entry, ModelEntry)
}
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]


def counted(seed: int, words: int = 480) -> str:
    """Count in circles, and begin anew somewhere now and then."""
    draw = random.Random(seed)
    place, made = 0, list[str]()
    for _ in range(words):
        place = draw.randrange(8) if draw.random() < 0.05 else (place + 1) % 8
        made.append(NUMBERS[place])
    return " ".join(made)


TEXTS = [counted(seed) for seed in range(12)]
SIZES = {"width": 48, "layers": 2, "heads": 4, "length": 48, "vocabulary": 400}


def learn(
    family: str, objective: str, folder: Path, **settings: object
) -> PretrainReport:
    """Train a model from scratch."""
    new, entry = FAMILIES[family].new, OBJECTIVES[objective]
    assert new is not None
    base = folder / "new"
    new.write(new.settings(**SIZES), TEXTS, 1, base)
    name = ModelName(adapter=family, checkpoint=str(base))
    loop = {"learning_rate": 4e-3, "batch_size": 16, "dropout": 0.0, "length": 48}
    chosen = entry.settings(**loop | settings)
    load = LoadSettings()
    scratch = folder / "scratch"
    scratch.mkdir()
    return entry.run(
        PretrainJob(
            model=FAMILIES[family].load(name, load),
            texts=TEXTS,
            hold_out=0.1,
            settings=entry.resolve(chosen, FAMILIES[family].describe(name)),
            seed=1,
            load=load,
            folder=folder / "out",
            scratch=scratch,
            on_step=lambda _: None,
            on_epoch=lambda _: None,
        )
    )


def entropy(folder: Path) -> float:
    """Return the entropy of the text's tokens by their frequencies, in nats."""
    pieces = load_tokenizer(folder / "new", length=48).pieces(TEXTS)
    counts = Counter(token for one in pieces for token in one.ids)
    total = counts.total()
    return -sum(n / total * math.log(n / total) for n in counts.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "objective", "epochs", "length"),
    [
        ("bert", "mlm", 6, 12),
        ("bert", "permutation", 6, 12),
        ("gpt", "causal", 3, 48),
        ("t5", "span-corruption", 2, 24),
    ],
)
def test_held_out_words_are_said_better_than_by_their_frequency(
    family: str, objective: str, epochs: int, length: int, tmp_path: Path
) -> None:
    report = learn(family, objective, tmp_path, epochs=epochs, length=length)
    assert report.epochs[-1].loss < 0.7 * entropy(tmp_path)
    assert report.epochs[-1].perplexity == math.exp(report.epochs[-1].loss)


def test_the_best_epoch_is_kept_where_asked(tmp_path: Path) -> None:
    report = learn("gpt", "causal", tmp_path, epochs=2, select="best", max_examples=16)
    best = min(report.epochs, key=lambda figures: figures.loss)
    assert report.training.selected_step == best.step
