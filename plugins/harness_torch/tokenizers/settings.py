"""What a tokenizer_config.json says, checked value by value. Light: no tokenizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import CheckpointError
from harness_torch.config import read_flag
from harness_torch.source import read_json

SETTINGS_FILE = "tokenizer_config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerSettings:
    """The file's object; `path` is for messages. A value of the wrong type is refused."""

    raw: Mapping[str, Any]
    path: Path

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a yes or no.

        Raises:
            CheckpointError: it is neither.
        """
        return read_flag(self.raw, key, self.path, default=default)

    def choice(self, key: str) -> bool | None:
        """Return a yes or no, or None where nothing is said.

        Raises:
            CheckpointError: it is none of these.
        """
        said = self.raw.get(key) is not None
        return self.flag(key, default=False) if said else None

    def count(self, key: str, *, default: int) -> int:
        """Return a whole number from 0.

        Raises:
            CheckpointError: it is none.
        """
        value = self.raw.get(key)
        value = default if value is None else value
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise CheckpointError(
            f"{self.path} has {key} {value!r}, expected a whole number from 0: correct it"
        )


def read_settings(folder: Path) -> TokenizerSettings:
    """Read a folder's tokenizer_config.json, which may be missing.

    Raises:
        CheckpointError: it can't be read.
    """
    path = folder / SETTINGS_FILE
    raw = read_json(path) if path.is_file() else {}
    return TokenizerSettings(raw=raw, path=path)
