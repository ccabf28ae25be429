"""Turning checkpoints that no adapter loads into ones that all do.

A pickle can run code when it is loaded and GGUF holds rounded blocks, so both become
a folder in Hugging Face format with safetensors, as a step of its own.
"""

from __future__ import annotations

from pathlib import Path

from harness.appearing import appearing, refuse_existing
from harness.convert.gguf import convert_gguf, find_gguf
from harness.convert.pickled import convert_pickled, is_pickled
from harness.errors import CheckpointError, UsageError

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""Precisions that weights can be written in, with torch's names for them."""


def convert_checkpoint(source: Path, out: Path, *, dtype: str | None = None) -> int:
    """Write a checkpoint in Hugging Face format with safetensors.

    Args:
        source: a folder with ``pytorch_model.bin`` (or its shards with their index) or
            with a GGUF file, or a GGUF file.
        out: appears only when it is whole; must not exist.
        dtype: a key of `DTYPES`; for None a pickle's tensors stay as they are and
            GGUF's become fp32.

    Returns:
        How many tensors were written.

    Raises:
        UsageError: `out` is there already, the precision is unknown, or a package is
            missing.
        CheckpointError: there is nothing to convert, or it can't be read.
    """
    refuse_existing(out)
    if dtype is not None and dtype not in DTYPES:
        raise UsageError(f"dtype is {dtype!r}: expected {', '.join(DTYPES)}")
    if not source.exists():
        raise CheckpointError(f"there is no {source}: name a folder or a .gguf file")
    if source.is_dir() and is_pickled(source):
        with appearing(out) as made:
            return convert_pickled(source, made, dtype=DTYPES.get(dtype or ""))
    file = find_gguf(source)
    if file is None:
        raise CheckpointError(
            f"{source} holds no pytorch_model.bin, no pytorch_model.bin.index.json and "
            "no GGUF file: name the folder of a pickled checkpoint, or a .gguf file"
        )
    with appearing(out) as made:
        return convert_gguf(file, made, dtype=DTYPES[dtype or "fp32"])
