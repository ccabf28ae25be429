"""When a training run is saved, and how it goes on from what was saved."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from harness import CheckpointError
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
        """Restore the newest whole snapshot and return its step, 0 without any."""
        for place in self._snapshots.places() if self._snapshots else ():
            try:
                states = read_snapshot(place)
                own = states.pop("saver").facts
                for name, part in self._parts.items():
                    part.restore(states[name])
            except (CheckpointError, KeyError) as error:
                self.notes.append(f"left a snapshot aside: {error}")
                continue
            self.resumed = own["resumed"] + 1
            self.notes = [*own["notes"], *self.notes]
            self._last = place
            return int(own["step"])
        return 0

    def offer(self, step: int) -> None:
        """Save what stands after a step, if it is time.

        Raises:
            TrainingError: it can't be written.
        """
        if self._snapshots is None or time.monotonic() < self._due:
            return
        started = time.monotonic()
        facts = {"step": step, "resumed": self.resumed, "notes": self.notes}
        states = {name: part.state() for name, part in self._parts.items()}
        self._last = self._snapshots.write(
            step, {"saver": State(facts=facts), **states}
        )
        if self._every_s:
            ended = time.monotonic()
            pause = max(self._every_s, _WORK_PER_SAVING * (ended - started))
            self._due = ended + pause

    @property
    def last_good(self) -> str:
        """Say where the newest snapshot stands."""
        if self._last is None:
            return "no snapshot was written before"
        return f"the last good snapshot is {self._last}"
