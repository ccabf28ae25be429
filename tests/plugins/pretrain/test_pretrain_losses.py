"""Losses and answers equal those of transformers' classes, on models from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from harness import LoadSettings, Loss, ModelName
from harness_bert.adapter import load_bert
from harness_gpt.adapter import load_gpt
from harness_pretrain.blocks import BEGINS, Block
from harness_pretrain.learner import Course
from harness_pretrain.masks import Masking, masked_lesson
from harness_pretrain.orders import ordered_lesson
from harness_pretrain.pairs import Pair, pair_lesson
from harness_pretrain.spans import corrupt
from harness_t5.adapter import load_t5
from harness_torch.lessons import Lesson, Speaker, summed

NOTHING = -100
LOADS: dict[str, Any] = {"bert": load_bert, "gpt": load_gpt, "t5": load_t5}


def block(length: int, seed: int) -> Block:
    draw = Random(seed)
    ids = [draw.randrange(5, 90) for _ in range(length)]
    return Block(ids, bytearray([BEGINS] * length))


def speaker(folder: Path, needs: str) -> Speaker:
    """Load the model, in evaluation mode, with noise on weights that begin alike."""
    adapter = LOADS[folder.name](
        ModelName.parse(f"{folder.name}:{folder}"), LoadSettings()
    )
    module = adapter.prepare_words(needs, seed=1).eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    assert isinstance(adapter, Speaker)
    return adapter


def loss_of(model: Speaker, lessons: Sequence[Lesson]) -> Tensor:
    loss = summed(model.say(lessons), lessons)
    mean: Tensor = loss.total / loss.count
    return mean


def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])


def labels(lessons: Sequence[Lesson]) -> Tensor:
    rows = []
    for lesson in lessons:
        said = dict(zip(lesson.places, lesson.targets, strict=True))
        rows.append([said.get(place, NOTHING) for place in range(len(lesson.ids))])
    return padded(rows, NOTHING)


def encoder_inputs(lessons: Sequence[Lesson]) -> dict[str, Tensor]:
    ids = [list(lesson.ids) for lesson in lessons]
    return {
        "input_ids": padded(ids, 0),
        "attention_mask": padded([[1] * len(row) for row in ids], 0),
    }


def same(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def masked(model: Speaker) -> list[Lesson]:
    masking = Masking(rate=0.3, mask=4, vocabulary=90, whole_words=False)
    draw = partial(masked_lesson, masking=masking, wrap=model.tokenizer.wrap)
    return [draw(block(length, length), Random(length)) for length in (9, 20, 20)]


def test_masked_words_cost_what_they_cost_in_transformers(
    new_bert: Path, tmp_path: Path
) -> None:
    ours = speaker(new_bert, "masked")
    ours.save(tmp_path)
    theirs = transformers.BertForMaskedLM.from_pretrained(tmp_path).eval()
    lessons = masked(ours)
    expected = theirs(**encoder_inputs(lessons), labels=labels(lessons)).loss
    same(loss_of(ours, lessons), expected)


def pair_course(model: Speaker) -> Course[Pair]:
    masking = Masking(rate=0.3, mask=4, vocabulary=90, whole_words=False)
    return Course(
        items=[Pair(block(6, n), block(5 + n, n + 9), follows=n < 2) for n in range(3)],
        draw=partial(pair_lesson, masking=masking, wrap=model.tokenizer.wrap),
        is_static=True,
        averages_parts=True,
        seed=1,
    )


def test_pairs_cost_what_they_cost_in_transformers(
    new_bert: Path, tmp_path: Path
) -> None:
    ours = speaker(new_bert, "pairs")
    ours.save(tmp_path)
    theirs = transformers.BertForPreTraining.from_pretrained(tmp_path).eval()
    lessons = pair_course(ours).step([0, 1, 2], 0)
    expected = theirs(
        **encoder_inputs(lessons),
        token_type_ids=padded([list(one.segments) for one in lessons], 0),
        labels=labels(lessons),
        next_sentence_label=torch.tensor([0, 0, 1]),  # 0 is the true next text
    ).loss
    same(loss_of(ours, lessons), expected)


def test_what_tells_pairs_is_read_again_to_go_on_with(
    new_bert: Path, tmp_path: Path
) -> None:
    ours = speaker(new_bert, "pairs")
    ours.save(tmp_path)
    again = load_bert(ModelName.parse(f"bert:{tmp_path}"), LoadSettings())
    again.prepare_words("pairs", seed=2).eval()
    lessons = pair_course(ours).step([0, 1, 2], 0)
    same(loss_of(again, lessons), loss_of(ours, lessons))


def test_words_in_any_order_are_those_of_transformers_under_a_mask(
    new_bert: Path, tmp_path: Path
) -> None:
    ours = speaker(new_bert, "orders")
    ours.save(tmp_path)
    theirs = transformers.BertForMaskedLM.from_pretrained(
        tmp_path, attn_implementation="eager"
    ).eval()
    lesson = ordered_lesson(
        block(18, 1), Random(1), rate=0.3, mask=4, wrap=ours.tokenizer.wrap
    )
    orders = lesson.orders
    assert orders is not None
    hidden = torch.finfo(torch.float32).min
    expected = theirs(
        input_ids=torch.tensor([list(lesson.ids)]),
        position_ids=torch.tensor([orders.positions]),
        attention_mask=torch.where(orders.sight(), 0.0, hidden)[None, None],
    ).logits[0, list(lesson.places)]
    same(ours.say([lesson]).words, expected)


def test_orders_of_several_lengths_are_those_of_each_alone(new_bert: Path) -> None:
    ours = speaker(new_bert, "orders")
    draw = partial(ordered_lesson, rate=0.3, mask=4, wrap=ours.tokenizer.wrap)
    lessons = [draw(block(n, n), Random(n)) for n in (9, 9, 18)]
    alone = torch.cat([ours.say([one]).words for one in lessons])
    same(ours.say(lessons).words, alone)


def test_next_words_cost_what_they_cost_in_transformers(
    new_gpt: Path, tmp_path: Path
) -> None:
    ours = speaker(new_gpt, "causal")
    ours.save(tmp_path)
    theirs = transformers.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    ids = block(30, 1).ids
    lesson = Lesson(ids=ids[:-1], targets=ids[1:], places=range(29))
    whole = torch.tensor([ids])
    same(loss_of(ours, [lesson]), theirs(input_ids=whole, labels=whole).loss)


def test_spans_cost_what_they_cost_in_transformers(
    new_t5: Path, tmp_path: Path
) -> None:
    ours = speaker(new_t5, "rewritten")
    ours.save(tmp_path)
    theirs = transformers.T5ForConditionalGeneration.from_pretrained(tmp_path).eval()
    rates = {"noise_rate": 0.3, "mean_span": 2.0}
    lessons = [
        corrupt(block(n, n).ids, Random(n), **rates, sentinels=range(90, 99), end=1)
        for n in (10, 17)
    ]
    targets = padded([list(one.targets) for one in lessons], NOTHING)
    expected = theirs(**encoder_inputs(lessons), labels=targets).loss
    same(loss_of(ours, lessons), expected)


def cut_loss(model: Speaker, lessons: Sequence[Lesson]) -> float:
    """Return a step's mean loss where every lesson is a micro-batch."""
    losses: list[Loss] = [summed(model.say([one]), [one]) for one in lessons]
    total = sum(float(one.total.detach()) for one in losses)
    return total / sum(one.count for one in losses)


@pytest.mark.parametrize("needs", ["masked", "pairs"])
def test_a_step_costs_the_same_however_it_is_cut(new_bert: Path, needs: str) -> None:
    ours = speaker(new_bert, needs)
    lessons = (
        masked(ours) if needs == "masked" else pair_course(ours).step([0, 1, 2], 0)
    )
    whole = float(loss_of(ours, lessons).detach())
    assert cut_loss(ours, lessons) == pytest.approx(whole, rel=1e-6)


def test_words_weigh_the_same_in_a_lesson_without_pairs(new_bert: Path) -> None:
    ours = speaker(new_bert, "masked")
    (lesson, *_) = masked(ours)
    doubled = summed(ours.say([lesson]), [replace(lesson, weight=2.0)])
    plain = summed(ours.say([lesson]), [lesson])
    same(doubled.total, 2 * plain.total)


@pytest.mark.parametrize("kind", ["roberta", "albert", "distilbert"])
def test_a_body_without_a_masked_language_head_is_given_one(
    kind: str, new_bert: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "base"
    torch.manual_seed(1)
    config = _config(kind)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (folder / file).write_bytes((new_bert / file).read_bytes())
    ours = load_bert(ModelName.parse(f"bert:{folder}"), LoadSettings())
    ours.prepare_words("masked", seed=1).eval()
    ours.save(tmp_path / "out")
    theirs = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    lessons = masked(ours)
    expected = theirs(**encoder_inputs(lessons), labels=labels(lessons)).loss
    same(loss_of(ours, lessons), expected)


def _config(kind: str) -> transformers.PreTrainedConfig:
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 32}
    if kind == "distilbert":
        sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}
    if kind == "albert":
        sizes["embedding_size"] = 8
    return transformers.AutoConfig.for_model(
        kind, vocab_size=120, pad_token_id=0, max_position_embeddings=64, **sizes
    )
