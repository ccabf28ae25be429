"""Encoders are asked zero-shot: labels are transformers' words at one mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Classification, Data, Example, Prompt, Task, run
from harness.results import CellResult
from harness_bert.adapter import BertAdapter

Make = Callable[..., Any]
MASK = 3  # of hashed words
TASK = Task(
    id="toy/film",
    title="Film",
    summary="is it good?",
    data=Data(hub=None, folder="film"),
    problem=Classification(inputs=("text",), labels=("bad", "good")),
    metrics=("accuracy",),
    prompts={
        "cloze": Prompt(
            text="{text} It was {blank}.",
            answers={"bad": "terrible", "good": "great"},
            asked_by=("cloze",),
        )
    },
)
FILM = Example(id="1", columns={"text": "a warm film, long too"}, target="good")


@torch.inference_mode()
def labels_at_the_mask(model: Any, adapter: BertAdapter) -> list[float]:
    """Return transformers' softmax at the mask over the two words alone."""
    (pieces,) = adapter.tokenizer.pieces(["a warm film, long too It was [MASK]."])
    ids = adapter.tokenizer.wrap(pieces.ids).ids
    words = [adapter.tokenizer.pieces([w])[0].ids[0] for w in ("terrible", "great")]
    logits = model(torch.tensor([ids])).logits[0, ids.index(MASK)]
    probabilities: list[float] = logits[words].softmax(0).tolist()
    return probabilities


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "distilbert"])
def test_a_label_is_as_probable_as_its_word_at_the_mask(
    family: str, reference: Make, saved: Make, opened: Make, ask: Make, tmp_path: Path
) -> None:
    model = reference(family, "ForMaskedLM")
    adapter = opened(saved(model, tmp_path))
    *_, way = TASK.formulations()
    said = way.predict(FILM, ask(adapter, way.requests(FILM))).detail
    expected = dict(
        zip(("bad", "good"), labels_at_the_mask(model, adapter), strict=True)
    )
    assert said == pytest.approx(expected, abs=1e-5)


def asked(model: str, task: str, place: Path) -> CellResult:
    (cell,) = run([model], [task], data="sample", limit=8, store=place).cells
    return cell


@pytest.mark.parametrize(
    "task", ["glue/sst2", "superglue/copa", "superglue/record", "text/imdb"]
)
def test_tiny_is_asked_zero_shot(task: str, tmp_path: Path) -> None:
    cell = asked("bert:tiny", task, tmp_path / "store.sqlite")
    assert (cell.status, cell.formulation, cell.prompt) == ("done", "cloze", "cloze")
    assert cell.scores
