"""Log-probabilities of given tokens: how pairs are cut, and what the model says.

Texts are cut into tokens as lm-evaluation-harness does (`TemplateLM._encode_pair` of
its lm_eval/api/model.py), so that scores can be compared. The vocabulary's
log-softmax is taken a few rows at a time, and only of rows whose target is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

import torch
from torch import Tensor

from harness import CheckpointError
from harness_torch.abilities import check_finite

ROWS = 256
"""Rows of logits held at once; fewer are slower, more need memory alone."""

Encode = Callable[[Sequence[str]], list[list[int]]]


class Pair(NamedTuple):
    """A context's token ids and those of what follows."""

    context: list[int]
    continuation: list[int]


class Scored(NamedTuple):
    """A continuation's log-probability in nats, and whether greedy would write it."""

    log_probability: float
    is_greedy: bool


def pair_ids(
    pairs: Sequence[tuple[str, str]], *, encode: Encode, prefix: int | None, title: str
) -> list[Pair]:
    """Cut contexts and continuations into tokens.

    The continuation is what the whole text's ids have after as many as the context
    alone has; spaces that end the context are moved to it first.

    Args:
        pairs: contexts and continuations.
        encode: token ids of texts, with the special tokens that a text begins with;
            called once, with every text once.
        prefix: what stands for an empty context.
        title: how messages name the model.

    Raises:
        CheckpointError: a context is empty and there is no prefix.
    """
    moved = [move_spaces(context, continuation) for context, continuation in pairs]
    texts = list(dict.fromkeys(t for a, b in moved for t in (a, a + b)))
    ids = dict(zip(texts, encode(texts), strict=True))
    return [_cut(ids[a], ids[a + b], prefix, title) for a, b in moved]


def pairs_of_texts(
    texts: Sequence[list[int]], *, prefix: int, length: int
) -> tuple[list[Pair], int]:
    """Divide texts where they part, so that what they begin with is read once.

    Its probability is the same for all of them. Ends that can't fit are cut, so that
    what differs stays.

    Args:
        texts: token ids of each.
        prefix: what stands before a text's first token.
        length: the model's longest input.

    Returns:
        What all begin with and what each goes on with, and how many tokens were cut
        from the longest.
    """
    whole = [ids if ids[:1] == [prefix] else [prefix, *ids] for ids in texts]
    columns = zip(*whole, strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    pairs = [Pair(ids[:shared], ids[shared : shared + length]) for ids in whole]
    cut = max((len(ids) - shared - length for ids in whole), default=0)
    return pairs, max(0, cut)


def need_prefix(prefix: int | None, title: str) -> int:
    """Return the token that an empty context stands for.

    Raises:
        CheckpointError: there is none.
    """
    if prefix is None:
        raise CheckpointError(
            f"the tokenizer of {title} has no beginning-of-text and no end-of-text "
            "token, one of which is needed before a text's first token: set bos_token "
            "in its tokenizer_config.json"
        )
    return prefix


def log_probabilities(
    hidden: Tensor,
    project: Callable[[Tensor], Tensor],
    targets: Sequence[Sequence[int]],
    *,
    title: str,
) -> list[list[Scored]]:
    """Return the log-probability of each target, row by row.

    Args:
        hidden: last hidden states, ``(rows, width)``.
        project: makes logits of hidden states, ``(rows, vocabulary)``; they are
            written over.
        targets: the token ids that are asked of each row.
        title: how messages name the model.

    Raises:
        CheckpointError: a log-probability is not a number.
    """
    scored: list[list[Scored]] = []
    for start in range(0, len(targets), ROWS):
        asked = targets[start : start + ROWS]
        scored += _score(project(hidden[start : start + ROWS]), asked, title)
    return scored


def _score(
    logits: Tensor, targets: Sequence[Sequence[int]], title: str
) -> list[list[Scored]]:
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    greedy = wide.argmax(dim=-1).tolist()
    rows = [row for row, asked in enumerate(targets) for _ in asked]
    columns = [token for asked in targets for token in asked]
    # Not logsumexp: in fp32 it is off by up to 3e-4 over a long continuation.
    # In place where that may be: to get as much memory again takes a tenth of the time.
    out = None if wide.requires_grad else wide
    chosen = torch.log_softmax(wide, dim=-1, out=out)[rows, columns]
    check_finite(chosen, title)
    values = iter(chosen.tolist())
    return [
        [Scored(next(values), token == best) for token in asked]
        for asked, best in zip(targets, greedy, strict=True)
    ]


def move_spaces(context: str, continuation: str) -> tuple[str, str]:
    """Move the spaces that end a context to what follows it."""
    kept = context.rstrip()
    return kept, context[len(kept) :] + continuation


def _cut(context: list[int], whole: list[int], prefix: int | None, title: str) -> Pair:
    continuation = whole[len(context) :]
    if context:
        return Pair(context, continuation)
    return Pair([need_prefix(prefix, title)], continuation)
