"""`harness convert`: a pickled checkpoint as safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\
Examples:

  harness convert ./old-checkpoint ./checkpoint
"""


def convert(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A checkpoint in Hugging Face format with pytorch_model.bin.",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder to make; must not exist.")
    ],
) -> None:
    """Turn a pickled checkpoint into safetensors, reading nothing but tensors."""
    from harness.convert import SAFE, convert_checkpoint

    count = convert_checkpoint(folder, out)
    typer.echo(f"{out / SAFE}: {count} tensors")
