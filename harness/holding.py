"""One process at a time in a folder that outlives processes."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from harness.errors import TrainingError

_LOCK = "lock"
"""The file that is locked; it says who holds the folder, for the others to tell."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder and hold it; it goes in the end unless there is something in it.

    The system lets go of it when the process ends, whatever ends it. (Windows has no
    such lock, so nothing is held there.)

    Raises:
        TrainingError: another process holds it.
    """
    lock = _take(folder)
    try:
        yield
    finally:
        # while it is held still, so that nobody waits for a file that is gone
        with suppress(OSError):
            (folder / _LOCK).unlink()
            folder.rmdir()
        lock.close()


def empty(folder: Path) -> None:
    """Remove what is in a folder that is held; it goes itself when it is let go."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _LOCK:
            path.unlink(missing_ok=True)


def _take(folder: Path) -> IO[str]:
    """Lock the file, made anew where who held it has removed it meanwhile."""
    path = folder / _LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = path.open("a+", encoding="utf-8")
        except FileNotFoundError:
            continue
        _lock(lock, path)
        if path.exists() and os.path.samestat(os.fstat(lock.fileno()), path.stat()):
            break
        lock.close()
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {socket.gethostname()}")
    lock.flush()
    return lock


def _lock(lock: IO[str], path: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read() or "another process"
        lock.close()
        raise TrainingError(
            f"{holder} trains the same now (it holds {path}), expected one process at "
            "a time: let it end, and run the same command again"
        ) from error
