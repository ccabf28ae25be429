"""Words in any order: who sees whom (Yang et al. 2019, section 2.2)."""

from __future__ import annotations

from pathlib import Path
from random import Random

import torch

from harness import LoadSettings, ModelName
from harness_bert.adapter import BertAdapter, load_bert
from harness_pretrain.blocks import BEGINS, Block
from harness_pretrain.orders import ordered_lesson
from harness_torch.lessons import Lesson, Orders
from harness_torch.tokenizers.protocol import Tokens

BLOCK = Block(list(range(20, 38)), bytearray([BEGINS] * 18))


def wrap(ids: list[int]) -> Tokens:
    return Tokens([2, *ids, 3], [0] * (len(ids) + 2), 0)


def lesson(seed: int = 1) -> Lesson:
    return ordered_lesson(BLOCK, Random(seed), rate=1 / 6, mask=4, wrap=wrap)


def speaker(folder: Path) -> BertAdapter:
    adapter = load_bert(ModelName.parse(f"bert:{folder}"), LoadSettings())
    adapter.prepare_words("orders", seed=1).eval()
    return adapter


def test_a_sixth_of_the_tokens_is_asked_of_masks_behind_the_text() -> None:
    made = lesson()
    assert list(made.ids) == [2, *BLOCK.ids, 3, 4, 4, 4]
    assert list(made.places) == [20, 21, 22]


def test_a_mask_has_the_position_of_its_target() -> None:
    made = lesson()
    assert made.orders is not None
    assert made.orders.positions[20:] == list(made.orders.asked)
    assert [made.ids[place] for place in made.orders.asked] == made.targets


def test_the_order_is_drawn() -> None:
    assert lesson(1).targets != lesson(2).targets


def test_content_sees_itself_and_a_mask_does_not_see_its_own_word() -> None:
    sight = Orders(ranks=(-1, 1, 0), asked=(2, 1)).sight()
    expected = [
        [1, 0, 0, 0, 0],  # no target: sees what is no target
        [1, 1, 1, 0, 0],  # the second target sees the first and itself
        [1, 0, 1, 0, 0],
        [1, 0, 0, 0, 0],  # the first target's mask
        [1, 0, 1, 0, 0],  # the second's sees the first target
    ]
    assert sight.int().tolist() == expected


def test_an_earlier_word_changes_what_is_said_of_a_later_one_and_not_the_reverse(
    new_bert: Path,
) -> None:
    adapter, made = speaker(new_bert), lesson()
    assert made.orders is not None
    first, _, last = made.orders.asked

    def said(changed: int) -> torch.Tensor:
        ids = [50 if p == changed else token for p, token in enumerate(made.ids)]
        other = Lesson(
            ids=ids, targets=made.targets, places=made.places, orders=made.orders
        )
        return adapter.say([other]).words

    unchanged = adapter.say([made]).words
    assert torch.equal(said(last), unchanged)
    moved = (said(first) - unchanged).abs().amax(dim=1)
    assert moved[0] == 0
    assert moved[1:].min() > 1e-6
