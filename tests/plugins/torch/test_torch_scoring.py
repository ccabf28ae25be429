"""Texts are cut as lm-evaluation-harness cuts them, and scored row by row."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from harness import CheckpointError
from harness_torch.scoring import ROWS, Pair, log_probabilities, pair_ids

WORDS = ("ab", " ab", "a", "b", " ", "c")


def encode(texts: Sequence[str]) -> list[list[int]]:
    """Take the longest known piece at each place, as byte-pair merges would."""
    return [_pieces(text) for text in texts]


def _pieces(text: str) -> list[int]:
    ids = []
    while text:
        piece = next(w for w in sorted(WORDS, key=len)[::-1] if text.startswith(w))
        ids.append(WORDS.index(piece))
        text = text[len(piece) :]
    return ids


def cut(context: str, choice: str, prefix: int | None = 9) -> Pair:
    (pair,) = pair_ids([(context, choice)], encode=encode, prefix=prefix, title="x")
    return pair


def test_a_continuation_is_what_the_whole_has_beyond_the_context() -> None:
    assert cut("c", " ab") == Pair([5], [1])


def test_spaces_that_end_the_context_are_moved_to_the_continuation() -> None:
    assert cut("c  ", "ab") == Pair([5], [4, 1])


def test_pieces_that_merge_over_the_border_are_lost_as_in_the_reference() -> None:
    # whole: ab; the context alone: a; one token more than the context has: none
    assert cut("a", "b") == Pair([2], [])


def test_an_empty_context_is_the_prefix_token() -> None:
    assert cut("", "ab") == Pair([9], [0])
    assert cut("  ", "c") == Pair([9], [4, 4, 5])


def test_an_empty_context_without_prefix_token_is_refused() -> None:
    with pytest.raises(CheckpointError, match="has no beginning-of-text and no end"):
        cut("", "ab", prefix=None)


def test_each_text_is_encoded_once() -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str]) -> list[list[int]]:
        asked.extend(texts)
        return encode(texts)

    pairs = [("c", "a"), ("c", "b"), ("c", "a")]
    pair_ids(pairs, encode=counting, prefix=None, title="x")
    assert sorted(asked) == ["c", "ca", "cb"]


def logits(rows: int) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(rows, 7) * 5


def test_scores_equal_the_log_softmax_of_all_rows() -> None:
    rows = 2 * ROWS + 3
    hidden = logits(rows)
    targets = [[row % 7, (row + 1) % 7] for row in range(rows)]
    scored = log_probabilities(hidden, lambda h: h, targets, title="x")
    expected = hidden.log_softmax(-1).gather(1, torch.tensor(targets))
    ours = torch.tensor([[one.log_probability for one in row] for row in scored])
    assert torch.allclose(ours, expected, rtol=0, atol=1e-6)


def test_the_most_probable_token_alone_is_greedy() -> None:
    hidden = logits(5)
    scored = log_probabilities(hidden, lambda h: h, [list(range(7))] * 5, title="x")
    greedy = [[one.is_greedy for one in row].index(True) for row in scored]
    assert greedy == hidden.argmax(-1).tolist()
    assert sum(one.is_greedy for row in scored for one in row) == 5


def test_no_more_rows_than_a_chunk_are_projected_at_once() -> None:
    seen: list[int] = []

    def project(hidden: Tensor) -> Tensor:
        seen.append(len(hidden))
        return hidden

    log_probabilities(logits(ROWS + 1), project, [[0]] * (ROWS + 1), title="x")
    assert seen == [ROWS, 1]


def test_half_precision_logits_are_normalised_in_fp32() -> None:
    hidden = logits(3).bfloat16()
    scored = log_probabilities(hidden, lambda h: h, [[0], [1], [2]], title="x")
    expected = hidden.float().log_softmax(-1).diagonal()
    ours = [one.log_probability for (one,) in scored]
    assert ours == pytest.approx(expected.tolist(), abs=1e-6)


def test_scores_of_hidden_states_that_are_no_numbers_are_refused() -> None:
    hidden = torch.full((1, 3), torch.nan)
    with pytest.raises(
        CheckpointError, match=r"^x answers with values that are no num"
    ):
        log_probabilities(hidden, lambda h: h, [[0]], title="x")
