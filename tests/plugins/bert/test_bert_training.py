"""The recipe `full` teaches `bert:tiny` to choose and to find spans."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import Head, LoadSettings, ModelName
from harness.model import TrainingExample
from harness.recipe import TrainJob, TrainReport
from harness.requests import Choose, ChooseAnswer, Extract, ExtractAnswer
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe, load
from harness_finetune.plugin import harness_recipes
from harness_finetune.settings import FullSettings

Make = Callable[..., Any]
TINY = ModelName.parse("bert:tiny")
(RECIPE,) = [entry for entry in harness_recipes() if entry.name == "full"]
FILLERS = [f"filler{i}" for i in range(60)]
TARGETS = [f"target{i}" for i in range(20)]


def train(
    head: Head, examples: Sequence[TrainingExample], folder: Path, epochs: float
) -> tuple[BertAdapter, TrainReport]:
    model = load(TINY, LoadSettings())
    job = TrainJob(
        model=model,
        head=head,
        examples=examples,
        settings=RECIPE.resolve(FullSettings(epochs=epochs), describe(TINY)),
        seed=1,
        load=LoadSettings(),
        folder=folder,
        on_step=lambda _: None,
    )
    return model, RECIPE.run(job)


def test_the_recipe_and_the_card_agree_on_what_can_be_trained() -> None:
    assert describe(TINY).trainable == RECIPE.trains - {"language"}


def choices(count: int, seed: int) -> list[TrainingExample]:
    """Make three choices, one of which has a target word."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        texts = [" ".join(draw.choices(FILLERS, k=draw.randint(2, 5))) for _ in "abc"]
        right = draw.randrange(3)
        texts[right] += " " + draw.choice(TARGETS)
        made.append(
            TrainingExample(
                request=Choose(context=draw.choice(FILLERS), choices=tuple(texts)),
                answer=ChooseAnswer(scores=tuple(float(i == right) for i in range(3))),
            )
        )
    return made


@pytest.mark.slow
def test_tiny_learns_to_choose(ask: Make, tmp_path: Path) -> None:
    model, report = train(Head(kind="choose"), choices(600, 1), tmp_path, 2)
    fresh = choices(200, 2)
    told = ask(model, [example.request for example in fresh])
    hits = sum(
        answer.scores.index(max(answer.scores)) == example.answer.scores.index(1.0)
        for answer, example in zip(told, fresh, strict=True)
        if isinstance(example.answer, ChooseAnswer)
    )
    assert hits > 180
    assert report.final_loss < 0.5


def spans(count: int, seed: int) -> list[TrainingExample]:
    """Make contexts with one target word or, in one of four, none."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        words = draw.choices(FILLERS, k=draw.randint(4, 12))
        word = draw.choice(TARGETS) if draw.random() < 0.75 else ""
        if word:
            words.insert(draw.randrange(len(words)), word)
        context = " ".join(words)
        start = context.index(word) if word else None
        right = ExtractAnswer(text=word, start=start, score=0, no_answer_score=0)
        request = Extract(question="which target", context=context)
        made.append(TrainingExample(request=request, answer=right))
    return made


@pytest.mark.slow
def test_tiny_learns_to_find_spans_and_that_there_is_none(
    ask: Make, tmp_path: Path
) -> None:
    model, report = train(Head(kind="extract"), spans(1000, 1), tmp_path, 3)
    fresh = spans(200, 2)
    told = ask(model, [example.request for example in fresh])
    hits = 0
    for answer, example in zip(told, fresh, strict=True):
        assert isinstance(example.answer, ExtractAnswer)
        found = answer.text if answer.score > answer.no_answer_score else ""
        hits += found == example.answer.text
    assert hits > 180
    assert report.final_loss < 0.5
