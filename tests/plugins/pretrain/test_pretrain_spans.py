"""Span corruption: what is cut out, and that nothing is lost.

The published numbers are in the docstring of `random_spans_helper` in
google-research/text-to-text-transfer-transformer, t5/data/preprocessors.py: with the
paper's 15 % and 3 tokens a span, 568 tokens make inputs of 512 and targets of 114.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from harness_pretrain.spans import corrupt, room_for, sizes
from harness_torch.lessons import Lesson

END = 1
SENTINELS = range(9_000, 9_100)
PAPER = {"noise_rate": 0.15, "mean_span": 3.0}


def lesson_of(ids: range, seed: int = 1) -> Lesson:
    return corrupt(ids, Random(seed), **PAPER, sentinels=SENTINELS, end=END)


def test_as_many_tokens_fit_as_in_the_published_procedure() -> None:
    assert room_for(512, **PAPER) == 568


def test_inputs_and_targets_are_as_long_as_published() -> None:
    lesson = lesson_of(range(100, 668))
    assert (len(lesson.ids), len(lesson.targets)) == (512, 114)


def test_a_text_with_one_span_is_cut_in_its_text_and_its_noise() -> None:
    lesson = lesson_of(range(10, 20))
    assert list(lesson.ids) == [*range(10, 18), 9_000, END]
    assert list(lesson.targets) == [9_000, 18, 19, END]


@given(st.integers(2, 700), st.integers(0, 1000))
def test_source_and_target_fill_each_others_gaps(length: int, seed: int) -> None:
    ids = range(100, 100 + length)
    lesson = lesson_of(ids, seed)
    spans = {}
    for token in lesson.targets[:-1]:
        if token in SENTINELS:
            spans[token] = current = list[int]()
        else:
            current.append(token)
    whole = [t for token in lesson.ids[:-1] for t in spans.get(token, [token])]
    assert whole == list(ids)


@given(st.integers(2, 700), st.integers(0, 1000))
def test_sentinels_stand_in_order_and_no_two_are_neighbours(
    length: int, seed: int
) -> None:
    lesson = lesson_of(range(100, 100 + length), seed)
    places = [p for p, token in enumerate(lesson.ids) if token in SENTINELS]
    assert [lesson.ids[p] for p in places] == list(SENTINELS[: len(places)])
    assert all(b - a > 1 for a, b in pairwise(places))


@given(st.integers(2, 2000))
def test_the_share_of_noise_is_that_of_the_paper(tokens: int) -> None:
    noise, spans = sizes(tokens, **PAPER)
    assert abs(noise - 0.15 * tokens) <= 0.85
    assert 1 <= spans <= noise


def test_every_place_is_cut_out_sometimes_but_the_first() -> None:
    cut = set[int]()
    for seed in range(300):
        cut |= set(range(100, 160)) - set(lesson_of(range(100, 160), seed).ids)
    assert cut == set(range(101, 160))
