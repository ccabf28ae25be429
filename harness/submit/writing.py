"""Write a submission, whole or not at all, and read it back."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from harness.errors import PluginError, UsageError
from harness.submit.files import Submission, check_reading

_TOLD = 10  # missing tasks in a message
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that equal predictions make equal archives


class Written(NamedTuple):
    """An archive that was written and read back."""

    path: Path
    sha256: dict[str, str]


def write(submission: Submission, folder: Path, *, partial: bool = False) -> Written:
    """Write a submission, whole or not at all, and read it back.

    Args:
        submission: what to write.
        folder: where it goes; made where it is missing.
        partial: whether tasks may be missing.

    Raises:
        UsageError: tasks are missing, or the place can't be written.
        PluginError: what was written does not read back.
    """
    if submission.missing and submission.archive.kind == "zip" and not partial:
        told = [f"{task}: {why}" for task, why in submission.missing.items()]
        more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        raise UsageError(
            f"{submission.benchmark.id} takes whole submissions alone, and "
            f"{len(told)} tasks are missing ({'; '.join(told[:_TOLD])}{more}): run "
            "them with --split submit, or write what is there with --partial"
        )
    if not submission.files:
        raise UsageError(
            f"no task of {submission.benchmark.id} was predicted on its split for "
            "submissions: run them with --split submit"
        )
    texts = submission.texts()
    name = f"{submission.benchmark.id}-{_slug(submission.model)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if submission.archive.kind == "zip":
            path = _write_zip(folder / f"{name}.zip", texts)
        else:
            path = _write_folder(folder / name, texts)
    except OSError as error:
        raise UsageError(
            f"{folder} can't be written ({error}): name another with --out"
        ) from error
    return Written(path, _read_back(submission, path, texts))


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part) or "model"


def _write_zip(path: Path, texts: Mapping[str, str]) -> Path:
    with _scratch(path) as scratch:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in sorted(texts.items()):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, text.encode())
        scratch.replace(path)
    return path


def _write_folder(path: Path, texts: Mapping[str, str]) -> Path:
    if path.exists():
        raise UsageError(
            f"{path} is there already: remove it, or name another folder with --out"
        )
    with _scratch(path) as scratch:
        scratch.mkdir()
        for name, text in texts.items():
            target = scratch / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        scratch.rename(path)
    return path


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Give a place beside the path that is gone in the end, whatever happens."""
    holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield holder / path.name
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _read_back(
    submission: Submission, path: Path, texts: Mapping[str, str]
) -> dict[str, str]:
    """Return each file's SHA-256, once all read back as what they were made of."""
    contents = _contents(path)
    if contents.keys() != texts.keys():
        raise PluginError(
            f"{path} holds {', '.join(sorted(contents))}, expected "
            f"{', '.join(sorted(texts))}: write it again"
        )
    for file in submission.files:
        first = next(iter(file.texts))
        check_reading(file, contents[submission.place(file, first)].decode())
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in sorted(contents.items())
    }


def _contents(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        found = [child for child in path.rglob("*") if child.is_file()]
        return {
            str(child.relative_to(path)).replace(os.sep, "/"): child.read_bytes()
            for child in found
        }
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}
