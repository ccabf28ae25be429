"""`harness convert`: a pickled checkpoint or a GGUF file as safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\
Examples:

  harness convert ./old-checkpoint ./checkpoint

  harness convert ./model.Q4_1.gguf ./checkpoint --dtype bf16
"""


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A folder with pytorch_model.bin or a GGUF file, or a GGUF file.",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder to make; must not exist.")
    ],
    dtype: Annotated[
        str | None,
        typer.Option(
            "--dtype",
            help="fp32, bf16 or fp16 (default: a pickle's own; fp32 for GGUF).",
        ),
    ] = None,
) -> None:
    """Turn a pickle (reading nothing but tensors) or a GGUF file into safetensors."""
    from harness.cli.waiting import waiting
    from harness.convert import convert_checkpoint

    with waiting(f"converting {source}"):
        count = convert_checkpoint(source, out, dtype=dtype)
    typer.echo(f"{out}: {count} tensors")
