"""Texts as the encoder reads them, cut at the end where they are too long."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from harness import Encoded
from harness.requests import Request
from harness_t5.config import T5Config
from harness_torch.packed import Packed, pack
from harness_torch.tokenizers.protocol import TextPair, TextTokenizer, Tokens


class SourceReader:
    """Makes ids of sources; one without a token is read as the end token alone."""

    def __init__(self, tokenizer: TextTokenizer, config: T5Config) -> None:
        self._tokenizer = tokenizer
        self._end = min(config.end_token_ids)

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch, cutting what is too long."""
        return [
            tokens if tokens.ids else Tokens([self._end], [0], tokens.truncated)
            for tokens in self._tokenizer.encode(texts)
        ]


def encoded(key: int, request: Request, tokens: Tokens, *, cost: int = 0) -> Encoded:
    """Return a request with its source; `cost` is what comes on top of that."""
    return Encoded(
        key=key,
        request=request,
        cost=len(tokens.ids) + cost,
        ids=tokens.ids,
        truncated_tokens=tokens.truncated,
        truncated_side="right",
    )


def by_length(batch: Sequence[Encoded]) -> list[Encoded]:
    """Order a batch so that sources of one length are neighbours."""
    return sorted(batch, key=lambda item: len(item.ids))


def pack_sources(batch: Sequence[Encoded], device: torch.device) -> Packed:
    """Lay the sources of a batch end to end."""
    return pack([item.ids for item in batch], device=device)
