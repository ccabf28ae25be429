"""`Tag`: a trained head that labels every word by its first sub-token.

As the official token-classification example of transformers has it (run_ner.py under
examples/pytorch/token-classification), which follows Devlin et al. 2018 (section 5.3):
the other sub-tokens of a word are neither asked nor trained on. Words come one by one,
so the first is cut into tokens as those that follow it. A long text is read in windows
that share half of what they hold, and each word is labelled where most stands on both
of its sides: nothing is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from harness import CheckpointError, Encoded, Head, Loss, PluginError, TrainingExample
from harness.requests import Answer, Tag, TagAnswer
from harness_torch.abilities import check_finite
from harness_torch.device import send
from harness_torch.heads.labels import label_order
from harness_torch.tokenizers.protocol import TextTokenizer, Tokens
from harness_torch.windows import home_of, window_starts
from harness_torch.words import Words, cut_words

TokenLogits = Callable[[Sequence[Tokens]], Tensor]
"""Runs rows and returns the logits of every token, row after row, ``(tokens, labels)``."""


class TagWindow(NamedTuple):
    """A part of a text as a model reads it.

    Attributes:
        tokens: ids and segments, special tokens included.
        places: the tokens of it that are asked for a word's label.
        words: which words these are.
    """

    tokens: Tokens
    places: list[int]
    words: list[int]


class TagHead:
    """Answers `Tag`, and is trained to.

    Args:
        head: the labels.
        tokenizer: makes ids of words.
        length: the longest window in tokens.
        logits: runs the module.
        title: how messages name the model.
    """

    def __init__(
        self,
        head: Head,
        *,
        tokenizer: TextTokenizer,
        length: int,
        logits: TokenLogits,
        title: str,
    ) -> None:
        self._head = head
        self._tokenizer = tokenizer
        self._length = length
        self._logits = logits
        self._title = title

    def encode(self, requests: Sequence[Tag]) -> list[Encoded]:
        """Tokenise words and lay windows over them.

        Raises:
            PluginError: a word is empty.
            CheckpointError: a request has other labels than the head.
        """
        for request in requests:
            label_order(request.labels, self._head, self._title)
        texts = [request.words for request in requests]
        cut = cut_words(texts, self._tokenizer, kind="Tag", is_anchored=True)
        windows = [self._windows(words) for words in cut]
        return [
            Encoded(
                key=key,
                request=request,
                cost=max(1, sum(len(window.tokens.ids) for window in own)),
                extra={"windows": own},
            )
            for key, (request, own) in enumerate(zip(requests, windows, strict=True))
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        logits = self._run(batch)
        check_finite(logits, self._title)
        best = logits.softmax(dim=-1).max(dim=-1)
        said = iter(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        for item in batch:
            found = {w: next(said) for own in item.extra["windows"] for w in own.words}
            order = [found[word] for word in range(len(found))]
            yield (
                item.key,
                TagAnswer(
                    labels=tuple(self._head.labels[label] for label, _ in order),
                    probabilities=tuple(probability for _, probability in order),
                    tokens=item.cost,
                ),
            )

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples; the target is the label of every word, by its place.

        Raises:
            PluginError: an example is no `Tag` request with its answer.
        """
        targets = [self._targets(example) for example in examples]
        encoded = self.encode([cast(Tag, example.request) for example in examples])
        return [
            replace(item, extra={**item.extra, "target": target})
            for item, target in zip(encoded, targets, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the cross-entropy summed over the words of a micro-batch."""
        logits = self._run(batch)
        targets = [
            item.extra["target"][word]
            for item in batch
            for window in item.extra["windows"]
            for word in window.words
        ]
        total = F.cross_entropy(
            logits,
            send(torch.tensor(targets), logits.device),
            reduction="sum",
            label_smoothing=label_smoothing,
        )
        return Loss(total=total, count=len(targets))

    def _run(self, batch: Sequence[Encoded]) -> Tensor:
        """Return the logits of every word, window by window, ``(words, labels)``."""
        windows = [window for item in batch for window in item.extra["windows"]]
        if not windows:
            return torch.empty(0, len(self._head.labels))
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].tokens.ids))
        rows = [windows[place].tokens for place in order]
        whole = self._logits(rows).float()
        ends = accumulate((len(row.ids) for row in rows), initial=0)
        starts = dict(zip(order, ends, strict=False))  # the last end starts nothing
        asked = [
            starts[at] + place
            for at, window in enumerate(windows)
            for place in window.places
        ]
        return whole.index_select(0, send(torch.tensor(asked), whole.device))

    def _windows(self, words: Words) -> list[TagWindow]:
        ids, firsts = self._with_every_word(words)
        template = self._tokenizer.wrap([-1]).ids
        before, room = template.index(-1), self._length - len(template) + 1
        starts = window_starts(len(ids), room)
        homes = [home_of(first, starts, room) for first in firsts]
        windows = []
        for window, start in enumerate(starts):
            own = [word for word, home in enumerate(homes) if home == window]
            if own:
                places = [before + firsts[word] - start for word in own]
                tokens = self._tokenizer.wrap(ids[start : start + room])
                windows.append(TagWindow(tokens, places, own))
        return windows

    def _with_every_word(self, words: Words) -> tuple[list[int], list[int]]:
        """Return ids in which every word has a token, and where each word begins.

        A word of which the tokenizer makes nothing is read as an unknown one.

        Raises:
            CheckpointError: the tokenizer has no token for that.
        """
        ids: list[int] = []
        firsts = []
        for first, end in words.spans:
            firsts.append(len(ids))
            ids += words.ids[first:end] or [self._unknown()]
        return ids, firsts

    def _unknown(self) -> int:
        special = self._tokenizer.special
        for token in (special.unknown, special.pad, special.eos):
            if token is not None:
                return token
        raise CheckpointError(
            f"the tokenizer of {self._title} makes no token of a word, and has no "
            "unknown token to stand for it: name one in tokenizer_config.json"
        )

    def _targets(self, example: TrainingExample) -> list[int]:
        request, answer = example.request, example.answer
        if not isinstance(request, Tag) or not isinstance(answer, TagAnswer):
            raise PluginError(
                f"a training example pairs a {type(request).__name__} request with a "
                f"{type(answer).__name__}, expected Tag with TagAnswer: correct the "
                "formulation's target"
            )
        unknown = set(answer.labels).difference(self._head.labels)
        if unknown or not answer.labels or len(answer.labels) != len(request.words):
            raise PluginError(
                f"a training example has {len(answer.labels)} labels for "
                f"{len(request.words)} words ({', '.join(sorted(unknown)) or 'none'} "
                f"unknown), expected one of {', '.join(self._head.labels)} for each of "
                "one word or more: correct the formulation's target"
            )
        return [self._head.labels.index(label) for label in answer.labels]
