"""Loading configuration, tokenizer and weights through transformers, all checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
import transformers

from harness import CheckpointError, LoadSettings, ModelName
from harness_hub.checkpoint import HubCheckpoint, open_checkpoint
from harness_hub.quiet import quiet
from harness_hub.tokenizer import HubTokenizer
from harness_torch.device import DTYPES, memory_errors, pick_device
from harness_torch.source import read_json

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

    from harness_hub.adapter import HubAdapter

_FAILURES = (
    *(OSError, ValueError, LookupError, ImportError, RuntimeError, TypeError),
    *(AttributeError, AssertionError, ArithmeticError, SyntaxError),
)
POOLER = "pooler"
"""Part of bare encoders, of which we take the tokens' vectors."""

_SHOWN = 3
_WORDS = 2
_REASON_CHARACTERS = 300


def load_hub(name: ModelName, settings: LoadSettings) -> HubAdapter:
    """Load a checkpoint.

    Raises:
        UsageError: an option or the device is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    from harness_hub.adapter import HubAdapter  # which prepares by this module

    device = pick_device(settings)
    checkpoint = open_checkpoint(name)
    config = load_config(checkpoint)
    tokenizer = load_tokenizer(checkpoint, config)
    dtype = DTYPES[settings.dtype]
    return HubAdapter(
        checkpoint=checkpoint,
        module=load_model(
            checkpoint, checkpoint.kind.loader, config, dtype=dtype, device=device
        ),
        tokenizer=tokenizer,
        dtype=dtype,
    )


def load_config(checkpoint: HubCheckpoint) -> PretrainedConfig:
    """Read the configuration.

    Raises:
        CheckpointError: transformers does not know the model, or it has code of its
            own, which the name does not allow to run.
    """
    raw = checkpoint.raw
    _check_code(checkpoint)
    with _failures(checkpoint, "configuration", _own_code(checkpoint)):
        config: PretrainedConfig = transformers.AutoConfig.from_pretrained(
            checkpoint.folder, trust_remote_code=checkpoint.runs_code
        )
    if raw.get("quantization_config") is not None:
        raise CheckpointError(
            f"{checkpoint.folder / 'config.json'} has a quantization_config, expected "
            "weights as they were trained: use the model's unquantised checkpoint"
        )
    return config


def load_tokenizer(checkpoint: HubCheckpoint, config: PretrainedConfig) -> HubTokenizer:
    """Read the tokenizer.

    Raises:
        CheckpointError: there is none, or its ids go beyond the model's vocabulary.
    """
    with _failures(checkpoint, "tokenizer", _own_code(checkpoint)):
        library = transformers.AutoTokenizer.from_pretrained(
            checkpoint.folder, trust_remote_code=checkpoint.runs_code
        )
    tokenizer = HubTokenizer(
        library,
        length=checkpoint.length,
        bos=checkpoint.bos,
        title=checkpoint.title,
    )
    highest = max(library.get_vocab().values(), default=-1)
    rows = getattr(config.get_text_config(), "vocab_size", None)
    if len(set(library.get_vocab()).difference(library.all_special_tokens)) < _WORDS:
        # transformers makes up a tokenizer of special tokens where files are missing
        raise CheckpointError(
            f"the tokenizer of {checkpoint.folder} knows no word: save the model's "
            "tokenizer there, all its files"
        )
    if rows is not None and highest >= rows:
        raise CheckpointError(
            f"the tokenizer of {checkpoint.folder} has ids up to {highest}, the model "
            f"has {rows} embeddings: use the tokenizer that belongs to the model"
        )
    return tokenizer


def load_model(
    checkpoint: HubCheckpoint,
    loader: str,
    config: PretrainedConfig,
    *,
    dtype: torch.dtype,
    device: torch.device,
    has_fresh_head: bool = False,
) -> PreTrainedModel:
    """Load the weights, every one that the model has.

    Args:
        checkpoint: where they are.
        loader: the class of transformers that loads them.
        config: the model's configuration.
        dtype: their precision.
        device: where they go.
        has_fresh_head: whether all that is not the bare model may be missing, and is
            drawn from torch's generator.

    Raises:
        CheckpointError: the weights are not those of such a model.
    """
    with _failures(checkpoint, "weights", ""), memory_errors("the model"):
        model, told = getattr(transformers, loader).from_pretrained(
            checkpoint.folder,
            config=config,
            dtype=dtype,
            trust_remote_code=checkpoint.runs_code,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # refused below, in words of our own
        )
        model.to(device)
    _check_shapes(checkpoint, sorted(told["mismatched_keys"]))
    bare = f"{model.base_model_prefix}." if has_fresh_head else ""
    may_lack_pooler = has_fresh_head or checkpoint.head is None
    missing = sorted(
        name
        for name in told["missing_keys"]
        if name.startswith(bare) and not (may_lack_pooler and POOLER in name)
    )
    _check_whole(checkpoint, type(model).__name__, missing)
    loaded: PreTrainedModel = model.eval()
    return loaded


@contextmanager
def _failures(checkpoint: HubCheckpoint, what: str, remedy: str) -> Iterator[None]:
    """Say of whatever fails what of the checkpoint could not be read."""
    try:
        with quiet():
            yield
    except _FAILURES as error:
        if remedy:
            raise CheckpointError(remedy) from error
        reason = " ".join(str(error).split())[:_REASON_CHARACTERS]
        raise CheckpointError(
            f"the {what} of {checkpoint.folder} can't be loaded with transformers "
            f"{transformers.__version__} ({type(error).__name__}: {reason}): check the "
            "checkpoint, or the version"
        ) from error


def _code_of(checkpoint: HubCheckpoint) -> dict[str, str]:
    """Return the classes that model and tokenizer bring, each with where it stands."""
    settings = checkpoint.folder / "tokenizer_config.json"
    files = [checkpoint.raw, read_json(settings) if settings.is_file() else {}]
    maps = [raw.get("auto_map") for raw in files]
    return {
        str(name): str(place)
        for classes in maps
        if isinstance(classes, dict)
        for name, place in classes.items()
    }


def _own_code(checkpoint: HubCheckpoint) -> str:
    """Say that the checkpoint's code does not run; nothing where it has none."""
    code = _code_of(checkpoint)
    if checkpoint.runs_code or not code:
        return ""
    return (
        f"{checkpoint.title} needs Python code of its own ({', '.join(sorted(code))} in "
        f"auto_map of the JSON files in {checkpoint.folder}), which does not run unless "
        "you say so: read it, and add the option remote_code=yes"
    )


def _check_code(checkpoint: HubCheckpoint) -> None:
    elsewhere = [place for place in _code_of(checkpoint).values() if "--" in place]
    if checkpoint.runs_code and elsewhere:
        raise CheckpointError(
            f"{checkpoint.title} would run code of another repository "
            f"({', '.join(elsewhere)} in auto_map of its JSON files), which no "
            "fingerprint sees: copy that code beside the weights, and name it in auto_map"
        )


def _check_shapes(
    checkpoint: HubCheckpoint, apart: Sequence[tuple[str, Sequence[int], Sequence[int]]]
) -> None:
    if apart:
        name, stored, wanted = apart[0]
        raise CheckpointError(
            f"the weights of {checkpoint.folder} don't fit the model: {len(apart)} "
            f"misshapen ({name} is {tuple(stored)}, not {tuple(wanted)}): use a "
            "checkpoint whose config.json belongs to its weights"
        )


def _check_whole(checkpoint: HubCheckpoint, model: str, missing: Sequence[str]) -> None:
    if missing:
        more = ", ..." if len(missing) > _SHOWN else ""
        raise CheckpointError(
            f"{checkpoint.folder} lacks {len(missing)} weights of {model} "
            f"({', '.join(missing[:_SHOWN])}{more}): use a checkpoint that was trained "
            "for this, or name what it is for with the option task"
        )
