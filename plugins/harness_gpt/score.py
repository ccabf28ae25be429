"""`Score`: log-probabilities of choices, the context computed once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from harness import Encoded
from harness.requests import Score, ScoreAnswer
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_gpt.trees import grow, score_trees, share_beginning
from harness_torch.scoring import pair_ids


class ScoreAbility:
    """Answers `Score`; tokens are cut as lm-evaluation-harness cuts them."""

    def __init__(self, model: Decoder, reader: Reader, *, device: torch.device) -> None:
        self._model = model
        self._reader = reader
        self._device = device

    def encode(self, requests: Sequence[Score]) -> list[Encoded]:
        """Tokenise contexts with their choices; `extra` holds what is asked of them."""
        reader = self._reader
        texts = [(r.context, choice) for r in requests for choice in r.choices]
        pairs = iter(
            pair_ids(texts, encode=reader.ids, prefix=reader.prefix, title=reader.title)
        )
        own = [[next(pairs) for _ in request.choices] for request in requests]
        grown = [grow(one, length=reader.length).behind(reader.virtual) for one in own]
        forests = share_beginning(grown, sight=self._model.sight)
        return [
            Encoded(
                key=key,
                request=request,
                cost=max(1, len(forests[key].ids)),
                ids=forests[key].all_ids,
                truncated_tokens=forests[key].cut,
                truncated_side="left",
                extra={
                    "forest": forests[key],
                    "counts": tuple(len(pair.continuation) for pair in own[key]),
                },
            )
            for key, request in enumerate(requests)
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, ScoreAnswer]]:
        """Answer each request of a batch."""
        trees = [tree for item in batch for tree in item.extra["forest"].trees]
        scored = iter(
            score_trees(
                trees, self._model, device=self._device, title=self._reader.title
            )
        )
        for item in batch:
            forest = item.extra["forest"]
            choices = forest.pick([next(scored) for _ in forest.trees])
            yield (
                item.key,
                ScoreAnswer(
                    log_probabilities=tuple(one.log_probability for one in choices),
                    is_greedy=tuple(one.is_greedy for one in choices),
                    token_counts=item.extra["counts"],
                    byte_counts=tuple(len(c.encode()) for c in item.request.choices),  # type: ignore[union-attr] # a Score
                ),
            )
