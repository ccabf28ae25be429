"""`Generate`: the encoder reads the prompt, the decoder writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from harness import Budget, Encoded
from harness.requests import Generate
from harness_t5.decoding import T5Decoding
from harness_t5.model import T5
from harness_t5.sources import SourceReader, encoded
from harness_torch.generation.loop import Asking
from harness_torch.generation.refill import Refill
from harness_torch.tokenizers.protocol import TextTokenizer


class GenerateAbility:
    """Answers `Generate`: greedy, drawn, or by beams.

    Args:
        module: what writes.
        tokenizer: makes ids of texts, and texts of ids.
        title: how messages name the model.
    """

    def __init__(self, module: T5, *, tokenizer: TextTokenizer, title: str) -> None:
        self._module = module
        self._tokenizer = tokenizer
        self._sources = SourceReader(tokenizer, module.config)
        self._title = title

    def encode(self, requests: Sequence[Generate]) -> list[Encoded]:
        """Tokenise prompts; the cost counts all that the beams may write."""
        read = self._sources.encode([(request.prompt, None) for request in requests])
        return [
            encoded(key, request, tokens, cost=request.max_tokens * request.beams)
            for key, (request, tokens) in enumerate(zip(requests, read, strict=True))
        ]

    def begin(self, budget: Budget) -> Refill:
        """Return nothing written yet, with room for what the budget allows."""
        return Refill(
            T5Decoding(self._module, self._title),
            budget=budget,
            decode=self._tokenizer.decode,
            end=self._module.config.end_token_ids,
            asking=_asking,
        )


def _asking(item: Encoded) -> Asking:
    return Asking(item, cast(Generate, item.request), len(item.ids))
