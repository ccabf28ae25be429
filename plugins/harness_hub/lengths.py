"""How long a text a model reads, from its files. Light."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import ModelName, UsageError
from harness_torch.source import read_json

UNBOUNDED = 2**20
"""The longest input of models that set no bound: whatever fits in memory."""

_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "max_seq_len",
    "seq_length",
    "n_ctx",
)
_AFTER_PADDING = frozenset(
    {
        "camembert",
        "data2vec-text",
        "ibert",
        "longformer",
        "luke",
        "mpnet",
        "roberta",
        "roberta-prelayernorm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
    }
)
"""Model types whose positions begin after the padding token's id."""

_RELATIVE = frozenset({"t5", "mt5", "umt5", "longt5", "switch_transformers", "xlnet"})
"""Model types whose positions are relative, so that they have no longest input."""

_USUAL_RELATIVE = 512
"""What T5 and XLNet were trained on."""

_USUAL = 2048
"""Of other models that set no bound: what BLOOM and Mamba were trained on."""

WINDOW = 384
"""The longest window over a question's context: what run_squad.py of BERT takes."""

_STRIDE = 128
_SANE = 1_000_000  # transformers writes 1e30 where a tokenizer has no bound


def longest_input(raw: Mapping[str, Any]) -> int | None:
    """Return the most tokens that a model can read, None where there is no bound.

    Args:
        raw: its config.json.
    """
    text = raw.get("text_config")
    values = {**raw, **text} if isinstance(text, dict) else raw
    if values.get("model_type") in _RELATIVE:
        return None
    for key in _KEYS:
        size = values.get(key)
        if isinstance(size, int) and size > 0:
            if values.get("model_type") in _AFTER_PADDING:
                return size - 1 - int(values.get("pad_token_id") or 1)
            return size
    return None


def usual_length(
    folder: Path, raw: Mapping[str, Any], *, most: int | None
) -> int | None:
    """Return what the tokenizer cuts texts to.

    Args:
        folder: the checkpoint.
        raw: its config.json.
        most: what texts are cut to in any case, if that is less.

    Returns:
        None where that is all that the model can read.
    """
    told = (most, _read(folder / "tokenizer_config.json", "model_max_length"))
    sizes = [size for size in told if size is not None]
    if sizes:
        return min(sizes)
    if longest_input(raw) is not None:
        return None
    return _USUAL_RELATIVE if raw.get("model_type") in _RELATIVE else _USUAL


def read_stride(name: ModelName, length: int) -> int:
    """Return how many tokens neighbouring windows share, from the option ``stride``.

    Raises:
        UsageError: it is no number, or leaves a window too little of its own.
    """
    text = name.options.get("stride", str(min(_STRIDE, length // 3)))
    # some tokens for the question and the special ones, and one new one
    longest = length - length // 4 - 1
    if not text.isdecimal() or int(text) > longest:
        raise UsageError(
            f"model {str(name)!r} has stride {text!r}: expected a whole number from 0 "
            f"to {longest}, with windows of {length} tokens"
        )
    return int(text)


def _read(path: Path, key: str) -> int | None:
    value = read_json(path).get(key) if path.is_file() else None
    is_size = isinstance(value, int | float) and 0 < value < _SANE
    return int(value) if is_size and value is not None else None
