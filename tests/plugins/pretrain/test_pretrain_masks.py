"""Masked words: how many, what becomes of them, and when they are drawn anew.

The numbers are those of Devlin et al. 2018, section 3.1.
"""

from __future__ import annotations

from functools import partial
from random import Random

import pytest

from harness_pretrain.blocks import BEGINS, CONTINUES, SPECIAL, Block
from harness_pretrain.learner import Course
from harness_pretrain.masks import Covered, Masking, masked_lesson
from harness_torch.lessons import Lesson
from harness_torch.tokenizers.protocol import Tokens

MASK, VOCABULARY = 4, 1000
PLAIN = Masking(rate=0.15, mask=MASK, vocabulary=VOCABULARY, whole_words=False)
WHOLE = Masking(rate=0.15, mask=MASK, vocabulary=VOCABULARY, whole_words=True)
MARKS = bytearray([BEGINS, CONTINUES, CONTINUES, BEGINS, SPECIAL] * 20)
BLOCK = Block(list(range(100, 200)), MARKS)


def cover(masking: Masking, seed: int) -> Covered:
    return masking.cover(BLOCK, Random(seed))


def wrap(ids: list[int]) -> Tokens:
    return Tokens([2, *ids, 3], [0] * (len(ids) + 2), 0)


def course(*, is_static: bool) -> Course[Block]:
    return Course(
        items=[BLOCK, BLOCK],
        draw=partial(masked_lesson, masking=PLAIN, wrap=wrap),
        is_static=is_static,
        averages_parts=False,
        seed=1,
    )


def same(one: Lesson, other: Lesson) -> bool:
    return list(one.ids) == list(other.ids) and one.targets == other.targets


def test_fifteen_in_a_hundred_tokens_are_asked() -> None:
    assert {len(cover(PLAIN, seed).targets) for seed in range(20)} == {12}  # of 80


def test_of_those_most_become_the_mask_and_some_another_token_or_stay() -> None:
    masked, kept, asked = 0, 0, 0
    for seed in range(800):
        covered = cover(PLAIN, seed)
        now = [covered.ids[place] for place in covered.places]
        masked += now.count(MASK)
        kept += sum(a == b for a, b in zip(now, covered.targets, strict=True))
        asked += len(now)
    assert masked / asked == pytest.approx(0.8, abs=0.015)  # 4 standard errors
    assert kept / asked == pytest.approx(0.1, abs=0.012)


def test_what_is_not_asked_stays_as_it_was() -> None:
    covered = cover(PLAIN, 1)
    others = [p for p in range(100) if p not in covered.places]
    assert [covered.ids[p] for p in others] == [BLOCK.ids[p] for p in others]


def test_the_targets_are_what_stood_there() -> None:
    covered = cover(PLAIN, 1)
    assert covered.targets == [BLOCK.ids[place] for place in covered.places]


@pytest.mark.parametrize("masking", [PLAIN, WHOLE])
def test_special_tokens_are_never_asked(masking: Masking) -> None:
    asked = {p for seed in range(50) for p in cover(masking, seed).places}
    assert not any(MARKS[place] == SPECIAL for place in asked)


def test_whole_words_are_asked_together_within_the_share() -> None:
    for seed in range(50):
        places = set(cover(WHOLE, seed).places)
        words = [word for word in BLOCK.words if places & set(word)]
        assert set().union(*words) == places
        assert len(places) <= 12


def test_a_single_long_word_is_asked_whole() -> None:
    word = Block([100, 101, 102], bytearray([BEGINS, CONTINUES, CONTINUES]))
    assert WHOLE.cover(word, Random(1)).places == [0, 1, 2]


def test_the_same_epoch_draws_the_same_lesson() -> None:
    drawn = course(is_static=False)
    assert same(drawn.lesson(1, 3), drawn.lesson(1, 3))


def test_dynamic_masks_change_with_the_epoch_and_the_example() -> None:
    drawn = course(is_static=False)
    assert not same(drawn.lesson(1, 3), drawn.lesson(1, 4))
    assert not same(drawn.lesson(0, 3), drawn.lesson(1, 3))


def test_static_masks_stay() -> None:
    drawn = course(is_static=True)
    assert same(drawn.lesson(1, 3), drawn.lesson(1, 4))


def test_the_places_of_a_lesson_count_the_special_tokens() -> None:
    lesson = course(is_static=True).lesson(0, 0)
    asked = [BLOCK.ids[place - 1] for place in lesson.places]
    assert asked == lesson.targets
