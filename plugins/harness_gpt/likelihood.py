"""`Likelihood`: the log-likelihood of a whole text, rolling over a long one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import torch

from harness import Encoded
from harness.requests import Likelihood, LikelihoodAnswer
from harness_gpt.decoder import Decoder
from harness_gpt.reading import Reader
from harness_gpt.trees import Tree, score_trees
from harness_torch.rolling import rolling_windows
from harness_torch.scoring import need_prefix


class LikelihoodAbility:
    """Answers `Likelihood`, each token scored once; nothing is ever cut."""

    def __init__(self, model: Decoder, reader: Reader, *, device: torch.device) -> None:
        self._model = model
        self._reader = reader
        self._device = device

    def encode(self, requests: Sequence[Likelihood]) -> list[Encoded]:
        """Tokenise texts and cut them into windows, which `extra` holds."""
        texts = self._reader.bare([request.text for request in requests])
        encoded = []
        for key, (request, ids) in enumerate(zip(requests, texts, strict=True)):
            trees = self._windows(ids)
            cost = sum(len(tree.ids) for tree in trees)
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=max(1, cost),
                    ids=ids,
                    extra={"trees": trees, "read": cost},
                )
            )
        return encoded

    def answer(
        self, batch: Sequence[Encoded]
    ) -> Iterator[tuple[int, LikelihoodAnswer]]:
        """Answer each request of a batch."""
        trees = [tree for item in batch for tree in item.extra["trees"]]
        scored = iter(
            score_trees(
                trees, self._model, device=self._device, title=self._reader.title
            )
        )
        for item in batch:
            text = cast(Likelihood, item.request).text
            windows = [next(scored)[0] for _ in item.extra["trees"]]
            yield (
                item.key,
                LikelihoodAnswer(
                    tokens=item.extra["read"],
                    nats=float(sum(window.log_probability for window in windows)),
                    token_count=len(item.ids),
                    word_count=len(text.split()),
                    byte_count=len(text.encode()),
                ),
            )

    def _windows(self, ids: Sequence[int]) -> list[Tree]:
        if not ids:
            return []
        prefix = need_prefix(self._reader.prefix, self._reader.title)
        return [
            Tree(trunk=tuple(context), branches=(tuple(scored),))
            for context, scored in rolling_windows(
                ids, prefix=prefix, length=self._reader.length
            )
        ]
