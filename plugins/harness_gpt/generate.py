"""`Generate`: prompts read packed, then continued with a key-value cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from harness import Encoded
from harness.requests import Generate, GenerateAnswer
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_torch.abilities import check_finite
from harness_torch.beginnings import Beginning, shared_beginning
from harness_torch.cache import KeyValueCache
from harness_torch.chat import Render, prompt_ids
from harness_torch.generation.loop import write
from harness_torch.packed import pack


class Continuation:
    """Rows that are being continued, each after its prompt; a `Decoding`.

    Args:
        model: the decoder.
        title: how messages name it.
    """

    def __init__(self, model: Decoder, *, title: str) -> None:
        self._model = model
        self._title = title
        self._cache = KeyValueCache()

    def read(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        beginning: Beginning | None = None,
        device: torch.device,
    ) -> Tensor:
        """Read prompts and return logits of their next tokens, ``(rows, vocabulary)``.

        Args:
            prompts: token ids of each, without the beginning.
            beginning: what all of them begin with, if anything.
            device: where the model is.

        Raises:
            CheckpointError: the logits are no numbers.
        """
        packed = pack(prompts, device=device, is_causal=True)
        kept = None if beginning is None else beginning.kept(self._model, device)
        attending = self._cache.prefill(packed, kept)
        positions = packed.positions + (0 if kept is None else kept.longest)
        hidden = self._model(packed.ids, positions, attending, packed.last)
        return self._logits(hidden)

    def step(self, tokens: Tensor) -> Tensor:
        """Append one token to each row and return logits, ``(rows, vocabulary)``.

        Raises:
            CheckpointError: the logits are no numbers.
        """
        places = self._cache.lengths
        return self._logits(self._model(tokens, places, self._cache.step()))

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order."""
        self._cache.select(rows)

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

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, GenerateAnswer]]:
        """Answer each request of a batch."""
        by_beginning: dict[Beginning | None, list[Encoded]] = defaultdict(list)
        for item in sorted(batch, key=lambda item: len(item.ids)):
            by_beginning[item.extra.get("beginning")].append(item)
        for beginning, ordered in by_beginning.items():
            yield from self._continue(ordered, beginning)

    def _continue(
        self, ordered: Sequence[Encoded], beginning: Beginning | None
    ) -> Iterator[tuple[int, GenerateAnswer]]:
        rows = Continuation(self._model, title=self._reader.title)
        before = 0 if beginning is None else len(beginning.ids)
        logits = rows.read(
            [item.ids[before:] for item in ordered],
            beginning=beginning,
            device=self._device,
        )
        written = write(
            rows,
            logits,
            [self._fitting(item) for item in ordered],
            decode=self._decode,
            end=self._end,
        )
        for item, one in zip(ordered, written, strict=True):
            answer = GenerateAnswer(
                text=one.text,
                finish_reason=one.finish_reason,
                written_tokens=len(one.ids),
            )
            yield item.key, answer

    def _ids(self, requests: Sequence[Generate]) -> list[list[int]]:
        reader = self._reader
        found = prompt_ids(requests, self._render, opened=reader.ids, plain=reader.bare)
        return [reader.some(ids) for ids in found]

    def _room(self, request: Generate) -> int:
        length = self._reader.length
        return max(length - request.max_tokens, length // 2, 1)

    def _fitting(self, item: Encoded) -> Generate:
        # The last token written is not read: one more than the length fits.
        room = self._reader.length + len(self._reader.virtual) - len(item.ids) + 1
        request = cast(Generate, item.request)
        return replace(request, max_tokens=min(request.max_tokens, room))


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
