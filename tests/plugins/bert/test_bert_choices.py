"""Choices: each is scored with the context as a pair, as transformers does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import Head, LoadSettings, ModelName, PluginError
from harness.model import TrainingExample
from harness.requests import Answer, Choose, ChooseAnswer
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe, load

Make = Callable[..., Any]
HEAD = Head(kind="choose")
ASKED = [
    Choose(context="what is it", choices=("a cat", "a dog that barks", "")),
    Choose(context="", choices=("yes", "no")),
    Choose(context="one two three four five six", choices=("seven",)),
    Choose(context="what is it", choices=("a dog that barks", "a cat", "a " * 9)),
]
ARCHITECTURES = ["bert", "roberta", "albert", "distilbert"]


def scores(answers: list[Answer]) -> list[float]:
    return [s for a in answers if isinstance(a, ChooseAnswer) for s in a.scores]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_scores_equal_transformers(
    reference: Make,
    saved: Make,
    opened: Make,
    ask: Make,
    tmp_path: Path,
    architecture: str,
) -> None:
    model = reference(architecture, "ForMultipleChoice")
    adapter = opened(saved(model, tmp_path))
    mine = scores(ask(adapter, ASKED))
    theirs = [
        float(their_score(model, row.ids, row.segments))
        for item in adapter.encode(ASKED)
        for row in item.extra["rows"]
    ]
    assert mine == pytest.approx(theirs, abs=1e-5)


def their_score(model: Any, ids: list[int], segments: list[int]) -> torch.Tensor:
    inputs = {"input_ids": torch.tensor([[ids]])}
    if model.config.model_type in ("bert", "albert"):
        inputs["token_type_ids"] = torch.tensor([[segments]])
    logits: torch.Tensor = model(**inputs).logits
    return logits


def test_scores_do_not_depend_on_the_batch(fresh: Make, ask: Make) -> None:
    adapter = fresh(HEAD)
    together, alone = ask(adapter, ASKED), ask(adapter, ASKED, tokens=1)
    assert scores(together) == pytest.approx(scores(alone), abs=1e-5)
    assert [len(a.scores) for a in together] == [3, 2, 1, 3]


def test_an_answer_counts_the_tokens_of_every_choice(fresh: Make, ask: Make) -> None:
    (answer,) = ask(fresh(HEAD), [Choose(context="a b", choices=("c", "d e"))])
    assert answer.tokens == (2 + 1 + 3) + (2 + 2 + 3)


def test_what_is_cut_of_every_choice_is_counted(ask: Make) -> None:
    adapter = load(ModelName.parse("bert:tiny,length=8"), LoadSettings())
    adapter.prepare(HEAD, seed=1)
    asked = [Choose(context="a b c", choices=("d", "e f g h", "i j k l m"))]
    assert ask(adapter, asked)[0].truncated_tokens == 0 + 2 + 3


def test_no_choice_at_all_is_refused(fresh: Make) -> None:
    with pytest.raises(PluginError, match="a Choose request has no choices"):
        fresh(HEAD).encode([Choose(context="a", choices=())])


def example(right: int) -> TrainingExample:
    request = Choose(context="what is it", choices=("a cat", "a dog", "a big cow"))
    target = tuple(float(place == right) for place in range(3))
    return TrainingExample(request=request, answer=ChooseAnswer(scores=target))


def test_the_loss_is_the_cross_entropy_over_the_choices(fresh: Make, ask: Make) -> None:
    adapter = fresh(HEAD)
    adapter.module.eval()
    loss = adapter.loss(adapter.encode_training([example(1), example(2)]))
    told = torch.tensor(scores(ask(adapter, [example(1).request]))).log_softmax(0)
    assert loss.count == 2
    assert float(loss.total.detach()) == pytest.approx(-float(told[1] + told[2]))


def test_another_answer_is_refused_in_training(fresh: Make) -> None:
    wrong = TrainingExample(request=example(0).request, answer=Answer())
    with pytest.raises(
        PluginError, match="a Choose request with a Answer, expected Ch"
    ):
        fresh(HEAD).encode_training([wrong])


def test_a_trained_head_chooses_what_it_was_taught(ask: Make) -> None:
    adapter = load(ModelName.parse("bert:tiny"), LoadSettings())
    module = adapter.prepare(HEAD, seed=1)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    for _ in range(30):
        adapter.loss(adapter.encode_training([example(2)])).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    told = scores(ask(adapter, [example(2).request]))
    assert told.index(max(told)) == 2
    assert max(told) - min(told) > 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_transformers_loads_a_prepared_head(
    reference: Make,
    saved: Make,
    opened: Make,
    ask: Make,
    tmp_path: Path,
    architecture: str,
) -> None:
    adapter: BertAdapter = opened(saved(reference(architecture), tmp_path / "base"))
    adapter.prepare(HEAD, seed=1)
    adapter.save(tmp_path / "out")
    model = transformers.AutoModelForMultipleChoice.from_pretrained(tmp_path / "out")
    again = opened(tmp_path / "out")
    assert type(model.eval()).__name__.endswith("ForMultipleChoice")
    assert describe(ModelName.parse(f"bert:{tmp_path / 'out'}")).head == HEAD
    with torch.inference_mode():
        (row, *_) = again.encode(ASKED)[0].extra["rows"]
        theirs = float(their_score(model, row.ids, row.segments))
    assert scores(ask(again, ASKED))[0] == pytest.approx(theirs, abs=1e-5)
