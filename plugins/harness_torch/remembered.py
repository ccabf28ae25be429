"""Vectors of texts that a frozen model has made, each computed once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, distributed

from harness import Encoded, OutOfMemoryError, cut_batches
from harness.ranks import agree, rank, world_size
from harness.requests import Embed
from harness_torch.device import memory_errors
from harness_torch.rows import rows_of
from harness_torch.text_vectors import TextVectors
from harness_torch.tokenizers.protocol import Tokens


class RememberedVectors:
    """Makes vectors as `TextVectors` does, and holds them in main memory, in fp32.

    Args:
        source: makes them, of a model that doesn't change any more.

    Attributes:
        tokens: most tokens in one forward of `read`; halved whenever memory runs out.
    """

    def __init__(self, source: TextVectors, *, tokens: int) -> None:
        self.tokens = tokens
        self._source = source
        self._known: dict[tuple[int, ...], Tensor] = {}

    def encode(self, requests: Sequence[Embed]) -> list[Encoded]:
        """Tokenise texts."""
        return self._source.encode(requests)

    def run(self, rows: Sequence[Tokens]) -> Tensor:
        """Return the vector of each row, ``(rows, width)``, computed if it is new.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        new = {_key(row): row for row in rows if _key(row) not in self._known}
        if new:
            # What is kept is trained on, which torch refuses for inference tensors.
            with torch.inference_mode(mode=False), torch.no_grad():
                made = self._source.run(list(new.values())).cpu()
            self._known.update(zip(new, made, strict=True))
        return torch.stack([self._known[_key(row)] for row in rows])

    def read(self, texts: Sequence[Encoded]) -> None:
        """Compute the vectors of texts, in batches that fit in memory.

        Batches are cut in order of length, so the same texts have the same vectors in
        every process and after every restart. Where several processes train together,
        each computes its part and gives it to the others.

        Args:
            texts: what `encode` made of them.

        Raises:
            OutOfMemoryError: one text alone does not fit.
            CheckpointError: the model's output is not a number.
            PeerError: another process failed.
        """
        once = {_key(row): item for item in texts for row in rows_of([item])}
        ordered = sorted(once, key=len)
        shares = world_size() if len(ordered) >= world_size() else 1
        place = rank() % shares
        own = self._compute([once[key] for key in ordered[place::shares]])
        if shares > 1:
            agree()
            whole = torch.zeros(len(ordered), own.shape[1])
            whole[place::shares] = own
            distributed.all_reduce(whole)
            own = whole
        self._known.update(zip(ordered, own, strict=True))

    @torch.no_grad()
    def _compute(self, texts: Sequence[Encoded]) -> Tensor:
        made: list[Tensor] = []
        done = 0
        while done < len(texts):
            left = (texts[place] for place in range(done, len(texts)))
            batch = next(cut_batches(left, self.tokens))
            cost = sum(item.cost for item in batch)
            try:
                with memory_errors(f"a batch of {cost} tokens"):
                    made.append(self._source.run(rows_of(batch)).cpu())
            except OutOfMemoryError:
                if len(batch) == 1:
                    raise
                self.tokens = max(1, min(self.tokens, cost) // 2)
            else:
                done += len(batch)
        return torch.cat(made)


def _key(row: Tokens) -> tuple[int, ...]:
    return tuple(row.ids)
