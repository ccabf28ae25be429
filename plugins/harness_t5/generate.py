"""`Generate`: the encoder reads the prompt, the decoder writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from harness import Encoded
from harness.requests import Generate, GenerateAnswer
from harness_t5.decoding import T5Decoding
from harness_t5.model import T5
from harness_t5.sources import SourceReader, by_length, encoded, pack_sources
from harness_torch.generation.loop import write
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

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, GenerateAnswer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
            UsageError: a request asks for beams that make no sense.
        """
        ordered = by_length(batch)
        packed = pack_sources(ordered, self._module.shared.weight.device)
        lengths = [len(item.ids) for item in ordered]
        states = self._module.encode(packed)
        decoding = T5Decoding(self._module, states, lengths, self._title)
        written = write(
            decoding,
            decoding.start(),
            [cast(Generate, item.request) for item in ordered],
            decode=self._tokenizer.decode,
            end=self._module.config.end_token_ids,
        )
        for item, one in zip(ordered, written, strict=True):
            yield (
                item.key,
                GenerateAnswer(
                    text=one.text,
                    finish_reason=one.finish_reason,
                    written_tokens=len(one.ids),
                ),
            )
