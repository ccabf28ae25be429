"""Turn a pickled checkpoint into safetensors, as a step of its own.

Loading a pickle can run code, so no adapter does it. Here `torch.load` is held to
tensors (``weights_only=True``), and what it refuses is refused.
"""

from __future__ import annotations

import json
import pickle
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "pytorch_model.bin"
SHARDS = "pytorch_model.bin.index.json"
SAFE = "model.safetensors"
KEPT = (".json", ".txt", ".model", ".md")
"""Suffixes of the files that come along: configuration, tokenizer, model card."""


def convert_checkpoint(folder: Path, out: Path) -> int:
    """Write a folder like the given one, with its pickled weights as safetensors.

    Args:
        folder: holds ``pytorch_model.bin``, or its shards with their index.
        out: appears only when it is whole; must not exist.

    Returns:
        How many tensors were written.

    Raises:
        UsageError: `out` is there already.
        CheckpointError: there are no pickled weights, they hold more than tensors, or
            they can't be read.
    """
    if out.exists():
        raise UsageError(f"{out} is there already: name a folder that is not")
    tensors = _read(folder)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".convert") as scratch:
        made = Path(scratch) / "checkpoint"
        made.mkdir()
        _write(tensors, made / SAFE)
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix in KEPT and path.name != SHARDS:
                shutil.copyfile(path, made / path.name)
        made.rename(out)
    return len(tensors)


def _read(folder: Path) -> dict[str, Tensor]:
    if (folder / WEIGHTS).is_file():
        return _load(folder / WEIGHTS)
    if not (folder / SHARDS).is_file():
        raise CheckpointError(
            f"{folder} holds neither {WEIGHTS} nor {SHARDS}: name the folder of a "
            "pickled checkpoint"
        )
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
    except (OSError, RuntimeError, EOFError) as error:
        cause = str(error).splitlines()[0]
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


def _write(tensors: Mapping[str, Tensor], path: Path) -> None:
    from safetensors.torch import save_file

    # safetensors refuses tensors that share memory, as tied ones in a pickle do
    own = {name: value.detach().clone().contiguous() for name, value in tensors.items()}
    save_file(own, path, metadata={"format": "pt"})
