"""When a training run is saved, and how it goes on from what was saved."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from harness import CheckpointError
from harness.ranks import agree, is_first, tell
from harness_torch.training.snapshots import Snapshots, read_snapshot
from harness_torch.training.state import Part, State

_WORK_PER_SAVING = 50.0
"""Training goes on this many times as long as the last snapshot took: 2 % at most."""


class Saver:
    """Saves the parts of a run now and then.

    Args:
        folder: where snapshots go; None where nothing outlives the process.
        every_s: seconds between two snapshots; 0 saves every step.
        parts: what to save, by name; restored in this order, so that the one that can
            refuse stands first.
    """

    def __init__(
        self, folder: Path | None, every_s: float, parts: Mapping[str, Part]
    ) -> None:
        self.resumed = 0
        self.notes: list[str] = []
        self._snapshots = Snapshots(folder) if folder else None
        self._every_s = every_s
        self._parts = parts
        self._due = time.monotonic() + every_s
        self._last: Path | None = None

    def resume(self) -> int:
        """Restore the newest whole snapshot and return its step, 0 without any.

        Processes that train together restore the same.
        """
        if self._snapshots is None:
            return 0
        step = 0
        if is_first():
            self._snapshots.sweep()
            step = self._restore_newest()
        newest = tell(str(self._last or ""))
        if newest and not is_first():
            step = self._restore(Path(newest))
        agree()
        return step

    def _restore_newest(self) -> int:
        for place in self._snapshots.places() if self._snapshots else ():
            try:
                return self._restore(place)
            except (CheckpointError, KeyError) as error:
                self.notes.append(f"left a snapshot aside: {error}")
        return 0

    def _restore(self, place: Path) -> int:
        states = read_snapshot(place)
        own = states.pop("saver").facts
        for name, part in self._parts.items():
            part.restore(states[name])
        self.resumed = own["resumed"] + 1
        self.notes = [*own["notes"], *self.notes]
        self._last = place
        return int(own["step"])

    def offer(self, step: int) -> None:
        """Save what stands after a step, if it is time.

        Raises:
            TrainingError: it can't be written.
        """
        if self._snapshots is None or not is_first():
            return
        if time.monotonic() >= self._due:
            self._save(step, self._snapshots)

    def _save(self, step: int, snapshots: Snapshots) -> None:
        started = time.monotonic()
        facts = {"step": step, "resumed": self.resumed, "notes": self.notes}
        states = {name: part.state() for name, part in self._parts.items()}
        self._last = snapshots.write(step, {"saver": State(facts=facts), **states})
        if self._every_s:
            ended = time.monotonic()
            pause = max(self._every_s, _WORK_PER_SAVING * (ended - started))
            self._due = ended + pause

    @property
    def told_last(self) -> str:
        """Say where the last snapshot stands."""
        if self._last is None:
            return "there is no snapshot yet"
        return f"the last snapshot is {self._last}"
