"""Turn pickled weights into safetensors.

Loading a pickle can run code, so no adapter does it. Here `torch.load` is held to
tensors (``weights_only=True``), and what it refuses is refused.
"""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "pytorch_model.bin"
SHARDS = "pytorch_model.bin.index.json"
SAFE = "model.safetensors"
CONFIG = "config.json"
POOLING = "[0-9]_*/config.json"
"""How sentence-transformers says what becomes of a text's vectors."""
KEPT = (".json", ".txt", ".model", ".jinja", ".md")
"""Suffixes of the files that come along: configuration, tokenizer, model card."""
_UNREADABLE = (  # what the unpickler trips over in a broken file
    *(OSError, RuntimeError, EOFError, struct.error, LookupError, ValueError),
    *(TypeError, AttributeError, AssertionError),
)


def is_pickled(folder: Path) -> bool:
    """Tell whether a folder holds pickled weights, in one file or in shards."""
    return (folder / WEIGHTS).is_file() or (folder / SHARDS).is_file()


def convert_pickled(folder: Path, made: Path, *, dtype: str | None) -> int:
    """Write a folder like the given one, with its pickled weights as safetensors.

    Args:
        folder: holds ``pytorch_model.bin``, or its shards with their index.
        made: an empty folder.
        dtype: what floats become, a name of torch's; None leaves them.

    Returns:
        How many tensors were written.

    Raises:
        CheckpointError: they hold more than tensors, or can't be read.
    """
    tensors = _read(folder)
    _write(tensors, made / SAFE, dtype)
    for path in sorted([*folder.iterdir(), *folder.glob(POOLING)]):
        if path.is_file() and path.suffix in KEPT and path.name != SHARDS:
            place = made / path.relative_to(folder)
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, place)
    if dtype is not None and (made / CONFIG).is_file():
        _say_dtype(made / CONFIG, dtype)
    return len(tensors)


def _say_dtype(path: Path, dtype: str) -> None:
    """Let config.json say the new precision: who reads it may go by that."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        text = json.dumps({**config, "torch_dtype": dtype, "dtype": dtype}, indent=2)
    except (ValueError, TypeError) as error:
        raise CheckpointError(
            f"the checkpoint's {path.name} can't be read as a JSON object ({error}): "
            "fetch the checkpoint again"
        ) from error
    path.write_text(text + "\n", encoding="utf-8")


def _read(folder: Path) -> dict[str, Tensor]:
    if (folder / WEIGHTS).is_file():
        return _load(folder / WEIGHTS)
    try:
        index = json.loads((folder / SHARDS).read_text(encoding="utf-8"))
        shards = sorted(set(index["weight_map"].values()))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise CheckpointError(
            f"{folder / SHARDS} is no index of shards: fetch the checkpoint again"
        ) from error
    tensors: dict[str, Tensor] = {}
    for shard in shards:
        tensors |= _load(folder / Path(shard).name)
    return tensors


def _load(path: Path) -> dict[str, Tensor]:
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than tensors, so loading it could run code: get the "
            "weights as safetensors from who made them"
        ) from error
    except _UNREADABLE as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"{path} can't be read ({cause}): fetch the checkpoint again"
        ) from error
    is_state = isinstance(found, Mapping) and all(
        isinstance(value, torch.Tensor) for value in found.values()
    )
    if not is_state:
        raise CheckpointError(
            f"{path} is no table of tensors by name, as torch.save(model.state_dict()) "
            "writes it: save the model so"
        )
    return dict(found)


def _write(tensors: Mapping[str, Tensor], path: Path, dtype: str | None) -> None:
    import torch
    from safetensors.torch import save_file

    floats = None if dtype is None else getattr(torch, dtype)

    def own(tensor: Tensor) -> Tensor:
        # safetensors refuses tensors that share memory, as tied ones in a pickle do
        wanted = floats if tensor.is_floating_point() else None
        return tensor.detach().to(wanted, copy=True).contiguous()

    made = {name: own(tensor) for name, tensor in tensors.items()}
    save_file(made, path, metadata={"format": "pt"})
