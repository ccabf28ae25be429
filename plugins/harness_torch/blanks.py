"""`Fill`: which candidate a masked-language model would put into the blank.

A candidate's score is its pseudo-log-likelihood given the rest of the text (Salazar et
al. 2020, https://arxiv.org/abs/1910.14659): each of its tokens is masked in turn, all
else as it stands with the candidate filled in, and the log-probabilities of the true
tokens, over the whole vocabulary, are summed. For a candidate of one token that is its
log-probability at a single mask; all such candidates share one row. So candidates of
one token and of several are compared by the same sum, and the probabilities are its
softmax over the candidates. (A sum, not a mean: every token of a candidate counts.)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from harness import CheckpointError, Encoded, Loss, PluginError, TrainingExample
from harness.requests import BLANK, Answer, Fill, FillAnswer
from harness_torch.abilities import check_finite
from harness_torch.device import send
from harness_torch.tokenizers.protocol import Pieces, TextTokenizer, Tokens

_ROWS = 256  # rows of logits over a vocabulary that are held at once


class MaskedRow(NamedTuple):
    """A row with one mask, and the place of that."""

    tokens: Tokens
    place: int


class Target(NamedTuple):
    """A token of a candidate: the row that masks it, and what is right there."""

    row: int
    token: int


Logits = Callable[[Sequence[MaskedRow]], Tensor]
"""Runs rows and returns logits over the vocabulary at each mask, ``(rows, V)``."""


class BlankFiller:
    """Answers `Fill`, and is trained to.

    Args:
        tokenizer: makes ids of texts.
        length: the longest input in tokens; a longer text keeps what stands nearest to
            the blank.
        logits: runs the module.
        title: how messages name the model.
    """

    def __init__(
        self, *, tokenizer: TextTokenizer, length: int, logits: Logits, title: str
    ) -> None:
        self._tokenizer = tokenizer
        self._length = length
        self._logits = logits
        self._title = title

    def encode(self, requests: Sequence[Fill]) -> list[Encoded]:
        """Fill every candidate in and mask its tokens in turn.

        Raises:
            PluginError: a text has not one blank, there are no candidates, or one of
                them has no token or more than the model can read.
            CheckpointError: the tokenizer has no mask.
        """
        filled = [fill_in(request) for request in requests]
        pieces = iter(self._tokenizer.pieces([t for texts in filled for t in texts]))
        return [
            self._encode(key, request, [next(pieces) for _ in texts])
            for key, (request, texts) in enumerate(zip(requests, filled, strict=True))
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        scores = iter(self._scores(batch).tolist())
        for item in batch:
            sums = [
                sum(next(scores) for _ in targets)
                for targets in item.extra["candidates"]
            ]
            yield (
                item.key,
                FillAnswer(probabilities=_softmax(sums), tokens=item.cost),
            )

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples; the target is the place of the most probable candidate.

        Raises:
            PluginError: an example is no `Fill` request with its answer.
        """
        encoded = self.encode([_asked(example) for example in examples])
        return [
            replace(item, extra={**item.extra, "target": _right(example)})
            for item, example in zip(encoded, examples, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed cross-entropy over the candidates of each blank.

        Of their scores alone, not of the vocabulary's: so LM-BFF fine-tunes (Gao et al.
        2021, section 3, https://arxiv.org/abs/2012.15723).
        """
        scores = self._scores(batch)
        sizes = [len(targets) for i in batch for targets in i.extra["candidates"]]
        sums = iter(part.sum() for part in torch.split(scores, sizes))
        targets = send(
            torch.tensor([item.extra["target"] for item in batch]), scores.device
        )
        losses = []
        for item, right in zip(batch, targets, strict=True):
            own = torch.stack([next(sums) for _ in item.extra["candidates"]])
            losses.append(F.cross_entropy(own, right, label_smoothing=label_smoothing))
        return Loss(total=torch.stack(losses).sum(), count=len(losses))

    def _encode(self, key: int, request: Fill, filled: Sequence[Pieces]) -> Encoded:
        rows: list[MaskedRow] = []
        known: dict[tuple[tuple[int, ...], int], int] = {}
        candidates, cut = [], 0
        for candidate, pieces in zip(request.candidates, filled, strict=True):
            places = self._places(request, candidate, pieces)
            ids, first = self._window(pieces.ids, places)
            cut = max(cut, len(pieces.ids) - len(ids))
            targets = []
            for place in places:
                row = self._mask(ids, place - first)
                at = known.setdefault((tuple(row.tokens.ids), row.place), len(rows))
                rows += [row] if at == len(rows) else []
                targets.append(Target(at, pieces.ids[place]))
            candidates.append(targets)
        return Encoded(
            key=key,
            request=request,
            cost=sum(len(row.tokens.ids) for row in rows),
            truncated_tokens=cut,
            truncated_side="both",
            extra={"rows": rows, "candidates": candidates},
        )

    def _places(self, request: Fill, candidate: str, pieces: Pieces) -> list[int]:
        """Return the tokens that the candidate has a part in."""
        start = request.text.index(BLANK)
        end = start + len(candidate)
        places = [
            place
            for place, (begins, ends) in enumerate(pieces.offsets)
            if begins < end and ends > start and begins < ends
        ]
        room = self._length - self._special
        if 0 < len(places) <= room:
            return places
        raise PluginError(
            f"the candidate {candidate[:40]!r} of a Fill request has {len(places)} "
            f"tokens, expected 1 to {room}: correct the formulation"
        )

    @property
    def _special(self) -> int:
        return len(self._tokenizer.wrap([]).ids)

    def _window(self, ids: list[int], places: list[int]) -> tuple[list[int], int]:
        """Return the part that fits, the blank in its middle, and where it begins."""
        room = self._length - self._special
        middle = (places[0] + places[-1] + 1) // 2
        first = max(0, min(middle - room // 2, len(ids) - room))
        return ids[first : first + room], first

    def _mask(self, ids: list[int], place: int) -> MaskedRow:
        mask = self._tokenizer.special.mask
        if mask is None:
            raise CheckpointError(
                f"the tokenizer of {self._title} has no mask token, so no blank can be "
                "filled: name it in tokenizer_config.json, or choose another model"
            )
        masked = [*ids[:place], mask, *ids[place + 1 :]]
        before = self._tokenizer.wrap([-1]).ids.index(-1)
        return MaskedRow(self._tokenizer.wrap(masked), before + place)

    def _scores(self, batch: Sequence[Encoded]) -> Tensor:
        """Return the log-probability of each candidate's each token, one by one."""
        rows: list[MaskedRow] = []
        wanted: list[Target] = []
        for item in batch:
            wanted += [
                Target(len(rows) + target.row, target.token)
                for targets in item.extra["candidates"]
                for target in targets
            ]
            rows += item.extra["rows"]
        return self._log_probabilities(rows, wanted)

    def _log_probabilities(
        self, rows: Sequence[MaskedRow], wanted: Sequence[Target]
    ) -> Tensor:
        """Return the log-probability of each token wanted, ``(wanted,)``."""
        order = sorted(range(len(rows)), key=lambda place: len(rows[place].tokens.ids))
        of_row: dict[int, list[int]] = defaultdict(list)
        for at, target in enumerate(wanted):
            of_row[target.row].append(at)
        found, places = [], []
        for start in range(0, len(order), _ROWS):
            chunk = order[start : start + _ROWS]
            logits = self._logits([rows[place] for place in chunk]).float()
            check_finite(logits, self._title)
            here = [(n, at) for n, place in enumerate(chunk) for at in of_row[place]]
            lines, tokens = [n for n, _ in here], [wanted[at].token for _, at in here]
            found.append(logits.log_softmax(-1)[lines, tokens])
            places += [at for _, at in here]
        back = sorted(range(len(places)), key=places.__getitem__)
        return torch.cat(found)[back]


def check_blank(request: Fill) -> None:
    """Refuse a request that nothing can be filled into.

    Raises:
        PluginError: its text has not one blank, or there are no candidates.
    """
    count = request.text.count(BLANK)
    if count != 1 or not request.candidates:
        raise PluginError(
            f"a Fill request has {count} times {BLANK} and {len(request.candidates)} "
            "candidates, expected one blank and a candidate or more: correct the "
            "formulation"
        )


def fill_in(request: Fill) -> list[str]:
    """Return the text with each candidate in its blank.

    Raises:
        PluginError: the text has not one blank, or there are no candidates.
    """
    check_blank(request)
    return [request.text.replace(BLANK, candidate) for candidate in request.candidates]


def _asked(example: TrainingExample) -> Fill:
    if isinstance(example.request, Fill) and isinstance(example.answer, FillAnswer):
        return example.request
    raise PluginError(
        f"a training example pairs a {type(example.request).__name__} request with a "
        f"{type(example.answer).__name__}, expected Fill with FillAnswer: correct the "
        "formulation's target"
    )


def _right(example: TrainingExample) -> int:
    probabilities = list(getattr(example.answer, "probabilities", ()))
    return probabilities.index(max(probabilities))


def _softmax(scores: Sequence[float]) -> tuple[float, ...]:
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return tuple(power / total for power in powers)
