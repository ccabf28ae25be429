"""`Embed`: the mean of the encoder's states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import Encoded
from harness.requests import Embed, EmbedAnswer
from harness_t5.model import T5
from harness_t5.sources import by_length, encoded, pack_sources, read_texts
from harness_torch.abilities import check_finite
from harness_torch.tokenizers.protocol import TextTokenizer


class EmbedAbility:
    """Answers `Embed`; special tokens count among the states.

    Args:
        module: what encodes.
        tokenizer: makes ids of texts.
        title: how messages name the model.
    """

    def __init__(self, module: T5, *, tokenizer: TextTokenizer, title: str) -> None:
        self._module = module
        self._tokenizer = tokenizer
        self._title = title

    def encode(self, requests: Sequence[Embed]) -> list[Encoded]:
        """Tokenise texts."""
        texts = [request.text for request in requests]
        read = read_texts(texts, self._tokenizer, self._module.config)
        rows = zip(requests, read, strict=True)
        return [
            encoded(key, request, tokens) for key, (request, tokens) in enumerate(rows)
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, EmbedAnswer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: a vector is no number.
        """
        ordered = by_length(batch)
        packed = pack_sources(ordered, self._module.shared.weight.device)
        vectors = self._module.mean(packed).float()
        check_finite(vectors, self._title)
        for item, vector in zip(ordered, vectors.tolist(), strict=True):
            yield item.key, EmbedAnswer(vector=tuple(vector))
