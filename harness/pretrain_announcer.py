"""Tell the listeners of the event hooks of a training on plain text, as of a run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import HarnessError
from harness.events import TrainStep
from harness.listeners import Announcer
from harness.pretraining import EpochFigures

if TYPE_CHECKING:
    import pluggy


class _Training(NamedTuple):
    fingerprint: str
    title: str
    facts: Mapping[str, str]


class PretrainAnnouncer:
    """Announces one training as a run with one cell.

    Args:
        hook: the plugin manager's hooks; None where nobody is to hear.
        fingerprint: the training's identity.
        title: what is made.
        command: what repeats it.
        on_epoch: is told of every epoch too.
    """

    def __init__(
        self,
        hook: pluggy.HookRelay | None,
        *,
        fingerprint: str,
        title: str,
        command: str,
        on_epoch: Callable[[EpochFigures], None],
    ) -> None:
        run_id = uuid.uuid4().hex[:12]
        self._announce = None if hook is None else Announcer(hook, run_id, cells=1)
        self._training = _Training(fingerprint, title, {})
        self._command = command
        self._on_epoch = on_epoch
        self._scores: dict[str, float] = {}

    @contextmanager
    def training(self, facts: Mapping[str, str]) -> Iterator[None]:
        """Announce the beginning, and how it ended."""
        announce, training = self._announce, self._training._replace(facts=facts)
        if announce is None:
            yield
            return
        title, command = training.title, self._command
        announce.run_started(cached=0, title=title, command=command)
        announce.started(training, "train")
        try:
            yield
        except HarnessError as error:
            announce.ended(training, "failed", reason=str(error), scores=self._scores)
            raise
        else:
            announce.ended(training, "done", scores=self._scores)
        finally:
            announce.run_finished()

    @property
    def step(self) -> Callable[[TrainStep], None]:
        """What announces an optimiser step."""
        if self._announce is None:
            return lambda _: None
        return self._announce.train_steps(self._training)

    def epoch(self, figures: EpochFigures) -> None:
        """Note what is held out: the last epoch's figures are the scores."""
        self._on_epoch(figures)
        found = {"loss": figures.loss, "perplexity": figures.perplexity}
        self._scores = {
            f"held-out {name.replace('_', ' ')}": value
            for name, value in (found | dict(figures.others)).items()
        }
