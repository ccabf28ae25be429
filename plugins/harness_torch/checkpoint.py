"""Loading weights strictly and saving checkpoints whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from harness import CheckpointError
from harness_torch.weights import SINGLE, Weights, check_shapes

_STORED = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}
"""What a file calls tensors of a precision."""


def read_tensors(
    weights: Weights,
    names: Mapping[str, str],
    *,
    dtype: torch.dtype = torch.float32,
    is_mapped: bool = False,
) -> dict[str, Tensor]:
    """Read tensors, never holding much more than they themselves take.

    Args:
        weights: what the files hold.
        names: which to read, by their stored names, and what to call each.
        dtype: what to read them as; training wants fp32.
        is_mapped: whether tensors that are stored so stay where the file is mapped:
            that costs nothing until they are used. What is written into them does not
            reach the file. They are as good as the file: it may be removed or moved
            meanwhile, but not written over.

    Raises:
        CheckpointError: a file can't be read, or a tensor holds no floats.
    """
    tensors: dict[str, Tensor] = {}
    mapped: dict[Path, Any] = {}
    for stored, name in sorted(names.items()):
        file = weights.tensors[stored].file
        try:
            if is_mapped and weights.tensors[stored].dtype == _STORED.get(dtype):
                if file not in mapped:
                    mapped[file] = safe_open(file, framework="pt")
                tensors[name] = mapped[file].get_tensor(stored)
                continue
            # Opened for each tensor: the library maps the file, and what was read of
            # it stays in memory beside our copies until it is closed.
            with safe_open(file, framework="pt") as handle:
                tensors[name] = _floats(handle.get_tensor(stored), stored, dtype)
        except (OSError, SafetensorError, ValueError) as error:
            raise CheckpointError(
                f"{file} can't be read ({error}): fetch or write the checkpoint again"
            ) from error
    return tensors


@torch.no_grad()
def own_weights(module: nn.Module) -> None:
    """Put copies in the place of a module's weights, which may be a mapped file's.

    Views of larger tensors stay what they are: those were made here.
    """
    for parameter in module.parameters():
        if parameter.untyped_storage().nbytes() == parameter.nbytes:
            parameter.data = parameter.data.clone()


def load_strictly(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    origin: Path,
    may_lack: frozenset[str] = frozenset(),
) -> list[str]:
    """Put tensors into a module (on any device, ``meta`` too), every one or none.

    Args:
        module: takes the tensors as its parameters.
        tensors: by parameter name.
        origin: where they come from, for messages.
        may_lack: parameters that may be missing; they keep what they hold.

    Returns:
        The parameters that were missing, all of `may_lack`.

    Raises:
        CheckpointError: a tensor is missing, unexpected or of another shape; names
            how many and the first few.
    """
    expected = {n: tuple(t.shape) for n, t in module.state_dict().items()}
    found = {n: tuple(t.shape) for n, t in tensors.items()}
    check_shapes(found, expected, origin=origin, may_lack=may_lack)
    module.load_state_dict(dict(tensors), strict=False, assign=True)
    return [name for name in expected if name not in tensors]


def save_checkpoint(
    folder: Path,
    *,
    module: nn.Module,
    config: Mapping[str, Any],
    files: Mapping[str, bytes],
    stored: Callable[[str, Tensor], Tensor] = lambda _, tensor: tensor,
    stored_name: Callable[[str], str] = lambda name: name,
) -> None:
    """Write a checkpoint in Hugging Face format, each file whole or not at all.

    Args:
        folder: made where it is missing.
        module: its parameters are written in fp32, tied ones once, by the name that
            comes first.
        config: what becomes config.json, written last.
        files: further files by name, such as the tokenizer's.
        stored: makes of a parameter what files hold of it; by default, itself.
        stored_name: makes of a parameter's name what files call it.

    Raises:
        CheckpointError: a file can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    once = {name for name, _ in module.named_parameters()}
    once |= {name for name, _ in module.named_buffers()}
    tensors = {
        stored_name(name): stored(name, tensor)
        .detach()
        .to("cpu", torch.float32)
        .contiguous()
        for name, tensor in module.state_dict().items()
        if name in once
    }

    def write_tensors(path: Path) -> None:
        save_file(tensors, path, metadata={"format": "pt"})

    text = json.dumps(dict(config), indent=2, sort_keys=True) + "\n"
    write_file(folder / SINGLE, write_tensors)
    for name, content in {**files, "config.json": text.encode()}.items():
        write_file(folder / name, partial(Path.write_bytes, data=content))


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the place, reach the disk, then move into place."""
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        part.touch()
        mode = part.stat().st_mode
        write(part)
        part.chmod(mode)  # safetensors lets the owner alone read what it wrote
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} can't be written ({error}): make room there, or name another place"
        ) from error


def _floats(tensor: Tensor, name: str, dtype: torch.dtype) -> Tensor:
    if not tensor.is_floating_point():
        raise ValueError(f"{name} holds {tensor.dtype}, expected floats")
    # A copy: the library maps the file, which may be written over while we train.
    return tensor.to(dtype, copy=True)
