"""What is learnt from: a train cell's examples and selection slice, exemplars."""

from __future__ import annotations

from typing import NamedTuple

from harness.data import Split
from harness.data.draw import choose, choose_balanced, slice_size, split_off, take
from harness.plan.askable import Unfit
from harness.plan.cells import TrainCell
from harness.recipe import CommonSettings
from harness.regime import Regime
from harness.task import Example


class Lesson(NamedTuple):
    """Examples to train on, and those to select on, none where nothing is selected."""

    examples: list[Example]
    selection: list[Example]


def lesson_of(cell: TrainCell) -> Lesson:
    """Draw what a train cell learns from; the same cell always draws the same.

    Where `train_examples` are drawn, a selection slice comes from among them, so that
    no other label is looked at.

    Raises:
        DataError: there are too few examples to set a slice aside.
    """
    settings: CommonSettings = cell.settings
    examples, seed = list(cell.split), cell.seed
    if settings.train_examples is not None:
        labels = cell.task.problem.labels
        count = settings.train_examples
        examples = take(
            examples, choose_balanced(examples, count, f"few {seed}", labels)
        )
    selection: list[Example] = []
    if cell.selection is not None:
        selection = list(cell.selection)
    elif settings.select == "best":
        examples, selection = split_off(examples, settings.select_share, seed)
    limit = settings.max_examples
    if limit is not None and limit < len(examples):
        examples = take(examples, choose(examples, limit, f"train {seed}"))
    return Lesson(examples, selection)


def size_of(cell: TrainCell) -> int:
    """Return how many examples a cell trains on, without reading them.

    Where a selection slice keeps groups together, it may be a few more.
    """
    settings: CommonSettings = cell.settings
    size = settings.train_examples or cell.split.size
    if settings.select == "best" and cell.selection is None:
        size -= slice_size(size, settings.select_share)
    return min(size, settings.max_examples or size)


def check_size(settings: CommonSettings, split: Split) -> None:
    """Refuse to draw more examples than there are.

    Raises:
        Unfit: `train_examples` is larger than the training split.
    """
    wanted = settings.train_examples
    if wanted is not None and wanted > split.size:
        raise Unfit(
            f"train_examples={wanted} is more than the {split.size} examples of "
            f"{split.origin}: ask for fewer"
        )


def check_exemplars(train: Split, evaluated: Split, regime: Regime) -> None:
    """Refuse exemplars that would give the answers away, or that are not there.

    Raises:
        Unfit: the evaluated split is the training split, or the latter is too small.
    """
    if train.content_hash == evaluated.content_hash:
        raise Unfit(
            f"{regime} draws its exemplars from the split {train.name!r} itself: "
            "evaluate another split, or ask zero-shot"
        )
    needed = regime.shots + regime.draws_each  # one more, to leave the example out
    if train.size < needed:
        raise Unfit(
            f"{regime} needs {needed} exemplars and {train.origin} has "
            f"{train.size} examples: ask for fewer shots"
        )
