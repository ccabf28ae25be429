"""`Choose`: a trained head that scores each choice after the context, as a pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F

from harness import Encoded, Loss, PluginError, TrainingExample
from harness.requests import Answer, Choose, ChooseAnswer
from harness_torch.abilities import check_finite
from harness_torch.device import send
from harness_torch.rows import Run, rows_of, run_by_length
from harness_torch.tokenizers.protocol import TextTokenizer


class ChoiceHead:
    """Answers `Choose`, and is trained to.

    Args:
        tokenizer: makes ids and segments of a context with a choice.
        scores: runs the module on rows, ``(rows, 1)``.
        title: how messages name the model.
    """

    def __init__(self, *, tokenizer: TextTokenizer, scores: Run, title: str) -> None:
        self._tokenizer = tokenizer
        self._scores = scores
        self._title = title

    def encode(self, requests: Sequence[Choose]) -> list[Encoded]:
        """Tokenise every context with each of its choices.

        Raises:
            PluginError: a request has no choice.
        """
        pairs = [
            (request.context, choice)
            for request in requests
            for choice in request.choices
        ]
        tokenised = iter(self._tokenizer.encode(pairs))
        encoded = []
        for key, request in enumerate(requests):
            if not request.choices:
                raise PluginError(
                    "a Choose request has no choices: correct the formulation"
                )
            rows = [next(tokenised) for _ in request.choices]
            cost = sum(len(row.ids) for row in rows)
            cut = sum(row.truncated for row in rows)
            extra = {"rows": rows}
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=cost,
                    truncated_tokens=cut,
                    truncated_side="right",
                    extra=extra,
                )
            )
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        scores = run_by_length(rows_of(batch), self._scores).float().squeeze(1)
        check_finite(scores, self._title)
        counts = [len(item.extra["rows"]) for item in batch]
        for item, own in zip(batch, torch.split(scores, counts), strict=True):
            yield item.key, ChooseAnswer(scores=tuple(own.tolist()), tokens=item.cost)

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples; the target is the place of the highest score.

        Raises:
            PluginError: an example is no `Choose` request with its answer.
        """
        encoded = self.encode([_asked(example) for example in examples])
        return [
            replace(item, extra={**item.extra, "target": _right(example)})
            for item, example in zip(encoded, examples, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed cross-entropy over the choices of each example."""
        scores = run_by_length(rows_of(batch), self._scores).float().squeeze(1)
        counts = [len(item.extra["rows"]) for item in batch]
        places = torch.tensor([item.extra["target"] for item in batch])
        losses = [
            F.cross_entropy(own, place, label_smoothing=label_smoothing)
            for own, place in zip(
                torch.split(scores, counts), send(places, scores.device), strict=True
            )
        ]
        return Loss(total=torch.stack(losses).sum(), count=len(losses))


def _asked(example: TrainingExample) -> Choose:
    if isinstance(example.request, Choose) and isinstance(example.answer, ChooseAnswer):
        return example.request
    raise PluginError(
        f"a training example pairs a {type(example.request).__name__} request with a "
        f"{type(example.answer).__name__}, expected Choose with ChooseAnswer: correct "
        "the formulation's target"
    )


def _right(example: TrainingExample) -> int:
    scores = list(getattr(example.answer, "scores", ()))
    return scores.index(max(scores))
