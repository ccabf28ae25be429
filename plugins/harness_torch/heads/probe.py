"""A linear probe: one layer over the vectors that a frozen model makes of texts.

Of a text it reads the vector, of a pair the features that SentEval reads of the two
texts' vectors (Conneau and Kiela 2018, https://arxiv.org/abs/1803.05449).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness import CheckpointError, Encoded, Head, TrainingError
from harness.requests import Classify, Embed, Regress
from harness_torch.abilities import Abilities
from harness_torch.heads.labels import HEAD_OF
from harness_torch.heads.vector import VectorHead
from harness_torch.rows import rows_of
from harness_torch.tokenizers.protocol import Tokens

_CONSTANT = 1e-6


class Vectors(Protocol):
    """What makes vectors of texts; see `harness_torch.text_vectors`."""

    def encode(self, requests: Sequence[Embed]) -> list[Encoded]:
        """Tokenise texts, each with one row."""

    def run(self, rows: Sequence[Tokens]) -> Tensor:
        """Return the vector of each row, in fp32, ``(rows, width)``."""


class ProbeLayer(nn.Module):
    """A linear layer over standardised features, its weights zeros in the beginning.

    A feature has mean 0 and, as there are many, so small a deviation that all of an
    example have a length of about 1: so one learning rate and weight decay suit every
    width. It computes in fp32 whatever surrounds it.

    Args:
        inputs: how many features there are.
        outputs: how many it makes of them.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(inputs), requires_grad=False)
        self.scale = nn.Parameter(torch.ones(inputs), requires_grad=False)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(rows, outputs)`` of ``(rows, inputs)``."""
        with torch.autocast(features.device.type, enabled=False):
            centred = features.float() - self.mean.float()
            standard = centred / self.scale.float()
            return F.linear(standard, self.weight.float(), self.bias.float())


class Probe:
    """Tokenises what a probe is asked, and answers it.

    Args:
        layer: reads the features.
        reads: ``text`` or ``pair``.
        vectors: makes them, of each text alone.
        title: how messages name the model.
    """

    def __init__(
        self, layer: ProbeLayer, *, reads: str, vectors: Vectors, title: str
    ) -> None:
        self._layer = layer
        self._reads = reads
        self._vectors = vectors
        self._title = title

    def encode(self, requests: Sequence[Classify | Regress]) -> list[Encoded]:
        """Tokenise each text of every request alone.

        Raises:
            CheckpointError: a request has a pair and the probe reads texts, or the
                other way round.
        """
        for request in requests:
            self._check(request)
        read = iter(self._vectors.encode(texts_of(requests)))
        encoded = []
        for key, request in enumerate(requests):
            own = [next(read) for _ in texts_of([request])]
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=sum(item.cost for item in own),
                    truncated_tokens=sum(item.truncated_tokens for item in own),
                    truncated_side="right",
                    extra={"rows": rows_of(own)},
                )
            )
        return encoded

    def logits(self, batch: Sequence[Encoded]) -> Tensor:
        """Return ``(batch, outputs)``."""
        found = features(self._vectors.run(rows_of(batch)), self._reads)
        logits: Tensor = self._layer(found.to(self._layer.weight.device))
        return logits

    def _check(self, request: Classify | Regress) -> None:
        if form_of(request) != self._reads:
            raise CheckpointError(
                f"the head of {self._title} was trained to read a {self._reads}, not a "
                f"{form_of(request)}: fine-tune the model for this task"
            )


class Probing(NamedTuple):
    """How a model is probed.

    Attributes:
        layer: the head.
        reads: ``text`` or ``pair``.
        vectors: what it reads, where that is remembered; else the model's own.
    """

    layer: ProbeLayer
    reads: str
    vectors: Vectors | None = None

    def abilities(self, head: Head, vectors: Vectors, title: str) -> Abilities:
        """Return what answers for a head by the model's own vectors."""
        probe = Probe(
            self.layer, reads=self.reads, vectors=self.vectors or vectors, title=title
        )
        able = VectorHead(head, encode=probe.encode, logits=probe.logits, title=title)
        return {HEAD_OF[head.kind]: able}


def features(vectors: Tensor, reads: str) -> Tensor:
    """Return what a probe reads of vectors.

    Args:
        vectors: of texts, ``(rows, width)``; of pairs the first and the second in turn.
        reads: ``text`` or ``pair``.

    Returns:
        The vectors; or ``|u - v|`` and ``u * v`` side by side, ``(pairs, 2 * width)``.
    """
    if reads == "text":
        return vectors
    first, second = vectors[0::2], vectors[1::2]
    return torch.cat([(first - second).abs(), first * second], dim=1)


def form_of(request: Classify | Regress) -> str:
    """Return whether a request asks about a ``text`` or a ``pair``."""
    return "text" if request.pair is None else "pair"


def common_form(requests: Iterable[Classify | Regress]) -> str:
    """Return whether requests ask about a ``text`` or a ``pair``.

    Raises:
        TrainingError: some ask about the one and some about the other.
    """
    forms = [form_of(request) for request in requests]
    if len(set(forms)) > 1:
        raise TrainingError(
            f"the training examples hold {forms.count('text')} texts and "
            f"{forms.count('pair')} pairs, expected one of both for a linear probe: "
            "choose another recipe, such as lora"
        )
    return forms[0]


def fit_layer(parts: Iterable[Tensor], outputs: int) -> ProbeLayer:
    """Make a layer that standardises by mean and deviation over training examples.

    A feature that does not vary is only centred.

    Args:
        parts: the features of all examples, a part at a time, ``(rows, inputs)``.
        outputs: how many it makes of them.
    """
    counted = [
        (len(part), torch.stack([wide.sum(dim=0), wide.square().sum(dim=0)]))
        for part in parts
        for wide in [part.double()]
    ]
    total = torch.stack([sums for _, sums in counted]).sum(dim=0)
    mean, square = total / sum(count for count, _ in counted)
    deviation = (square - mean.square()).clamp(min=0).sqrt()
    varies = deviation > _CONSTANT * deviation.max()
    layer = ProbeLayer(len(mean), outputs)
    with torch.no_grad():
        layer.mean.copy_(mean)
        layer.scale.copy_(torch.where(varies, deviation, 1.0) * len(mean) ** 0.5)
    return layer


def fit_bias(layer: ProbeLayer, targets: Sequence[Sequence[float] | float]) -> None:
    """Let a layer begin with the best that it says without any feature.

    That is the mean of values, or the logarithm of how often each label is right, where
    none is counted as never.

    Args:
        layer: takes it.
        targets: a probability for each label, or a value, of every training example.
    """
    told = torch.tensor(targets)
    often = (told.sum(dim=0) + 1) / (len(told) + len(layer.bias))
    with torch.no_grad():
        layer.bias.copy_(told.mean() if told.ndim == 1 else often.log())


def texts_of(requests: Iterable[Classify | Regress]) -> list[Embed]:
    """Return the requests for the vectors of texts and pairs, one after another."""
    return [
        Embed(text=text)
        for request in requests
        for text in (request.text, request.pair)
        if text is not None
    ]
