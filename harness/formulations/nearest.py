"""The nearest vectors of many, block by block: numpy, and no square matrix."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]

BLOCK = 256
"""Queries ranked at once: with 20,000 candidates their cosines take 20 MB."""


def nearest(
    queries: Sequence[array[float]],
    candidates: Sequence[array[float]],
    depth: int,
    *,
    skips_own: bool,
) -> Iterator[list[int]]:
    """Yield, for each query, the positions of the candidates of the highest cosine.

    Of equal cosines the lower position comes first. A vector of length 0 has the
    cosine 0 with all.

    Args:
        queries: vectors of one width.
        candidates: vectors of the same width.
        depth: how many positions, or all where there are fewer.
        skips_own: whether the candidate at the query's own position is left out.
    """
    found = _unit(candidates)
    for start in range(0, len(queries), BLOCK):
        cosines = _unit(queries[start : start + BLOCK]) @ found.T  # (block, candidates)
        if skips_own:
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = -np.inf
        wanted = min(depth, len(found) - skips_own)
        yield from (_best(row, wanted) for row in cosines)


def _unit(vectors: Sequence[array[float]]) -> Singles:
    stacked = np.array(vectors, dtype=np.float32)  # (vectors, width)
    lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    stacked /= lengths
    return stacked


def _best(cosines: Singles, wanted: int) -> list[int]:
    if wanted < 1:
        return []
    least = np.partition(cosines, -wanted)[-wanted]
    places = np.flatnonzero(cosines >= least)
    order = np.argsort(-cosines[places], kind="stable")[:wanted]
    return [int(place) for place in places[order]]
