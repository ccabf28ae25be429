"""Turn a GGUF file into a checkpoint in Hugging Face format.

transformers reads the file and puts the rounded blocks back into plain numbers; what it
would only warn of is an error here. Format:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SUFFIX = ".gguf"
_MAGIC = b"GGUF"
_UNREADABLE = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError),
    *(NotImplementedError, RuntimeError, OverflowError, struct.error),
)


def find_gguf(source: Path) -> Path | None:
    """Return the GGUF file that a path is or holds, None where there is none.

    Raises:
        CheckpointError: a folder holds several.
    """
    if source.suffix.lower() == SUFFIX and source.is_file():
        return source
    found = sorted(source.glob(f"*{SUFFIX}")) if source.is_dir() else []
    if len(found) > 1:
        raise CheckpointError(
            f"{source} holds {len(found)} GGUF files ({', '.join(p.name for p in found)})"
            ": name the one to convert"
        )
    return found[0] if found else None


def convert_gguf(file: Path, made: Path, *, dtype: str) -> int:
    """Write a GGUF file's model and tokenizer.

    Args:
        file: the GGUF file.
        made: an empty folder.
        dtype: what the weights are written in, a name of torch's.

    Returns:
        How many tensors were written.

    Raises:
        UsageError: a package that reads GGUF is missing.
        CheckpointError: the file is none, is broken, or holds a model that can't be
            read whole.
    """
    _check_packages(file)
    _check_magic(file)
    from transformers import AutoTokenizer

    place = {"gguf_file": file.name, "local_files_only": True}
    with _quietly():
        try:
            model = _read_model(file, dtype)
            tokenizer = AutoTokenizer.from_pretrained(file.parent, **place)
        except _UNREADABLE as error:
            cause = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise CheckpointError(
                f"{file} can't be converted ({cause}): fetch it again, or get the model "
                "in Hugging Face format"
            ) from error
        model.save_pretrained(made)
        # these two say where the tokenizer was read, not how it works
        for key in ("is_local", "local_files_only"):
            tokenizer.init_kwargs.pop(key, None)
        tokenizer.save_pretrained(made)
    return _count_tensors(made)


def _read_model(file: Path, dtype: str) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    auto: Any = AutoModelForCausalLM  # declared to return the model alone
    model, report = auto.from_pretrained(
        file.parent,
        gguf_file=file.name,
        local_files_only=True,
        dtype=getattr(torch, dtype),
        quantization_config=GgufConfig(dequantize=True),
        output_loading_info=True,
    )
    lost = sorted({*report["missing_keys"], *map(str, report["mismatched_keys"])})
    if lost:
        raise ValueError(f"it lacks {len(lost)} tensors, such as {lost[0]}")
    # else the folder would say that its plain weights are blocks
    model.config.__dict__.pop("quantization_config", None)
    made: PreTrainedModel = model
    return made


def _check_packages(file: Path) -> None:
    missing = [name for name in ("gguf", "accelerate") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"reading {file} needs the package {' and '.join(missing)}: install "
            "'nlp-harness[gguf]'"
        )


def _check_magic(file: Path) -> None:
    with file.open("rb") as opened:
        start = opened.read(len(_MAGIC))
    if start != _MAGIC:
        raise CheckpointError(
            f"{file} is no GGUF file (it begins with {start!r}): fetch it again"
        )


def _count_tensors(folder: Path) -> int:
    from safetensors import safe_open

    count = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as handle:
            count += len(handle.keys())
    return count


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep transformers' progress bars and remarks off the screen for a while.

    One bar heeds no setting and goes to standard error, so that is shut too.
    """
    from transformers import utils

    logging: Any = utils.logging  # its functions are untyped
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
