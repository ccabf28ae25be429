"""A model and its lessons, as the training loop takes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

import torch
from torch import nn

from harness import Encoded, Head, Loss, TrainingExample, cut_batches
from harness.requests import Likelihood
from harness_torch.lessons import Lesson, Speaker, measure, summed

ItemT = TypeVar("ItemT")

_TEXT = Likelihood(text="")  # a block of tokens answers no request of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Generic[ItemT]):
    """What is learnt: items of text, and how each becomes a lesson.

    Attributes:
        items: blocks or pairs, in the order of the text.
        draw: makes a lesson; draws from the generator alone.
        is_static: whether an item's lesson is the same in every epoch.
        averages_parts: whether words and pairs are averaged apart, over a step's
            targets and its lessons, and then added.
        seed: seeds what is drawn.
    """

    items: Sequence[ItemT]
    draw: Callable[[ItemT, Random], Lesson]
    is_static: bool
    averages_parts: bool
    seed: int

    def lesson(self, place: int, epoch: int | str) -> Lesson:
        """Return an item's lesson in an epoch: a function of these and the seed."""
        drawn = 0 if self.is_static else epoch
        return self.draw(self.items[place], Random(f"{self.seed} {drawn} {place}"))

    def step(self, places: Sequence[int], epoch: int) -> list[Lesson]:
        """Return the lessons of a step, weighted so that its loss is a mean."""
        lessons = [self.lesson(place, epoch) for place in places]
        if not self.averages_parts:
            return lessons
        weight = len(lessons) / sum(len(lesson.targets) for lesson in lessons)
        return [replace(lesson, weight=weight, count=1) for lesson in lessons]


class Learner(Generic[ItemT]):
    """The model with the lessons that it is trained on."""

    def __init__(
        self, speaker: Speaker, course: Course[ItemT], places: Sequence[int], needs: str
    ) -> None:
        self._speaker = speaker
        self._course = course
        self._places = places
        self._needs = needs

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        """Return the module with the output layers that the lessons need."""
        del head  # the model's own
        return self._speaker.prepare_words(self._needs, seed=seed)

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Return the items as examples, whose lessons are drawn step by step."""
        del examples  # the items are known
        return [Encoded(key=place, request=_TEXT, cost=1) for place in self._places]

    def redraw(self, batch: Sequence[Encoded], epoch: int) -> list[Encoded]:
        """Return the lessons of a step."""
        lessons = self._course.step([item.key for item in batch], epoch)
        return [
            replace(item, cost=lesson.cost, extra={"lesson": lesson})
            for item, lesson in zip(batch, lessons, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed loss of a micro-batch."""
        lessons = [item.extra["lesson"] for item in batch]
        said = self._speaker.say(lessons)
        return summed(said, lessons, label_smoothing=label_smoothing)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        self._speaker.save(folder)


class Figures(Generic[ItemT]):
    """Measures lessons that are not trained on; they are the same every time."""

    def __init__(
        self, speaker: Speaker, course: Course[ItemT], places: Sequence[int]
    ) -> None:
        self._speaker = speaker
        lessons = [course.lesson(place, "held out") for place in places]
        self._lessons = sorted(lessons, key=lambda lesson: lesson.cost)

    def measure(self, *, tokens: int) -> dict[str, float]:
        """Return mean loss, perplexity, and of pairs the share that was told rightly.

        Args:
            tokens: most tokens in one forward.
        """
        words, hits = 0.0, 0
        batch = [
            Encoded(key=place, request=_TEXT, cost=lesson.cost)
            for place, lesson in enumerate(self._lessons)
        ]
        with torch.inference_mode():
            for some in cut_batches(batch, tokens):
                lessons = [self._lessons[item.key] for item in some]
                measured = measure(self._speaker.say(lessons), lessons)
                words += float(measured.words.double().sum())
                hits += measured.right_pairs
        loss = words / sum(len(lesson.targets) for lesson in self._lessons)
        found = {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}
        if self._lessons[0].follows is not None:
            found["next_sentence_accuracy"] = hits / len(self._lessons)
        return found
