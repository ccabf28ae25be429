"""`Extract`: a trained head that finds the answer's start and end in the context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from harness import Encoded, Loss, PluginError, TrainingExample
from harness.requests import Answer, Extract, ExtractAnswer
from harness_torch.abilities import check_finite
from harness_torch.device import send
from harness_torch.heads.windows import (
    Span,
    Window,
    best_spans,
    cut_windows,
    target_tokens,
)
from harness_torch.slots import padded_slots
from harness_torch.tokenizers.protocol import TextTokenizer, Tokens

Scores = Callable[[Sequence[Tokens]], Tensor]
"""Runs rows and returns a start and an end score of every token, ``(tokens, 2)``."""


class SpanSettings(NamedTuple):
    """How long contexts are cut: a window's length and what neighbours share."""

    length: int
    stride: int


class SpanHead:
    """Answers `Extract`, and is trained to.

    An answer always has the best span that is no empty one, with its score, and beside
    it the score of no answer: which of them wins is for a threshold to say, that is
    searched over a whole set. Both are sums of a start and an end logit; that of no
    answer is the first token's, and its lowest over the windows.

    Args:
        tokenizer: makes ids of questions and contexts.
        settings: how long contexts are cut.
        scores: runs the module.
        title: how messages name the model.
    """

    def __init__(
        self,
        *,
        tokenizer: TextTokenizer,
        settings: SpanSettings,
        scores: Scores,
        title: str,
    ) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        self._scores = scores
        self._title = title

    def encode(self, requests: Sequence[Extract]) -> list[Encoded]:
        """Cut every context into windows."""
        # As run_qa: a question's leading spaces would only cost room.
        questions = self._tokenizer.pieces([r.question.lstrip() for r in requests])
        contexts = self._tokenizer.pieces([r.context for r in requests])
        encoded = []
        for key, request in enumerate(requests):
            windows, cut = cut_windows(
                questions[key].ids,
                contexts[key].ids,
                tokenizer=self._tokenizer,
                length=self._settings.length,
                stride=self._settings.stride,
            )
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=sum(len(window.tokens.ids) for window in windows),
                    truncated_tokens=cut,
                    truncated_side="right",
                    extra={"windows": windows, "offsets": contexts[key].offsets},
                )
            )
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        scores = iter(self._run(batch))
        for item in batch:
            own = [(window, next(scores)) for window in item.extra["windows"]]
            yield item.key, self._answer(item, own)

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples; targets are a first and a last token for each window.

        Raises:
            PluginError: an example is no `Extract` request with its answer.
        """
        asked = [_asked(example) for example in examples]
        encoded = self.encode([request for request, _ in asked])
        return [
            replace(item, extra={**item.extra, "targets": _targets(item, place)})
            for item, (_, place) in zip(encoded, asked, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the cross-entropy of start and end, halved, summed over windows."""
        rows = _rows(batch)
        targets = [target for item in batch for target in item.extra["targets"]]
        order = _by_length(rows)
        total = span_loss(
            self._scores([rows[place] for place in order]).float(),
            [len(rows[place].ids) for place in order],
            [targets[place] for place in order],
            label_smoothing=label_smoothing,
        )
        return Loss(total=total, count=len(rows))

    def _run(self, batch: Sequence[Encoded]) -> list[Tensor]:
        """Return ``(tokens, 2)`` for every window of a batch, in order, on the CPU."""
        rows = _rows(batch)
        order = _by_length(rows)
        whole = self._scores([rows[place] for place in order]).float()
        check_finite(whole, self._title)
        split = torch.split(whole.cpu(), [len(rows[place].ids) for place in order])
        results = dict(zip(order, split, strict=True))
        return [results[place] for place in range(len(rows))]

    def _answer(self, item: Encoded, scored: list[tuple[Window, Tensor]]) -> Answer:
        none = min(float(scores[0].sum()) for _, scores in scored)
        found = _found(item, scored)
        best = found[0] if found else Found("", None, none)
        return ExtractAnswer(
            text=best.text,
            start=best.start,
            score=best.score,
            no_answer_score=none,
            n_best_texts=tuple(span.text for span in found),
            n_best_starts=tuple(s.start for s in found if s.start is not None),
            n_best_scores=tuple(span.score for span in found),
            tokens=item.cost,
        )


class Found(NamedTuple):
    """A span as an answer tells it; `start` is None where there is none."""

    text: str
    start: int | None
    score: float


def _found(item: Encoded, scored: Sequence[tuple[Window, Tensor]]) -> list[Found]:
    """Return the best spans over all windows, the best first, each place once."""
    assert isinstance(item.request, Extract)
    context, count = item.request.context, max(item.request.n_best, 1)
    offsets = item.extra["offsets"]
    spans = [
        span
        for window, scores in scored
        for span in best_spans(window, scores, offsets, count)
    ]
    places: dict[tuple[int, int], Found] = {}
    for span in sorted(spans, key=lambda span: span.score, reverse=True):
        place = _place(context, span, offsets)
        places.setdefault(place, Found(context[slice(*place)], place[0], span.score))
    return list(places.values())[:count]


def _place(
    context: str, span: Span, offsets: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return where a span's text is, without the space that some tokens begin with."""
    start, end = offsets[span.first][0], offsets[span.last][1]
    text = context[start:end]
    return start + len(text) - len(text.lstrip()), end


def span_loss(
    scores: Tensor,
    lengths: Sequence[int],
    targets: Sequence[tuple[int, int]],
    *,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy of start and end, halved, summed over windows.

    Computed for all windows at once: each alone would be many small kernels.

    Args:
        scores: of every token of every window, end to end, ``(tokens, 2)``.
        lengths: tokens of each window.
        targets: the first and the last token of each window's answer.
        label_smoothing: the share of a target spread evenly over a window's tokens.
    """
    device, (slots, is_real) = scores.device, padded_slots(lengths)
    padding = send(~is_real, device)[:, :, None]  # (windows, longest, 1)
    laid = scores.index_select(0, send(slots, device)).view(*is_real.shape, 2)
    logs = laid.masked_fill(padding, -torch.inf).log_softmax(dim=1)
    places = send(torch.tensor(targets), device)[:, None]  # (windows, 1, 2)
    told = (1 - label_smoothing) * logs.gather(1, places).squeeze(1)
    if label_smoothing:
        counts = send(torch.tensor(lengths), device)[:, None]
        told = told + label_smoothing * logs.masked_fill(padding, 0).sum(1) / counts
    return -told.mean(dim=1).sum()


def _rows(batch: Sequence[Encoded]) -> list[Tokens]:
    """Return every window of a batch, in order."""
    return [window.tokens for item in batch for window in item.extra["windows"]]


def _by_length(rows: Sequence[Tokens]) -> list[int]:
    return sorted(range(len(rows)), key=lambda place: len(rows[place].ids))


def _asked(example: TrainingExample) -> tuple[Extract, tuple[int, int] | None]:
    """Return the request, and where its answer begins and ends in the context."""
    request, answer = example.request, example.answer
    if not isinstance(request, Extract) or not isinstance(answer, ExtractAnswer):
        raise PluginError(
            f"a training example pairs a {type(request).__name__} request with a "
            f"{type(answer).__name__}, expected Extract with ExtractAnswer: correct "
            "the formulation's target"
        )
    if answer.start is None:
        return request, None
    return request, (answer.start, answer.start + len(answer.text))


def _targets(item: Encoded, place: tuple[int, int] | None) -> list[tuple[int, int]]:
    offsets = item.extra["offsets"]
    return [target_tokens(window, offsets, place) for window in item.extra["windows"]]
