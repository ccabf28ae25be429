"""`Score`, `Likelihood` and `Fill` of decoders: log-probabilities of given tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import torch

from harness import Encoded
from harness.requests import (
    Fill,
    FillAnswer,
    Likelihood,
    LikelihoodAnswer,
    Score,
    ScoreAnswer,
)
from harness_hub.lines import Line, LineScorer, make_line, share
from harness_hub.tokenizer import HubTokenizer
from harness_torch.blanks import fill_in
from harness_torch.rolling import rolling_windows
from harness_torch.scoring import (
    Pair,
    Scored,
    need_prefix,
    pair_ids,
    pairs_of_texts,
)


class ScoreAbility:
    """Answers `Score`; tokens are cut as lm-evaluation-harness cuts them."""

    def __init__(
        self, scorer: LineScorer, tokenizer: HubTokenizer, *, title: str
    ) -> None:
        self._scorer = scorer
        self._tokenizer = tokenizer
        self._title = title

    def encode(self, requests: Sequence[Score]) -> list[Encoded]:
        """Tokenise contexts with their choices; `extra` holds what is asked."""
        texts = [(r.context, choice) for r in requests for choice in r.choices]
        pairs = iter(
            pair_ids(
                texts,
                encode=self._tokenizer.opened,
                prefix=self._tokenizer.prefix,
                title=self._title,
            )
        )
        length = self._tokenizer.length
        encoded = []
        for key, request in enumerate(requests):
            own = [next(pairs) for _ in request.choices]
            lines = [make_line(pair, length) for pair in own]
            counts = tuple(len(pair.continuation) for pair in own)
            encoded.append(_encoded(key, request, lines, counts=counts))
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, ScoreAnswer]]:
        """Answer each request of a batch."""
        for item, scored in _scored(batch, self._scorer):
            request = cast(Score, item.request)
            yield (
                item.key,
                ScoreAnswer(
                    log_probabilities=tuple(one.log_probability for one in scored),
                    is_greedy=tuple(one.is_greedy for one in scored),
                    token_counts=item.extra["counts"],
                    byte_counts=tuple(len(c.encode()) for c in request.choices),
                ),
            )


class LikelihoodAbility:
    """Answers `Likelihood`, each token scored once; nothing is ever cut."""

    def __init__(
        self, scorer: LineScorer, tokenizer: HubTokenizer, *, title: str
    ) -> None:
        self._scorer = scorer
        self._tokenizer = tokenizer
        self._title = title

    def encode(self, requests: Sequence[Likelihood]) -> list[Encoded]:
        """Tokenise texts and cut them into windows, which `extra` holds."""
        texts = self._tokenizer.plain([request.text for request in requests])
        return [
            _encoded(key, request, self._windows(ids), read=len(ids))
            for key, (request, ids) in enumerate(zip(requests, texts, strict=True))
        ]

    def answer(
        self, batch: Sequence[Encoded]
    ) -> Iterator[tuple[int, LikelihoodAnswer]]:
        """Answer each request of a batch."""
        for item, windows in _scored(batch, self._scorer):
            text = cast(Likelihood, item.request).text
            yield (
                item.key,
                LikelihoodAnswer(
                    nats=float(sum(window.log_probability for window in windows)),
                    token_count=item.extra["read"],
                    word_count=len(text.split()),
                    byte_count=len(text.encode()),
                ),
            )

    def _windows(self, ids: Sequence[int]) -> list[Line]:
        if not ids:
            return []
        prefix = need_prefix(self._tokenizer.prefix, self._title)
        length = self._tokenizer.length
        windows = rolling_windows(ids, prefix=prefix, length=length)
        return [make_line(Pair(*window), length) for window in windows]


class FillAbility:
    """Answers `Fill`: probabilities of whole texts, normalised over the candidates."""

    def __init__(
        self, scorer: LineScorer, tokenizer: HubTokenizer, *, title: str
    ) -> None:
        self._scorer = scorer
        self._tokenizer = tokenizer
        self._title = title

    def encode(self, requests: Sequence[Fill]) -> list[Encoded]:
        """Tokenise the text with each candidate; `extra` holds what is asked.

        Of texts too long the ends are cut, unless the blank would be.

        Raises:
            PluginError: a text has not one blank, or there are no candidates.
        """
        texts = [text for request in requests for text in fill_in(request)]
        ids = iter(self._tokenizer.opened(texts))
        return [
            _encoded(key, request, self._lines([next(ids) for _ in request.candidates]))
            for key, request in enumerate(requests)
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, FillAnswer]]:
        """Answer each request of a batch."""
        for item, texts in _scored(batch, self._scorer):
            nats = torch.tensor([t.log_probability for t in texts], dtype=torch.float64)
            yield item.key, FillAnswer(probabilities=tuple(nats.softmax(0).tolist()))

    def _lines(self, texts: Sequence[list[int]]) -> list[Line]:
        """Leave out the probability of what all texts begin with: it is the same."""
        prefix = need_prefix(self._tokenizer.prefix, self._title)
        length = self._tokenizer.length
        pairs, lost = pairs_of_texts(texts, prefix=prefix, length=length)
        lines = [make_line(pair, length) for pair in pairs]
        return [line._replace(cut=line.cut + lost) for line in lines]


def _encoded(
    key: int,
    request: Score | Likelihood | Fill,
    lines: Sequence[Line],
    **extra: object,
) -> Encoded:
    readings, _ = share([line.ids for line in lines if line.targets])
    ids = [token for reading in readings for token in reading]
    return Encoded(
        key=key,
        request=request,
        cost=max(1, len(ids)),
        ids=ids,
        truncated_tokens=max((line.cut for line in lines), default=0),
        truncated_side="both" if isinstance(request, Fill) else "left",
        extra={"lines": lines, **extra},
    )


def _scored(
    batch: Sequence[Encoded], scorer: LineScorer
) -> Iterator[tuple[Encoded, list[Scored]]]:
    scored = iter(
        scorer.score([line for item in batch for line in item.extra["lines"]])
    )
    for item in batch:
        yield item, [next(scored) for _ in item.extra["lines"]]
