"""Experiment trackers: where a run's curves and scores go while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerEntry:
    """What a plugin registers for an experiment tracker.

    Attributes:
        name: the name before the colon of ``--track NAME:PLACE``.
        summary: one line for `harness list trackers`.
        place: what stands behind the colon, with an example, for messages.
        make: makes a listener, an object with event-hooks, of the place. Called when
            a run is planned and again when it starts, so it only checks; files and
            connections open with the first event. Raises `UsageError` where the place
            is wrong or a library is missing.
    """

    name: str
    summary: str
    place: str
    make: Callable[[str], object]
