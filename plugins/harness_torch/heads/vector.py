"""`Classify` and `Regress`: a trained head over one vector for each text or pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from harness import Encoded, Head, Loss, TrainingExample
from harness.requests import Answer, Classify, ClassifyAnswer, Regress, RegressAnswer
from harness_torch.abilities import check_finite
from harness_torch.device import send
from harness_torch.heads.labels import label_order, training_target
from harness_torch.tokenizers.protocol import TextEncoder

Encode = Callable[[Sequence[Classify | Regress]], list[Encoded]]
"""Tokenises requests in one batch; keys are positions in the sequence."""

Logits = Callable[[Sequence[Encoded]], Tensor]
"""Runs the module on a batch, ``(batch, outputs)``."""


class VectorHead:
    """Answers `Classify` or `Regress`, and is trained to.

    Args:
        head: what the head says.
        encode: makes ids of a text or pair; see `in_one` for the usual way.
        logits: runs the module on a batch.
        title: how messages name the model.
    """

    def __init__(
        self, head: Head, *, encode: Encode, logits: Logits, title: str
    ) -> None:
        self._head = head
        self._encode = encode
        self._logits = logits
        self._title = title

    def encode(self, requests: Sequence[Classify | Regress]) -> list[Encoded]:
        """Tokenise texts and pairs."""
        return self._encode(requests)

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: a request has other labels than the head, or the model's
                output is not a number.
        """
        ordered = sorted(batch, key=lambda item: item.cost)
        logits = self._logits(ordered).float()
        check_finite(logits, self._title)
        if self._head.kind == "classify":
            logits = logits.softmax(dim=-1)
        for item, row in zip(ordered, logits.tolist(), strict=True):
            yield item.key, self._answer(item, row)

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples; the target is a probability for each label, or a value."""
        targets = [training_target(e, self._head, self._title) for e in examples]
        asked = [cast(Classify | Regress, example.request) for example in examples]
        encoded = self.encode(asked)
        return [
            replace(item, extra={**item.extra, "target": target})
            for item, target in zip(encoded, targets, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed cross-entropy, or squared error, of a micro-batch."""
        ordered = sorted(batch, key=lambda item: item.cost)
        logits = self._logits(ordered).float()
        asked = [item.extra["target"] for item in ordered]
        targets = send(torch.tensor(asked, dtype=torch.float32), logits.device)
        total = (
            F.mse_loss(logits.squeeze(1), targets, reduction="sum")
            if self._head.kind == "regress"
            else F.cross_entropy(
                logits, targets, reduction="sum", label_smoothing=label_smoothing
            )
        )
        return Loss(total=total, count=len(ordered))

    def _answer(self, item: Encoded, row: list[float]) -> Answer:
        if isinstance(item.request, Classify):
            order = label_order(item.request.labels, self._head, self._title)
            return ClassifyAnswer(
                probabilities=tuple(row[place] for place in order), tokens=item.cost
            )
        return RegressAnswer(value=row[0], tokens=item.cost)


def in_one(tokenizer: TextEncoder) -> Encode:
    """Return what tokenises a text together with its pair.

    Segments go into `Encoded.extra`.
    """

    def encode(requests: Sequence[Classify | Regress]) -> list[Encoded]:
        texts = [(request.text, request.pair) for request in requests]
        rows = zip(requests, tokenizer.encode(texts), strict=True)
        return [
            Encoded(
                key=key,
                request=request,
                cost=len(tokens.ids),
                ids=tokens.ids,
                truncated_tokens=tokens.truncated,
                truncated_side="right",
                extra={"segments": tokens.segments},
            )
            for key, (request, tokens) in enumerate(rows)
        ]

    return encode
