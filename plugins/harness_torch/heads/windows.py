"""Windows over a long context, and the best span in their scores.

As the official question-answering example of transformers has it (run_qa.py and
utils_qa.py under examples/pytorch/question-answering), which follows run_squad.py of
Devlin et al. 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import NamedTuple

from torch import Tensor

from harness_torch.tokenizers.protocol import TextTokenizer, Tokens

LONGEST_ANSWER = 30
"""Tokens in the longest span, of a window's tokens."""

N_BEST = 20
"""Starts, and ends, of a window that are tried."""


class Window(NamedTuple):
    """A question with a part of its context, as a model reads it.

    Attributes:
        tokens: ids and segments, special tokens included.
        before: tokens before the context's first.
        first: which token of the context that is.
        length: how many tokens of the context follow.
    """

    tokens: Tokens
    before: int
    first: int
    length: int


class Span(NamedTuple):
    """A span of the context: its first and last token, and its score."""

    first: int
    last: int
    score: float


def cut_windows(
    question: Sequence[int],
    context: Sequence[int],
    *,
    tokenizer: TextTokenizer,
    length: int,
    stride: int,
) -> tuple[list[Window], int]:
    """Lay windows over a context, each with the whole question before it.

    Args:
        question: token ids; cut where they leave too little room for the context.
        context: token ids.
        tokenizer: puts the special tokens around.
        length: the longest window in tokens.
        stride: tokens that neighbouring windows share.

    Returns:
        One window or more, and how many tokens of the question were cut.
    """
    template = tokenizer.wrap([-1], [-2]).ids
    special, before = len(template) - 2, template.index(-2) - 1
    longest_question = max(0, length - special - stride - 1)
    asked = question[:longest_question]
    room = length - special - len(asked)
    windows = []
    for first in range(0, max(len(context), 1), max(room - stride, 1)):
        part = context[first : first + room]
        tokens = tokenizer.wrap(asked, part)
        windows.append(Window(tokens, before + len(asked), first, len(part)))
        if first + room >= len(context):
            break
    return windows, len(question) - len(asked)


def best_spans(
    window: Window, scores: Tensor, offsets: Sequence[tuple[int, int]], count: int
) -> list[Span]:
    """Return the best spans of a window that hold a character, the best first.

    Args:
        window: where the scores are from.
        scores: a start and an end score of each of its tokens, ``(tokens, 2)``.
        offsets: where each token of the whole context begins and ends, in characters.
        count: how many at most.
    """
    tried = scores.topk(min(N_BEST, len(scores)), dim=0)
    starts, ends = (
        [
            (place - window.before, score)
            for place, score in zip(places, values, strict=True)
            if 0 <= place - window.before < window.length
        ]
        for places, values in zip(
            tried.indices.T.tolist(), tried.values.T.tolist(), strict=True
        )
    )
    spans = (
        Span(window.first + start, window.first + end, one + other)
        for start, one in starts
        for end, other in ends
        if 0 <= end - start < LONGEST_ANSWER
        and offsets[window.first + start][0] < offsets[window.first + end][1]
    )
    return nlargest(count, spans, key=lambda span: span.score)


def target_tokens(
    window: Window, offsets: Sequence[tuple[int, int]], answer: tuple[int, int] | None
) -> tuple[int, int]:
    """Return the window's tokens where a right answer starts and ends.

    Args:
        window: one of the context's windows.
        offsets: where each token of the whole context begins and ends, in characters.
        answer: where the answer begins and ends, in characters; None for no answer.

    Returns:
        Places among the window's tokens; the first token, twice, where the window does
        not hold the whole answer.
    """
    own = offsets[window.first : window.first + window.length]
    if answer is None or not own or own[0][0] > answer[0] or own[-1][1] < answer[1]:
        return 0, 0
    start = max(i for i, (begins, _) in enumerate(own) if begins <= answer[0])
    end = min(i for i, (_, ends) in enumerate(own) if ends >= answer[1])
    return window.before + start, window.before + end
