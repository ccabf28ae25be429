"""What all objectives share: hold out, train by the one loop, measure, save."""

from __future__ import annotations

import math
from functools import partial
from random import Random
from typing import TypeVar

from harness import (
    DataError,
    Head,
    PluginError,
    PretrainJob,
    PretrainReport,
    TrainJob,
    UsageError,
)
from harness.ranks import is_first
from harness_pretrain.learner import Course, Figures, Learner
from harness_pretrain.settings import TextSettings
from harness_pretrain.watch import Watch
from harness_torch.lessons import Speaker
from harness_torch.training.loop import train

ItemT = TypeVar("ItemT")


def speaker_of(job: PretrainJob) -> Speaker:
    """Return the job's model.

    Raises:
        PluginError: it lacks what pre-training needs.
    """
    if isinstance(job.model, Speaker):
        return job.model
    raise PluginError(
        f"the model is declared fit for pre-training, but {type(job.model).__name__} "
        "lacks a method of Speaker: add it, or leave ModelCard.pretrains empty"
    )


def learn(
    job: PretrainJob, course: Course[ItemT], needs: str, *, text_tokens: int
) -> PretrainReport:
    """Train on a course and save.

    Raises:
        DataError: there is too little text.
        UsageError: the best epoch is wanted, and nothing is held out to tell.
    """
    settings: TextSettings = job.settings
    speaker = speaker_of(job)
    places, held_out = _divide(job, len(course.items))
    learner = Learner(speaker, course, places, needs)
    module = learner.prepare(_LANGUAGE, seed=job.seed)
    measures = held_out and is_first()
    figures = Figures(speaker, course, held_out) if measures else None
    watch = Watch(
        module,
        partial(figures.measure, tokens=settings.micro_batch_tokens)
        if figures
        else None,
        steps_per_epoch=math.ceil(len(places) / settings.batch_size),
        on_step=job.on_step,
        on_epoch=job.on_epoch,
        memory=job.scratch / "held_out.json",
    )
    wants_best = settings.select == "best"
    report = train(
        TrainJob(
            model=learner,
            head=_LANGUAGE,
            examples=(),
            settings=settings,
            seed=job.seed,
            load=job.load,
            folder=job.folder,
            on_step=watch.hear,
            select_score=watch.score if wants_best else None,
            scratch=job.scratch / "snapshots",
        ),
        module,
        settings,
    )
    if is_first():
        learner.save(job.folder)
    return PretrainReport(
        training=report, epochs=tuple(watch.epochs), text_tokens=text_tokens
    )


_LANGUAGE = Head(kind="language")


def _divide(job: PretrainJob, count: int) -> tuple[list[int], list[int]]:
    """Return the items to train on, and those of the text's end, which are held out.

    Raises:
        DataError: there is too little text.
        UsageError: the best epoch is wanted, and nothing is held out to tell.
    """
    settings: TextSettings = job.settings
    if settings.select == "best" and not job.hold_out:
        raise UsageError(
            "the training setting select is 'best' and nothing is held out to tell "
            "which epoch that is: give --hold-out a share, or leave select at 'last'"
        )
    held = math.ceil(count * job.hold_out)
    if count - held < 1:
        raise DataError(
            f"the text makes {count} blocks of {settings.length} tokens, {held} of them "
            "held out, expected one or more to train on: give more text, a smaller "
            "length, or a smaller --hold-out"
        )
    places = list(range(count - held))
    if settings.max_examples is not None and settings.max_examples < len(places):
        drawn = Random(f"{job.seed} blocks").sample(places, settings.max_examples)
        places = sorted(drawn)
    return places, list(range(count - held, count))
