"""The tokens that end what a decoder writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import CheckpointError
from harness_gpt.checkpoint import GptCheckpoint
from harness_torch.source import read_json
from harness_torch.tokenizers.protocol import TextTokenizer

_FILE = "generation_config.json"


def end_tokens(checkpoint: GptCheckpoint, tokenizer: TextTokenizer) -> frozenset[int]:
    """Return the ids that end a text.

    They stand in generation_config.json, else in config.json, one or a list; where
    neither says, the tokenizer's end-of-text token ends a text.

    Raises:
        CheckpointError: a file has something else there.
    """
    folder = checkpoint.folder
    files: list[tuple[str, Mapping[str, Any]]] = [("config.json", checkpoint.raw)]
    if folder is not None and (folder / _FILE).is_file():
        files.insert(0, (_FILE, read_json(folder / _FILE)))
    for file, said in files:
        value = said.get("eos_token_id")
        if value is not None:
            return _ids(value, f"{folder}/{file}")
    end = tokenizer.special.eos
    return frozenset(() if end is None else (end,))


def last_token(checkpoint: GptCheckpoint, tokenizer: TextTokenizer) -> int | None:
    """Return the token that a text to write is trained to end with.

    The tokenizer's own end-of-text token where that ends a text, else the lowest that
    does; None where none does.

    Raises:
        CheckpointError: a file has something that is no token there.
    """
    ends = end_tokens(checkpoint, tokenizer)
    usual = tokenizer.special.eos
    return usual if usual in ends else min(ends, default=None)


def _ids(value: object, where: str) -> frozenset[int]:
    ids = value if isinstance(value, list) else [value]
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in ids):
        raise CheckpointError(
            f"{where} has eos_token_id {value!r}, expected a token id or a list of them: "
            "correct it"
        )
    return frozenset(ids)
