"""When Python looks for reference cycles, and when that is a waste."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no reference cycles meanwhile.

    What only adds objects that stay, as imports do, is searched again and again for
    cycles that are not there: a fifth of the time that importing torch takes. May also
    decorate a function.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def leave_uncollected() -> None:
    """Look for none either when the process ends, where memory goes back anyway.

    With torch loaded that search takes as long as a third of importing it.
    """
    atexit.unregister(_let_go)
    atexit.register(_let_go)


def _let_go() -> None:
    gc.freeze()
    gc.disable()
