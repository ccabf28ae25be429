"""Drawing a token: what is drawn depends on the request alone, never on the batch."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from harness.requests import Generate


class Draws:
    """Draws the tokens of one request, one after another.

    Each token of the vocabulary gets a random handicap (Gumbel's: the winner is then a
    draw from the softmax) and the best wins. So the last digits of the logits, which
    may differ between batches, decide only where two tokens come out all but equal.

    Args:
        request: its prompt and sample seed the draws.
    """

    def __init__(self, request: Generate) -> None:
        text = f"{request.sample}\n{request.prompt}"
        seed = hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8]
        self._generator = torch.Generator().manual_seed(
            int.from_bytes(seed, signed=True)
        )
        self._temperature = request.temperature
        self._top_p = request.top_p

    def next(self, logits: Tensor) -> int:
        """Draw the next token from its logits, ``(vocabulary,)``."""
        scaled = logits.double().cpu() / self._temperature
        scaled = _within(scaled.log_softmax(dim=0), self._top_p)
        noise = torch.empty_like(scaled).exponential_(generator=self._generator)
        return int((scaled - noise.log()).argmax())


def _within(log_probabilities: Tensor, share: float) -> Tensor:
    """Leave out all but the most probable tokens that together have a share."""
    if share >= 1:
        return log_probabilities
    ordered, tokens = log_probabilities.sort(descending=True, stable=True)
    probabilities = ordered.exp()
    before = probabilities.cumsum(dim=0) - probabilities
    before[0] = -torch.inf  # the most probable stays, whatever the share
    return log_probabilities.index_fill(0, tokens[before >= share], -torch.inf)
