"""`Generate`: prompts read packed, then continued with a key-value cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from harness import Budget, Encoded
from harness.requests import Generate
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_torch.abilities import check_finite
from harness_torch.beginnings import Beginning, shared_beginning
from harness_torch.cache import Beside, KeyValueCache
from harness_torch.chat import Render, prompt_ids
from harness_torch.device import send
from harness_torch.generation.loop import Asking
from harness_torch.generation.refill import Refill
from harness_torch.packed import Packed, pack


class Continuation:
    """Rows that are being continued, each after its prompt; a `Decoding`.

    Args:
        model: the decoder.
        title: how messages name it.
        device: where it is.
    """

    def __init__(self, model: Decoder, *, title: str, device: torch.device) -> None:
        self._model = model
        self._title = title
        self._device = device
        self._cache = KeyValueCache()

    def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
        """Append a token to each row, and read newcomers' prompts in the same forward.

        Returns:
            Logits of all next tokens, ``(rows, vocabulary)``.

        Raises:
            CheckpointError: the logits are no numbers.
        """
        old = send(torch.tensor(tokens, dtype=torch.long), self._device)
        places = self._cache.lengths
        attending = self._cache.step()
        if not newcomers:
            return self._logits(self._model(old, places, attending))
        packed, kept = self._pack(newcomers)
        before = 0 if kept is None else kept.longest
        joining = self._cache.join(packed, kept)
        hidden = self._model(
            torch.cat([old, packed.ids]),
            torch.cat([places.to(self._device), packed.positions + before]),
            Beside(attending, len(old), joining) if tokens else joining,
            torch.cat(
                [torch.arange(len(old), device=self._device), packed.last + len(old)]
            ),
        )
        return self._logits(hidden)

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order."""
        self._cache.select(rows)

    def _pack(
        self, newcomers: Sequence[Encoded]
    ) -> tuple[Packed, KeyValueCache | None]:
        """Return prompts behind the beginning that they share, and that if any."""
        beginning = beginning_of(newcomers[0])
        before = 0 if beginning is None else len(beginning.ids)
        prompts = [item.ids[before:] for item in newcomers]
        packed = pack(prompts, device=self._device, is_causal=True)
        if beginning is None:
            return packed, None
        return packed, beginning.kept(self._model, self._device)

    def _logits(self, hidden: Tensor) -> Tensor:
        logits = self._model.logits(hidden)
        check_finite(logits, self._title)
        return logits.to(torch.promote_types(logits.dtype, torch.float32))


class GenerateAbility:
    """Answers `Generate`.

    Args:
        model: the decoder.
        reader: makes ids of prompts.
        device: where the model is.
        decode: turns ids into text.
        end: ids that end a text.
        render: puts those prompts into the chat template that go into one.
    """

    def __init__(
        self,
        model: Decoder,
        reader: Reader,
        *,
        device: torch.device,
        decode: Callable[[Sequence[int]], str],
        end: frozenset[int],
        render: Render,
    ) -> None:
        self._model = model
        self._reader = reader
        self._device = device
        self._decode = decode
        self._end = end
        self._render = render

    def encode(self, requests: Sequence[Generate]) -> list[Encoded]:
        """Tokenise prompts, cut on the left so that what is written still fits.

        A prompt keeps half of the model's length in any case; then less is written.
        """
        encoded = []
        for key, ids in enumerate(self._ids(requests)):
            request = requests[key]
            own = ids[-self._room(request) :]
            kept = [*self._reader.virtual, *own]
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=len(kept) * request.beams + request.max_tokens * request.beams,
                    ids=kept,
                    truncated_tokens=len(ids) - len(own),
                    truncated_side="left",
                )
            )
        return _share_beginning(encoded, sight=self._model.sight)

    def begin(self, budget: Budget) -> Refill:
        """Return nothing written yet, with room for what the budget allows."""
        rows = Continuation(self._model, title=self._reader.title, device=self._device)
        return Refill(
            rows,
            budget=budget,
            decode=self._decode,
            end=self._end,
            asking=self._asking,
            kind=beginning_of,
        )

    def _ids(self, requests: Sequence[Generate]) -> list[list[int]]:
        reader = self._reader
        found = prompt_ids(requests, self._render, opened=reader.ids, plain=reader.bare)
        return [reader.some(ids) for ids in found]

    def _room(self, request: Generate) -> int:
        length = self._reader.length
        return max(length - request.max_tokens, length // 2, 1)

    def _asking(self, item: Encoded) -> Asking:
        # The last token written is not read: one more than the length fits.
        room = self._reader.length + len(self._reader.virtual) - len(item.ids) + 1
        request = cast(Generate, item.request)
        fitting = replace(request, max_tokens=min(request.max_tokens, room))
        beginning = beginning_of(item)
        before = 0 if beginning is None else len(beginning.ids)
        return Asking(item, fitting, len(item.ids) - before)


def beginning_of(item: Encoded) -> Beginning | None:
    """Return what a prompt shares with others, if anything."""
    shared: Beginning | None = item.extra.get("beginning")
    return shared


def _share_beginning(encoded: Sequence[Encoded], *, sight: int | None) -> list[Encoded]:
    """Note what prompts begin with that are whole and seen whole, to be read once."""
    able = [
        item
        for item in encoded
        if not item.truncated_tokens and (sight is None or len(item.ids) <= sight)
    ]
    ids = shared_beginning([tuple(item.ids) for item in able])
    if not ids:
        return list(encoded)
    extra = {"beginning": Beginning(ids)}
    sharing = {item.key: replace(item, extra=extra) for item in able}
    return [sharing.get(item.key, item) for item in encoded]
