"""Snapshots of a training run on disk: whole or not there, newest first.

A snapshot is a folder with one safetensors file and one JSON file, which holds the
checksum of the other. It is written beside its place, reaches the disk, and is moved
there; only then does the one before it go.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from harness import CheckpointError, TrainingError
from harness_torch.training.state import State

_FORMAT = 1
_TENSORS, _FACTS = "state.safetensors", "state.json"
_CHUNK = 1 << 24


class Snapshots:
    """The snapshots in a folder, which is made when the first is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, step: int, states: Mapping[str, State]) -> Path:
        """Write the snapshot of a step, and drop older ones when it is whole.

        Raises:
            TrainingError: it can't be written; the one before it stands.
        """
        part = self._folder / f".part-{os.getpid()}"
        place = self._folder / f"step-{step:08d}"
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            _write(part, states)
            shutil.rmtree(
                place, ignore_errors=True
            )  # a damaged one that was left aside
            part.rename(place)
            _reach_disk(self._folder)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(part, ignore_errors=True)
            raise TrainingError(
                f"the snapshot of step {step} can't be written to {self._folder} "
                f"({error}): make room there and run the same command again, which "
                "goes on from the one before"
            ) from error
        for older in self._places():
            if older != place:
                shutil.rmtree(older, ignore_errors=True)
        return place

    def sweep(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        for part in self._folder.glob(".part-*"):
            shutil.rmtree(part, ignore_errors=True)

    def places(self) -> list[Path]:
        """Return the snapshots' folders, newest first."""
        return sorted(self._places(), reverse=True)

    def _places(self) -> list[Path]:
        return list(self._folder.glob("step-*"))


def read_snapshot(place: Path) -> dict[str, State]:
    """Read a snapshot into memory.

    Raises:
        CheckpointError: it is not whole, or of another version.
    """
    try:
        facts: Any = json.loads((place / _FACTS).read_text(encoding="utf-8"))
        if facts["format"] != _FORMAT:
            raise ValueError(f"it has format {facts['format']}")
        if facts["checksum"] != _checksum(place / _TENSORS):
            raise ValueError("its checksum is another")
        tensors = load_file(place / _TENSORS)
        return {
            name: State(tensors=_under(name, tensors), facts=own)
            for name, own in facts["parts"].items()
        }
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"the snapshot {place} is not whole ({error}): remove it"
        ) from error


def _write(part: Path, states: Mapping[str, State]) -> None:
    tensors = {
        f"{name}/{key}": tensor.detach().to("cpu").contiguous()
        for name, state in states.items()
        for key, tensor in state.tensors.items()
    }
    save_file(tensors, part / _TENSORS)
    facts = {
        "format": _FORMAT,
        "checksum": _checksum(part / _TENSORS),
        "parts": {name: state.facts for name, state in states.items()},
    }
    (part / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
    for path in (part / _TENSORS, part / _FACTS, part):
        _reach_disk(path)


def _under(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{name}/"
    return {k.removeprefix(start): t for k, t in tensors.items() if k.startswith(start)}


def _checksum(path: Path) -> int:
    """Return the CRC-32: it is to find accidents, and must cost little."""
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found


def _reach_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
