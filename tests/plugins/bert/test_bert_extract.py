"""Spans: every window's scores are transformers', and the head can be trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import Head, LoadSettings, ModelName
from harness.model import TrainingExample
from harness.requests import Extract, ExtractAnswer
from harness_bert.plugin import describe, load

Make = Callable[..., Any]
HEAD = Head(kind="extract")
ARCHITECTURES = ["bert", "roberta", "albert", "distilbert"]
CONTEXT = " ".join(f"word{i}" for i in range(60))
ASKED = [
    Extract(question="what is it", context=CONTEXT),
    Extract(question="  who", context="Paris is the capital of France."),
    Extract(question="", context="a b c"),
    Extract(question="why so", context=""),
]


def told(answer: ExtractAnswer) -> tuple[float, float]:
    return answer.score, answer.no_answer_score


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_scores_are_sums_of_transformers_logits(
    reference: Make,
    saved: Make,
    opened: Make,
    ask: Make,
    tmp_path: Path,
    architecture: str,
) -> None:
    model = reference(architecture, "ForQuestionAnswering")
    adapter = opened(saved(model, tmp_path), stride="9")
    for item, answer in zip(adapter.encode(ASKED), ask(adapter, ASKED), strict=True):
        windows = item.extra["windows"]
        logits = [their_logits(model, window) for window in windows]
        none = min(float(start[0] + end[0]) for start, end in logits)
        best = max(best_of(w, *o) for w, o in zip(windows, logits, strict=True))
        assert answer.no_answer_score == pytest.approx(none, abs=1e-5)
        assert answer.score == pytest.approx(
            none if answer.start is None else best, abs=1e-5
        )


def their_logits(model: Any, window: Any) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = {"input_ids": torch.tensor([window.tokens.ids])}
    if model.config.model_type in ("bert", "albert"):
        inputs["token_type_ids"] = torch.tensor([window.tokens.segments])
    outputs = model(**inputs)
    return outputs.start_logits[0], outputs.end_logits[0]


def best_of(window: Any, start: torch.Tensor, end: torch.Tensor) -> float:
    """Return the best sum of the 20 best starts and ends, in the context."""
    own = range(window.before, window.before + window.length)
    starts, ends = start.topk(min(20, len(start)))[1], end.topk(min(20, len(end)))[1]
    sums = [
        float(start[i] + end[j])
        for i in starts
        for j in ends
        if int(i) in own and int(j) in own and 0 <= j - i < 30
    ]
    return max(sums, default=-torch.inf)


def test_answers_do_not_depend_on_the_batch(fresh: Make, ask: Make) -> None:
    adapter = fresh(HEAD)
    together, alone = ask(adapter, ASKED), ask(adapter, ASKED, tokens=1)
    for one, other in zip(together, alone, strict=True):
        assert (one.text, one.start) == (other.text, other.start)
        assert told(one) == pytest.approx(told(other), abs=1e-5)


def test_an_answer_is_a_part_of_the_context(fresh: Make, ask: Make) -> None:
    for asked, answer in zip(ASKED[:3], ask(fresh(HEAD), ASKED[:3]), strict=True):
        assert answer.text
        assert asked.context[answer.start :].startswith(answer.text)
        assert not answer.text[0].isspace()


@pytest.mark.parametrize(
    ("options", "longest", "new"),
    [
        ("", 384, 384 - 4 - 128),
        (",length=100", 100, 100 - 4 - 33),
        (",length=100,stride=0", 100, 100 - 4),
        (",stride=200", 384, 384 - 4 - 200),
    ],
)
def test_windows_have_the_length_and_stride_of_the_options(
    options: str, longest: int, new: int
) -> None:
    adapter = load(ModelName.parse(f"bert:tiny{options}"), LoadSettings())
    adapter.prepare(HEAD, seed=1)
    (item,) = adapter.encode([Extract(question="who", context="a " * 888)])
    first, second, *_ = item.extra["windows"]
    assert len(first.tokens.ids) == longest
    assert second.first - first.first == new


def test_the_card_tells_a_span_head(
    reference: Make, saved: Make, tmp_path: Path
) -> None:
    saved(reference("roberta", "ForQuestionAnswering"), tmp_path)
    card = describe(ModelName.parse(f"bert:{tmp_path}"))
    assert card.head == HEAD
    assert Extract in card.abilities
    assert card.max_tokens == 38


def example(text: str | None) -> TrainingExample:
    start = None if text is None else CONTEXT.index(text)
    right = ExtractAnswer(text=text or "", start=start, score=1, no_answer_score=0)
    return TrainingExample(request=ASKED[0], answer=right)


def test_the_loss_equals_transformers(
    reference: Make, saved: Make, opened: Make, tmp_path: Path
) -> None:
    model = reference("bert", "ForQuestionAnswering")
    adapter = opened(saved(model, tmp_path), length="40", stride="5")
    encoded = adapter.encode_training([example("word20 word21 word22"), example(None)])
    expected, count = 0.0, 0
    for item in encoded:
        targets = zip(item.extra["windows"], item.extra["targets"], strict=True)
        for window, (start, end) in targets:
            outputs = model(
                torch.tensor([window.tokens.ids]),
                token_type_ids=torch.tensor([window.tokens.segments]),
                start_positions=torch.tensor([start]),
                end_positions=torch.tensor([end]),
            )
            expected, count = expected + outputs.loss.item(), count + 1
    loss = adapter.loss(encoded)
    assert loss.count == count >= 4
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)


def test_a_trained_head_finds_what_it_was_taught(ask: Make) -> None:
    adapter = load(ModelName.parse("bert:tiny,length=40"), LoadSettings())
    module = adapter.prepare(HEAD, seed=1)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-2, fused=True)
    for _ in range(15):
        adapter.loss(
            adapter.encode_training([example("word20 word21")])
        ).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    (answer,) = ask(adapter, ASKED[:1])
    assert answer.text == "word20 word21"
    assert answer.score > answer.no_answer_score


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_transformers_loads_a_prepared_head(
    reference: Make,
    saved: Make,
    opened: Make,
    ask: Make,
    tmp_path: Path,
    architecture: str,
) -> None:
    adapter = opened(saved(reference(architecture, num_labels=3), tmp_path / "base"))
    adapter.prepare(HEAD, seed=1)
    adapter.save(tmp_path / "out")
    auto = transformers.AutoModelForQuestionAnswering
    model, told = auto.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(told.values())
    again = opened(tmp_path / "out")
    (window,) = again.encode(ASKED[1:2])[0].extra["windows"]
    start, end = their_logits(model.eval(), window)
    (answer,) = ask(again, ASKED[1:2])
    assert answer.no_answer_score == pytest.approx(float(start[0] + end[0]), abs=1e-5)
