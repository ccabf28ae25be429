"""Where a checkpoint lies: a folder, or the Hub's copy of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import CheckpointError

NEEDED_FILES = (
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*-of-*.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "word_hash.json",
    "chat_template.jinja",
    "generation_config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
)
"""What is fetched of a repository: never a pickle, never code."""


def find_checkpoint(
    checkpoint: str,
    *,
    revision: str | None = None,
    also: Sequence[str] = (),
    needed: Sequence[str] = NEEDED_FILES,
) -> Path:
    """Return the folder of a checkpoint, fetching it from the Hub where it must.

    Args:
        checkpoint: a folder, or a Hub id such as ``google-bert/bert-base-uncased``.
        revision: the Hub revision; the default branch where it is None.
        also: patterns of further files to fetch.
        needed: patterns of the files to fetch in any case.

    Raises:
        CheckpointError: there is no such folder, or the Hub does not serve it.
    """
    folder = Path(checkpoint).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise CheckpointError(
            f"the checkpoint {checkpoint!r} is a file, expected a folder in Hugging Face "
            f"format: {_folder_for(folder)}"
        )
    if checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1:
        raise CheckpointError(
            f"there is no checkpoint folder {checkpoint!r}: give a folder in Hugging "
            "Face format, or a Hub id such as google-bert/bert-base-uncased"
        )
    return _fetch(checkpoint, revision, [*needed, *also])


def _folder_for(file: Path) -> str:
    if file.suffix.lower() == ".gguf":
        return f"make one with 'harness convert {file} OUT'"
    return f"name the folder that holds it, {file.parent}"


def _fetch(repository: str, revision: str | None, files: list[str]) -> Path:
    from huggingface_hub import snapshot_download  # slow to import, rarely needed

    try:
        folder = snapshot_download(repository, revision=revision, allow_patterns=files)
    except (OSError, ValueError) as error:  # every error of the Hub's client is one
        at = f" at revision {revision!r}" if revision else ""
        reason = (
            str(error).strip().splitlines()[0] if str(error).strip() else "no reply"
        )
        raise CheckpointError(
            f"the Hub does not serve {repository!r}{at} ({type(error).__name__}: "
            f"{reason}): check the id and the connection, or give a folder"
        ) from error
    return Path(folder)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a checkpoint.

    Raises:
        CheckpointError: the file is missing or holds no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path.parent} has no {path.name}: expected a checkpoint in Hugging Face "
            "format, so give the folder that holds it"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} can't be read as JSON ({error}): fetch or write the checkpoint again"
        ) from error
    if not isinstance(value, dict):
        raise CheckpointError(
            f"{path} holds a {type(value).__name__}, expected a JSON object: fetch or "
            "write the checkpoint again"
        )
    return value
