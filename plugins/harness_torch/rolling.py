"""Windows over a long text, in which each token is scored once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """What a model reads before the tokens that are scored, and those tokens."""

    context: list[int]
    scored: list[int]


def rolling_windows(
    ids: Sequence[int], *, prefix: int, length: int, step: int | None = None
) -> Iterator[Window]:
    """Cut a text so that each token is scored once, with as much before it as fits.

    The first window is as long as the model reads, after the prefix token; each of
    those that follow goes on where the last ended, and the last reaches back as far as
    the length allows. As `loglikelihood_rolling` of lm-evaluation-harness does
    (get_rolling_token_windows and make_disjoint_window of its lm_eval/utils.py, with a
    context of one token).

    Args:
        ids: the text's tokens.
        prefix: the token that the first one is scored after.
        length: the model's longest input: context and scored, but for the last of
            those, which is not read.
        step: tokens that each further window scores; as many as fit by default, and
            with fewer each has more before it.
    """
    before = [prefix, *ids]  # before[i] is what stands before ids[i]
    step = step or length
    for start in (0, *range(length, len(ids), step)) if ids else ():
        end = min(start + (step if start else length), len(ids))
        first = max(0, end - length) if start else 0
        yield Window(before[first : start + 1], list(ids[start:end]))
