"""What a checkpoint's weights files hold, read from their headers without torch.

The format is safetensors: eight bytes of header length (little-endian), a JSON
header ``{name: {dtype, shape, data_offsets}}``, then the data.
https://github.com/huggingface/safetensors, section Format.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import CheckpointError
from harness_torch.digests import digest
from harness_torch.source import read_json

SINGLE = "model.safetensors"
SHARDS = "model.safetensors.index.json"
PICKLES = ("*.bin", "*.bin.index.json", "*.pt", "*.pth", "*.ckpt")
_MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library itself


_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor:
    """A tensor as its file declares it; `dtype` is such as ``F32``, ``BF16``, ``I64``."""

    dtype: str
    shape: tuple[int, ...]
    file: Path

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A checkpoint's weights files and the tensors in them, by their stored names."""

    files: tuple[Path, ...]
    tensors: Mapping[str, StoredTensor]


def read_weights(folder: Path) -> Weights:
    """Read the headers of a checkpoint's weights, one file or shards.

    Raises:
        CheckpointError: there are no safetensors weights (a pickle is refused), a
            file is corrupt or cut short, or a shard lacks a tensor.
    """
    if (folder / SINGLE).is_file():
        path = folder / SINGLE
        return Weights(files=(path,), tensors=read_header(path))
    if (folder / SHARDS).is_file():
        return _read_shards(folder)
    pickles = sorted(p.name for pattern in PICKLES for p in folder.glob(pattern))
    if pickles:
        raise CheckpointError(
            f"{folder / pickles[0]} is a pickle, which can run code when loaded: "
            f"convert it with 'harness convert {folder} OUT' and name OUT instead"
        )
    rounded = sorted(path.name for path in folder.glob("*.gguf"))
    if rounded:
        raise CheckpointError(
            f"{folder / rounded[0]} is a GGUF file: convert it with 'harness convert "
            f"{folder / rounded[0]} OUT' and name OUT instead"
        )
    raise CheckpointError(
        f"{folder} holds no weights: expected {SINGLE}, or {SHARDS} with its shards "
        "(transformers' save_pretrained writes them)"
    )


def check_shapes(
    found: Mapping[str, tuple[int, ...]],
    expected: Mapping[str, tuple[int, ...]],
    *,
    origin: Path,
    may_lack: frozenset[str] = frozenset(),
) -> None:
    """Refuse tensors that are not exactly what a model takes.

    Args:
        found: shapes by parameter name, as stored.
        expected: shapes by parameter name, as the model has them.
        origin: where they come from, for messages.
        may_lack: parameters that may be missing.

    Raises:
        CheckpointError: a tensor is missing, unexpected or of another shape; names
            how many and the first few.
    """
    faults = {
        "missing": [n for n in expected if n not in found and n not in may_lack],
        "unexpected": [n for n in found if n not in expected],
        "misshapen": [
            f"{name} is {found[name]}, not {shape}"
            for name, shape in expected.items()
            if name in found and found[name] != shape
        ],
    }
    if any(faults.values()):
        raise CheckpointError(
            f"the weights of {origin} don't fit the model: "
            + "; ".join(_told(kind, names) for kind, names in faults.items() if names)
            + ": use a checkpoint whose config.json belongs to its weights"
        )


def _told(kind: str, names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f"{len(names)} {kind} ({', '.join(names[:_SHOWN])}{more})"


def fingerprint(files: Iterable[Path], facts: Mapping[str, str]) -> str:
    """Return a SHA-256 over files' names and contents and over further facts."""
    whole = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        whole.update(f"{path.name} {digest(path)}\n".encode())
    whole.update(json.dumps(dict(facts), sort_keys=True).encode())
    return whole.hexdigest()


def identity(
    raw: Mapping[str, Any], weights: Weights | None, *, drawn_by: str = ""
) -> str:
    """Return a SHA-256 over a model's weights and config.json, and nothing else.

    Args:
        raw: the file's object.
        weights: None for a built-in model.
        drawn_by: the revision of what draws that.
    """
    facts = {"config": json.dumps(dict(raw), sort_keys=True), "drawn by": drawn_by}
    return fingerprint(() if weights is None else weights.files, facts)


def _read_shards(folder: Path) -> Weights:
    places = read_json(folder / SHARDS).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise CheckpointError(
            f"{folder / SHARDS} has no weight_map: fetch the checkpoint again"
        )
    files = tuple(folder / name for name in sorted(set(map(str, places.values()))))
    held = {file.name: read_header(file) for file in files}
    lost = [name for name, file in places.items() if name not in held[str(file)]]
    if lost:
        raise CheckpointError(
            f"{folder / SHARDS} names {len(lost)} tensors that their shards don't hold "
            f"({', '.join(lost[:3])}): fetch the checkpoint again"
        )
    tensors = {name: held[str(file)][name] for name, file in places.items()}
    return Weights(files=(folder / SHARDS, *files), tensors=tensors)


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Read what one file of weights holds.

    Raises:
        CheckpointError: it is missing, corrupt or cut short.
    """
    try:
        entries, data_bytes = _parse_header(path)
        tensors = {
            name: StoredTensor(
                dtype=str(entry["dtype"]), shape=tuple(entry["shape"]), file=path
            )
            for name, entry in entries.items()
        }
        ends = [int(entry["data_offsets"][1]) for entry in entries.values()]
    except FileNotFoundError as error:
        raise CheckpointError(
            f"the weights file {path} is missing: fetch the checkpoint again"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise CheckpointError(
            f"{path} is no valid safetensors file ({error}): fetch or write it again"
        ) from error
    if max(ends, default=0) != data_bytes:
        raise CheckpointError(
            f"{path} holds {data_bytes} bytes of tensors, its header says "
            f"{max(ends, default=0)}: the file was cut short, so fetch or write it again"
        )
    return tensors


def _parse_header(path: Path) -> tuple[dict[str, Any], int]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _MAX_HEADER_BYTES:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("the header is no JSON object")
    header.pop("__metadata__", None)
    return header, path.stat().st_size - 8 - length
