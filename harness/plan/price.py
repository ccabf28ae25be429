"""The most that a plan's questions to paid servers can cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import NamedTuple

from harness.plan.cells import EvaluateCell
from harness.requests import Generate, Request, Score

TOKENS_PRICED = 1_000_000
"""How many tokens a price is given for."""

_OVERHEAD = 64  # tokens that a chat template may put around a text


class Tokens(NamedTuple):
    """Tokens that a request reads and writes, at most."""

    read: int
    written: int


def price_ceiling(cells: Iterable[EvaluateCell]) -> float | None:
    """Return what cells cost at most at their models' prices; None where none has any.

    No token is shorter than a byte, so bytes stand for tokens: the true price of
    English text is about a quarter. Tries after a failure are not counted.
    """
    prices = [
        sum(price_of(most_tokens(request), cell.card.token_prices) for request in asked)
        for cell in cells
        if cell.card and cell.card.token_prices
        for asked in [_requests(cell)]
    ]
    return sum(prices) if prices else None


def price_of(tokens: Tokens, prices: tuple[float, float]) -> float:
    """Return what tokens cost, at prices for a million read and written."""
    return (tokens.read * prices[0] + tokens.written * prices[1]) / TOKENS_PRICED


def most_tokens(request: Request) -> Tokens:
    """Return how many tokens a request reads and writes at most."""
    if isinstance(request, Generate):
        return Tokens(_bytes(request.prompt), request.max_tokens)
    if isinstance(request, Score):  # a server reads the context with each choice
        texts = [request.context + choice for choice in request.choices]
    else:
        values = [getattr(request, field.name) for field in fields(request)]
        texts = [value for value in values if isinstance(value, str)]
    return Tokens(sum(map(_bytes, texts)), len(texts))


def _bytes(text: str) -> int:
    return len(text.encode()) + _OVERHEAD


def _requests(cell: EvaluateCell) -> Iterator[Request]:
    assert cell.formulation is not None  # only baselines have none, and no card
    examples = cell.examples()
    exemplars_of = cell.exemplars(examples)
    for example in examples:
        yield from cell.formulation.requests(example, exemplars_of(example))
