"""`Embed`: a vector for each text, pooled from its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from harness import Encoded, PluginError
from harness.requests import Answer, Embed, EmbedAnswer
from harness_torch.abilities import Abilities, check_finite
from harness_torch.packed import Packed
from harness_torch.rows import Run, rows_of, run_by_length
from harness_torch.tokenizers.protocol import TextEncoder, Tokens


class TextVectors:
    """Answers `Embed`.

    Args:
        tokenizer: makes ids of a text.
        vectors: runs the module on rows and pools, ``(rows, width)``.
        is_normalised: whether vectors are brought to length 1.
        title: how messages name the model.
    """

    def __init__(
        self, *, tokenizer: TextEncoder, vectors: Run, is_normalised: bool, title: str
    ) -> None:
        self._tokenizer = tokenizer
        self._vectors = vectors
        self._is_normalised = is_normalised
        self._title = title

    def encode(self, requests: Sequence[Embed]) -> list[Encoded]:
        """Tokenise texts."""
        rows = self._tokenizer.encode([(request.text, None) for request in requests])
        return [
            Encoded(
                key=key,
                request=request,
                cost=len(row.ids),
                ids=row.ids,
                truncated_tokens=row.truncated,
                truncated_side="right",
                extra={"rows": [row]},
            )
            for key, (request, row) in enumerate(zip(requests, rows, strict=True))
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        vectors = self.run(rows_of(batch))
        for item, vector in zip(batch, vectors.tolist(), strict=True):
            yield item.key, EmbedAnswer(vector=tuple(vector))

    def run(self, rows: Sequence[Tokens]) -> Tensor:
        """Return the vector of each row, in fp32, ``(rows, width)``.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        vectors = run_by_length(rows, self._vectors).float()
        check_finite(vectors, self._title)
        return F.normalize(vectors) if self._is_normalised else vectors


def find_vectors(abilities: Abilities, title: str) -> TextVectors:
    """Return what answers `Embed` among a model's abilities.

    Raises:
        PluginError: nothing does.
    """
    vectors = abilities.get(Embed)
    if isinstance(vectors, TextVectors):
        return vectors
    raise PluginError(
        f"{title} makes no vectors of texts, which a linear probe reads: choose another "
        "recipe, such as lora"
    )


def mean_over_sequences(hidden: Tensor, packed: Packed) -> Tensor:
    """Return the mean vector of each sequence's tokens, ``(sequences, width)``.

    In fp32 at least, whatever the precision of the states.
    """
    wide = hidden.to(torch.promote_types(hidden.dtype, torch.float32))
    return torch.segment_reduce(wide, "mean", lengths=packed.bounds.diff())
