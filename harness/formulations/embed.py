"""Retrieval by the nearest vector."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import PluginError
from harness.formulations.base import Exemplars
from harness.model import Head, TrainingExample
from harness.requests import Answer, Embed, EmbedAnswer, JsonValue, Request
from harness.task import Example, Prediction, Template, render

_SIGNS = 256
"""How many entries the vector of a right answer has, all of one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded(Prediction):
    """A prediction that waits for the others: its vectors, in single precision."""

    vectors: tuple[array[float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieve:
    """Rank the examples of the whole set by the cosine of their vectors.

    Predictions are lists of ids, best first; of equal ones the earlier in the set.

    Attributes:
        query: the text that is looked for.
        candidate: the text that is found; None where the queries look for one
            another, each for all but itself.
        depth: how many ids a prediction has, or fewer where the set is smaller.
    """

    query: Template
    candidate: Template | None
    depth: int

    @property
    def name(self) -> str:
        return "embed"

    @property
    def prompt(self) -> None:
        return None

    @property
    def asks(self) -> type[Request]:
        return Embed

    @property
    def head(self) -> Head:
        return Head(kind="embed")

    @property
    def is_set_level(self) -> bool:
        return True

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        templates = [self.query]
        if self.candidate is not None:
            templates.append(self.candidate)
        return tuple(Embed(text=render(text, example.columns)) for text in templates)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        vectors = []
        for answer in answers:
            assert isinstance(answer, EmbedAnswer)
            vectors.append(array("f", answer.vector))
        return Embedded(id=example.id, value=None, vectors=tuple(vectors))

    def finish(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Rank the set; takes a few MiB besides the vectors.

        Raises:
            PluginError: the vectors differ in width.
        """
        from harness.formulations.nearest import nearest

        ids: list[JsonValue] = [prediction.id for prediction in predictions]
        vectors = [p.vectors for p in predictions if isinstance(p, Embedded)]
        widths = sorted({len(vector) for both in vectors for vector in both})
        if len(widths) > 1:
            raise PluginError(
                f"the model's vectors have {', '.join(map(str, widths))} entries, "
                "expected one width for all: correct the adapter"
            )
        queries, candidates = ([v[place] for v in vectors] for place in (0, -1))
        rows = nearest(queries, candidates, self.depth, skips_own=not self.candidate)
        return [
            Prediction(id=prediction.id, value=[ids[place] for place in row])
            for prediction, row in zip(predictions, rows, strict=True)
        ]

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        """Return one vector a target: the same for what belongs together.

        Its entries are equal in size and a power of two, so that products are exact.
        """
        digest = hashlib.sha256(str(example.target).encode()).digest()
        bits = (byte >> shift & 1 for byte in digest for shift in range(8))
        vector = tuple((2 * bit - 1) / _SIGNS**0.5 for bit in bits)
        return (EmbedAnswer(vector=vector),) * (1 if self.candidate is None else 2)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        pairs = zip(self.requests(example), self.answer_for(example), strict=True)
        return tuple(TrainingExample(request=r, answer=a) for r, a in pairs)
