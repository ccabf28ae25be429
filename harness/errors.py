"""The tree of errors that a user can cause or mend.

    HarnessError
     ├── UsageError        a wrong command line, suite or name
     ├── PluginError       a plugin that can't be loaded or breaks its contract
     ├── DataError         a data set that can't be read or is not what its task says
     │    └── MissingDataError   a data set, split or file that is not there
     ├── CheckpointError   weights, configuration or tokenizer that can't be used
     ├── TrainingError     a training run that can't go on (loss is not a number)
     ├── PeerError         another of the processes that train together failed
     ├── ServerError       a model's server that can't be reached or can't be understood
     ├── StoreError        a store that can't be read or written
     └── OutOfMemoryError  a batch that does not fit; the engine asks again, smaller

The command line catches HarnessError alone and prints it as one line with exit
code 2. All else is a fault of this project and keeps its traceback. A message says
what was wrong (with the value and where), what was expected, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """Base of every error that a user can mend."""


class UsageError(HarnessError):
    """Raised for a wrong command line, suite file or name."""


class PluginError(HarnessError):
    """Raised for a plugin that can't be loaded or breaks its contract."""


class DataError(HarnessError):
    """Raised for data that can't be read or is not what its task declares."""


class MissingDataError(DataError):
    """Raised for a data set, split or file that is not there.

    ``--skip-unavailable`` leaves such tasks out; data that is there and wrong stops a
    run all the same.
    """


class CheckpointError(HarnessError):
    """Raised for weights, configuration or tokenizer files that can't be used."""


class TrainingError(HarnessError):
    """Raised for a training run that can't go on."""


class PeerError(HarnessError):
    """Raised where another of the processes that train together failed."""


class ServerError(HarnessError):
    """Raised for a model's server that can't be reached, refuses, or answers garbage.

    The cell that asked fails and the others stand; asked again, it goes on from the
    answers that had arrived.
    """


class StoreError(HarnessError):
    """Raised for a store that can't be read or written."""


class OutOfMemoryError(HarnessError):
    """Raised by an adapter whose batch does not fit in memory.

    The engine catches it, halves the token budget and asks again for what is
    missing; it reaches the user only when a single request does not fit.

    Args:
        message: what did not fit.
        requests: how many the batch had; where that is unknown, a budget below the
            longest request's cost stands for one.
    """

    def __init__(self, message: str, *, requests: int | None = None) -> None:
        super().__init__(message)
        self.requests = requests


def unknown_name(
    kind: str, name: str, known: Iterable[str], listing: str
) -> UsageError:
    """Make the error for a name that nobody registered, with the nearest names.

    Args:
        kind: what was named, such as ``task``.
        name: the name that was given.
        known: all names that exist.
        listing: the command that shows them, such as ``harness list tasks``.
    """
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return UsageError(f"unknown {kind} {name!r}: {hint}'{listing}' shows all")
