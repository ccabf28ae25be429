"""`Fill`: how probable the whole text is with each candidate in its blank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import cast

import torch

from harness import Encoded
from harness.requests import Fill, FillAnswer
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_gpt.trees import Forest, grow, score_trees
from harness_torch.scoring import Pair, need_prefix

BLANK = "{blank}"


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
        """Tokenise the texts with each candidate; `extra` holds what is asked."""
        texts = [r.text.replace(BLANK, c) for r in requests for c in r.candidates]
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
        whole = [ids if ids[:1] == [prefix] else [prefix, *ids] for ids in texts]
        shared = _shared(whole)
        length = self._reader.length
        pairs = [Pair(ids[:shared], ids[shared:][:length]) for ids in whole]
        forest = grow(pairs, length=length)
        lost = max((len(ids) - shared - length for ids in whole), default=0)
        return Forest(
            trees=forest.trees, places=forest.places, cut=forest.cut + max(0, lost)
        )


def _shared(texts: Sequence[Sequence[int]]) -> int:
    """Return with how many tokens all texts begin alike."""
    columns = zip(*texts, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
