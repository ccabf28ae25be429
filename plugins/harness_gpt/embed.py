"""`Embed`: one vector of a text's last hidden states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from harness import Encoded
from harness.requests import Embed, EmbedAnswer
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_torch.abilities import check_finite
from harness_torch.cache import PackedAttention
from harness_torch.packed import pack


class EmbedAbility:
    """Answers `Embed` with the mean of the tokens' states, or the last token's.

    Texts too long are cut at their end.
    """

    def __init__(
        self, model: Decoder, reader: Reader, *, device: torch.device, pooling: str
    ) -> None:
        self._model = model
        self._reader = reader
        self._device = device
        self._takes_last = pooling == "last"

    def encode(self, requests: Sequence[Embed]) -> list[Encoded]:
        """Tokenise texts; an empty one is the token that texts begin after."""
        reader = self._reader
        encoded = []
        for key, ids in enumerate(reader.ids([request.text for request in requests])):
            kept = reader.some(ids[: reader.length])
            encoded.append(
                Encoded(
                    key=key,
                    request=requests[key],
                    cost=len(kept),
                    ids=kept,
                    truncated_tokens=max(0, len(ids) - reader.length),
                )
            )
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, EmbedAnswer]]:
        """Answer each request of a batch."""
        ordered = sorted(batch, key=lambda item: len(item.ids))
        packed = pack(
            [item.ids for item in ordered], device=self._device, is_causal=True
        )
        hidden = self._model(
            packed.ids,
            packed.positions,
            PackedAttention(packed),
            packed.last if self._takes_last else None,
        )
        wide = hidden.to(torch.promote_types(hidden.dtype, torch.float32))
        check_finite(wide, self._reader.title)
        if not self._takes_last:
            texts = torch.split(wide, [len(item.ids) for item in ordered])
            wide = torch.stack([text.mean(dim=0) for text in texts])
        for item, vector in zip(ordered, wide.tolist(), strict=True):
            yield item.key, EmbedAnswer(vector=tuple(vector))
