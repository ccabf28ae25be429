"""Lessons: what a model reads in pre-training, and the words that it must say.

An objective makes lessons of plain text; a family's adapter reads them (`Speaker.say`).
Nothing here knows what was masked and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness import Loss
from harness_torch.device import send
from harness_torch.tokenizers.protocol import TextTokenizer

BESIDE = -1
"""The rank of a token that is no target: every token sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """In which order a text's words are said (Yang et al. 2019, section 2.2).

    The text is read once; behind it stands a mask for each target, which is at the
    target's position and sees the text's tokens of lower ranks: XLNet's query stream.
    The text itself, its content stream, sees what has its own rank or a lower one.

    Attributes:
        ranks: of each token of the text, `BESIDE` for those that are no target.
        asked: the place in the text of each target, in order of rank.
    """

    ranks: tuple[int, ...]
    asked: tuple[int, ...]

    @property
    def positions(self) -> list[int]:
        """The position of every token that is read, the masks' being their targets'."""
        return [*range(len(self.ranks)), *self.asked]

    def sight(self) -> Tensor:
        """Return which token sees which, ``(read, read)``; no token sees a mask."""
        text = len(self.ranks)
        ranks = torch.tensor(
            [*self.ranks, *(self.ranks[place] for place in self.asked)]
        )
        is_mask = torch.arange(len(ranks)) >= text
        earlier = torch.where(is_mask, ranks - 1, ranks)
        return (ranks <= earlier[:, None]) & ~is_mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One training example of a pre-training objective.

    Attributes:
        ids: what is read; of an encoder-decoder, by the encoder.
        targets: the token ids that must be said.
        places: the token of `ids` that each target is asked of; empty where a decoder
            of its own says them.
        segments: of each id, 0 or 1; empty for all 0.
        orders: which token sees which, where that is not all or what came before.
        follows: whether the second segment follows the first in its document.
        weight: what the words' loss is multiplied by.
        count: what the lesson counts in its step's mean; its targets by default.
    """

    ids: Sequence[int]
    targets: Sequence[int]
    places: Sequence[int] = ()
    segments: Sequence[int] = ()
    orders: Orders | None = None
    follows: bool | None = None
    weight: float = 1.0
    count: int | None = None

    @property
    def cost(self) -> int:
        """The tokens that it adds to a forward."""
        return len(self.ids) + (0 if self.places else len(self.targets))


class Said(NamedTuple):
    """What a model says to lessons.

    Attributes:
        words: logits of each target, ``(targets, vocabulary)``, lesson by lesson.
        pairs: logits of each lesson's pair, ``(lessons, 2)``: follows, does not. None
            where nothing is asked of pairs.
    """

    words: Tensor
    pairs: Tensor | None = None


@runtime_checkable
class Speaker(Protocol):
    """What pre-training needs of an adapter."""

    title: str

    @property
    def tokenizer(self) -> TextTokenizer:
        """Makes ids of texts."""

    @property
    def device(self) -> torch.device:
        """Where the module is."""

    def prepare_words(self, needs: str, *, seed: int) -> nn.Module:
        """Return the module with the output layers that an objective trains.

        Args:
            needs: one of `harness.ModelCard.pretrains`.
            seed: seeds what has to be drawn, because the checkpoint lacks it.
        """

    def say(self, lessons: Sequence[Lesson]) -> Said:
        """Run the prepared module on lessons."""

    def save(self, folder: Path) -> None:
        """Write a checkpoint with these output layers, in Hugging Face format."""


class Measured(NamedTuple):
    """Sums over lessons: what a loss and a perplexity are made of.

    Attributes:
        words: summed cross-entropy of the targets, ``(lessons,)``, in nats.
        pairs: summed cross-entropy of the pairs, ``(lessons,)``, 0 where there are none.
        right_pairs: how many pairs were told rightly.
    """

    words: Tensor
    pairs: Tensor
    right_pairs: int


def measure(
    said: Said, lessons: Sequence[Lesson], *, label_smoothing: float = 0.0
) -> Measured:
    """Compare what was said with what is right.

    Args:
        said: what a model said to the lessons.
        lessons: what it read, and what is right.
        label_smoothing: the share of a target spread evenly, over the vocabulary or
            both answers about a pair.
    """
    told = partial(F.cross_entropy, reduction="none", label_smoothing=label_smoothing)
    device = said.words.device
    targets = torch.tensor([t for one in lessons for t in one.targets])
    lengths = torch.tensor([len(one.targets) for one in lessons])
    owner = send(torch.arange(len(lessons)).repeat_interleave(lengths), device)
    each = told(said.words.float(), send(targets, device))
    words = each.new_zeros(len(lessons)).index_add(0, owner, each)
    if said.pairs is None:
        return Measured(words, torch.zeros_like(words), 0)
    answers = torch.tensor([0 if one.follows else 1 for one in lessons])
    right = send(answers, device)
    pairs = told(said.pairs.float(), right)
    hits = int((said.pairs.argmax(dim=-1) == right).sum())
    return Measured(words, pairs, hits)


def summed(
    said: Said, lessons: Sequence[Lesson], *, label_smoothing: float = 0.0
) -> Loss:
    """Return the summed loss of a micro-batch of lessons; see `measure`."""
    measured = measure(said, lessons, label_smoothing=label_smoothing)
    weights = measured.words.new_tensor([one.weight for one in lessons])
    total = (measured.words * weights + measured.pairs).sum()
    counts = [len(one.targets) if one.count is None else one.count for one in lessons]
    return Loss(total=total, count=sum(counts))
