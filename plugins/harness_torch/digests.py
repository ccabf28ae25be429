"""SHA-256 of large files, remembered as long as the files stay as they are.

Weights of a few gigabytes take seconds to hash, with every command. What was hashed is
remembered by the file's number on its disk, its size, and the times at which it and
its entry were changed last: a system sets the latter itself with every change. It is
kept in ``$XDG_CACHE_HOME/nlp-harness``, ``~/.cache/nlp-harness`` by default, where it
may be removed at any time.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

SMALLEST_BYTES = 16 * 2**20
"""What is smaller is hashed every time."""
SETTLED_S = 2.0
"""A file that changed later than this before could change again within one tick."""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    before = path.stat()
    if before.st_size < SMALLEST_BYTES:
        return _hash(path)
    place = _place(before)
    with suppress(OSError, UnicodeError):
        known = place.read_text("ascii")
        if len(known) == hashlib.sha256().digest_size * 2:
            return known
    began = time.time()
    found = _hash(path)
    is_settled = max(before.st_mtime, before.st_ctime) < began - SETTLED_S
    if is_settled and _place(path.stat()) == place:
        _remember(place, found)
    return found


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(stat: os.stat_result) -> Path:
    """Return where the digest of a file in such a state is kept."""
    state = (
        stat.st_dev,
        stat.st_ino,
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ctime_ns,
    )
    root = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    with suppress(RuntimeError):  # there is no home
        root = root.expanduser()
    return root / "nlp-harness" / "digests" / "-".join(map(str, state))


def _remember(place: Path, found: str) -> None:
    """Keep a digest where that is possible; without, it is only computed again."""
    if not place.is_absolute():  # there is no home
        return
    part = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(found, "ascii")
        part.replace(place)
