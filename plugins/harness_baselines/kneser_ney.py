"""Interpolated Kneser-Ney: n-gram probabilities that back off to shorter contexts.

Kneser and Ney, "Improved backing-off for m-gram language modeling" (ICASSP 1995), in
the interpolated form of Chen and Goodman, "An empirical study of smoothing techniques
for language modeling" (1999), section 2.7. Each order has one absolute discount,
n1 / (n1 + 2 n2) of the n-grams seen once and twice (Ney, Essen and Kneser 1994), not
the three of the modified form. Below the highest order counts are of different
continuations; the lowest order is interpolated with the uniform distribution over the
vocabulary, so that every item has a probability and all sum to one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

NEUTRAL_DISCOUNT = 0.5
"""Where no n-gram was seen once, so that nothing can be estimated."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is known of the n-grams of one length, keyed as numbers in base `base`.

    Attributes:
        counts: how often each n-gram was seen, or of how many items it was the
            continuation.
        totals: the sum of the counts after each context.
        kinds: how many different items follow each context.
        discount: what is taken from every count.
    """

    counts: Counter[int]
    totals: Counter[int]
    kinds: Counter[int]
    discount: float


class KneserNey:
    """A model over items 0 to `size` - 1, trained on sequences of them.

    Args:
        sequences: the training sequences, their end marked by an item of their own.
        order: the longest n-gram.
        size: how many items there are.
        discounts: one for each order from 1, instead of the estimated ones.

    Raises:
        ValueError: there is no item to learn from.
    """

    def __init__(
        self,
        sequences: Iterable[Sequence[int]],
        *,
        order: int,
        size: int,
        discounts: Sequence[float] | None = None,
    ) -> None:
        self.order = order
        self.size = size
        self._start = size  # stands before a sequence and is never predicted
        self._base = size + 1
        counts = Counter(self._keys(sequences))
        if not counts:
            raise ValueError("no item to learn from")
        self._orders: list[_Order] = []
        for length in range(order, 0, -1):
            given = discounts[length - 1] if discounts else None
            self._orders.insert(0, self._summarise(counts, given))
            power = self._base ** (length - 1)
            counts = Counter(key % power for key in counts)

    def probability(self, item: int, before: Sequence[int]) -> float:
        """Return an item's probability after a sequence, of which the end is read."""
        value = 1 / self.size
        key = item
        context = 0
        padded = self._padded(before)
        for length, order in enumerate(self._orders):
            if length:
                place = self._base ** (length - 1)
                context += padded[-length] * place
                key = context * self._base + item
            total = order.totals.get(context, 0)
            if not total:
                break  # longer contexts were not seen either
            kept = max(order.counts.get(key, 0) - order.discount, 0.0)
            freed = order.discount * order.kinds[context]
            value = (kept + freed * value) / total
        return value

    def _padded(self, before: Sequence[int]) -> list[int]:
        wanted = self.order - 1
        tail = list(before[-wanted:]) if wanted else []
        return [self._start] * (wanted - len(tail)) + tail

    def _keys(self, sequences: Iterable[Sequence[int]]) -> Iterator[int]:
        """Yield every n-gram of the highest order as a number."""
        power = self._base ** (self.order - 1)
        for sequence in sequences:
            key = 0
            for _ in range(self.order - 1):
                key = key * self._base + self._start
            for item in sequence:
                key = key % power * self._base + item
                yield key

    def _summarise(self, counts: Counter[int], discount: float | None) -> _Order:
        totals: Counter[int] = Counter()
        kinds: Counter[int] = Counter()
        for key, count in counts.items():
            context = key // self._base
            totals[context] += count
            kinds[context] += 1
        if discount is None:
            discount = _estimated(counts)
        return _Order(counts, totals, kinds, discount)


def _estimated(counts: Counter[int]) -> float:
    often = Counter(counts.values())
    once, twice = often[1], often[2]
    return once / (once + 2 * twice) if once else NEUTRAL_DISCOUNT
