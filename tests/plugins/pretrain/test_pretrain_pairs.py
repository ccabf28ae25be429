"""Pairs for next-sentence prediction (Devlin et al. 2018, section 3.1)."""

from __future__ import annotations

from random import Random

import pytest

from harness import DataError
from harness_pretrain.blocks import Block
from harness_pretrain.masks import Masking
from harness_pretrain.pairs import Document, Pair, make_pairs, pair_lesson
from harness_torch.tokenizers.protocol import Tokens

ROOM = 24
MASKING = Masking(rate=0.15, mask=4, vocabulary=50, whole_words=False)


def documents(count: int = 40, sentences: int = 30) -> list[Document]:
    """Make documents whose tokens count up, so that places can be told from ids."""
    made = []
    for number in range(count):
        ids = range(number * 10_000, number * 10_000 + sentences * 4)
        cuts = [list(ids[start : start + 4]) for start in range(0, len(ids), 4)]
        made.append([Block(cut, bytearray([1] * 4)) for cut in cuts])
    return made


def pairs(seed: int = 1) -> list[Pair]:
    return make_pairs(documents(), room=ROOM, short_rate=0.1, draw=Random(seed))


def wrap(first: list[int], second: list[int]) -> Tokens:
    ids = [2, *first, 3, *second, 3]
    return Tokens(ids, [0] * (len(first) + 2) + [1] * (len(second) + 1), 0)


def test_half_of_the_pairs_have_the_true_second_text() -> None:
    made = [pair.follows for seed in range(5) for pair in pairs(seed)]
    assert sum(made) / len(made) == pytest.approx(0.5, abs=0.05)


def test_a_true_second_text_goes_on_where_the_first_was_cut_or_near() -> None:
    for pair in pairs():
        if pair.follows:
            assert 0 < pair.second.ids[0] - pair.first.ids[-1] < ROOM


def test_a_false_second_text_is_of_another_document() -> None:
    for pair in pairs():
        if not pair.follows:
            assert pair.second.ids[0] // 10_000 != pair.first.ids[0] // 10_000


def test_no_pair_is_longer_than_the_room_and_neither_text_is_empty() -> None:
    for pair in pairs():
        assert len(pair.first.ids) + len(pair.second.ids) <= ROOM
        assert pair.first.ids
        assert pair.second.ids


def test_most_pairs_fill_the_room() -> None:
    lengths = [len(pair.first.ids) + len(pair.second.ids) for pair in pairs()]
    assert sum(length == ROOM for length in lengths) / len(lengths) > 0.6


def test_the_seed_makes_the_pairs() -> None:
    assert pairs(1) == pairs(1)
    assert pairs(1) != pairs(2)


def test_one_document_is_refused() -> None:
    with pytest.raises(
        DataError, match="the text has 1 document, expected two or more"
    ):
        make_pairs(documents(1), room=ROOM, short_rate=0.1, draw=Random(1))


def test_a_lesson_masks_words_of_both_texts_at_their_places() -> None:
    pair = Pair(
        Block(list(range(10, 20)), bytearray([1] * 10)),
        Block(list(range(30, 40)), bytearray([1] * 10)),
        follows=True,
    )
    whole = wrap(pair.first.ids, pair.second.ids).ids
    lessons = [
        pair_lesson(pair, Random(n), masking=MASKING, wrap=wrap) for n in range(9)
    ]
    assert all([whole[p] for p in one.places] == one.targets for one in lessons)
    assert {one.targets[0] < 20 for one in lessons} == {True, False}
