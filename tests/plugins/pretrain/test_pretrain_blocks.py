"""Documents, sentences, words and blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness_pretrain.blocks import SPECIAL, Block, cut, join, mark_words
from harness_pretrain.texts import divide, sentences
from harness_torch.tokenizers.loading import load_tokenizer
from harness_torch.tokenizers.protocol import Pieces


def block(*ids: int) -> Block:
    return Block(list(ids), bytearray([1] * len(ids)))


def test_a_file_is_a_document() -> None:
    assert list(divide(["a\n\nb", " \n", "c"], "file")) == ["a\n\nb", "c"]


def test_blank_lines_can_end_a_document() -> None:
    assert list(divide(["a\nb\n \n\nc\n\n"], "blank-lines")) == ["a\nb", "c"]


def test_sentences_end_at_line_ends_and_after_points() -> None:
    text = 'Who? "Ann." She is 3.5 m\nfrom here!  Now.'
    assert sentences(text) == ["Who?", '"Ann."', "She is 3.5 m", "from here!", "Now."]


def test_documents_are_joined_with_a_separator_that_is_special() -> None:
    joined = join([block(5, 6), block(7)], 3)
    assert joined.ids == [5, 6, 3, 7]
    assert joined.marks[2] == SPECIAL


def test_blocks_hold_all_tokens_once_and_the_last_is_shorter() -> None:
    blocks = cut(block(*range(10)), 4)
    assert [b.ids for b in blocks] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_blocks_can_share_a_token_so_that_each_but_the_first_is_a_next_one() -> None:
    blocks = cut(block(*range(7)), 4, overlap=1)
    assert [b.ids for b in blocks] == [[0, 1, 2, 3], [3, 4, 5, 6]]


def test_words_of_wordpiece_are_those_that_its_marks_join(new_bert: Path) -> None:
    tokenizer = load_tokenizer(new_bert, length=64)
    text = "househouse gardenriver, pianoletters are unknown: x"
    (pieces,) = tokenizer.pieces([text])
    vocabulary = _vocabulary(new_bert)
    begins = [not vocabulary[token].startswith("##") for token in pieces.ids]
    assert [mark == 1 for mark in mark_words(text, pieces)] == begins
    assert not all(begins)


@pytest.mark.parametrize("name", ["new_gpt", "new_t5"])
def test_words_of_other_tokenizers_begin_after_a_space(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    tokenizer = load_tokenizer(folder, length=64)
    text = "househouses see gardenriver"
    (pieces,) = tokenizer.pieces([text])
    assert sum(mark_words(text, pieces)) == 3
    assert len(pieces.ids) > 3


def test_each_ideograph_is_a_word() -> None:
    pieces = Pieces([7, 8, 9], [(0, 1), (1, 2), (2, 3)])
    assert list(mark_words("你好a", pieces)) == [1, 1, 1]


def _vocabulary(folder: Path) -> dict[int, str]:
    import json

    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    return {token_id: token for token, token_id in model["vocab"].items()}
