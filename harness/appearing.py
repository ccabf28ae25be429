"""Folders that appear only when they are whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UsageError


def refuse_existing(out: Path) -> None:
    """Refuse to write where something is.

    Raises:
        UsageError: there is a file or folder of that name.
    """
    if out.exists():
        raise UsageError(f"{out} is there already: name a folder that is not")


@contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """Give a folder to write in, which moves into place when all went well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".part") as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        yield made
        for path in made.iterdir():
            _let_others_read(path)
        made.rename(out)


def _let_others_read(path: Path) -> None:
    """Undo that safetensors writes files that their owner alone can read."""
    path.chmod(path.stat().st_mode | (path.parent.stat().st_mode & 0o044))
