"""`Fill`: how probable the whole text is with each candidate in its blank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import torch

from harness import Encoded
from harness.requests import Fill, FillAnswer
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_gpt.trees import Forest, grow, score_trees
from harness_torch.blanks import fill_in
from harness_torch.scoring import need_prefix, pairs_of_texts


class FillAbility:
    """Answers `Fill`: probabilities of whole texts, normalised over the candidates.

    What all texts begin with is read once, as the context of the rest; its own
    probability is the same for all of them.
    """

    def __init__(self, model: Decoder, reader: Reader, *, device: torch.device) -> None:
        self._model = model
        self._reader = reader
        self._device = device

    def encode(self, requests: Sequence[Fill]) -> list[Encoded]:
        """Tokenise the texts with each candidate; `extra` holds what is asked.

        Raises:
            PluginError: a text has not one blank, or there are no candidates.
        """
        texts = [text for request in requests for text in fill_in(request)]
        ids = iter(self._reader.ids(texts))
        encoded = []
        for key, request in enumerate(requests):
            forest = self._forest([next(ids) for _ in request.candidates])
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=max(1, len(forest.ids)),
                    ids=forest.ids,
                    truncated_tokens=forest.cut,
                    truncated_side="both",
                    extra={"forest": forest},
                )
            )
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, FillAnswer]]:
        """Answer each request of a batch."""
        forests = [cast(Forest, item.extra["forest"]) for item in batch]
        trees = [tree for forest in forests for tree in forest.trees]
        scored = iter(
            score_trees(
                trees, self._model, device=self._device, title=self._reader.title
            )
        )
        for item, forest in zip(batch, forests, strict=True):
            texts = forest.pick([next(scored) for _ in forest.trees])
            nats = torch.tensor(
                [one.log_probability for one in texts], dtype=torch.float64
            )
            yield item.key, FillAnswer(probabilities=tuple(nats.softmax(0).tolist()))

    def _forest(self, texts: Sequence[list[int]]) -> Forest:
        """Cut ends that don't fit, so that the blank stays, then what comes before."""
        prefix = need_prefix(self._reader.prefix, self._reader.title)
        length = self._reader.length
        pairs, lost = pairs_of_texts(texts, prefix=prefix, length=length)
        forest = grow(pairs, length=length)
        return replace(forest, cut=forest.cut + lost)
