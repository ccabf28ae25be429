"""Names of the form ``base+adapter``, taken apart. Light: no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from harness import ModelName

SEPARATOR = "+"
CONFIG = "adapter_config.json"
"""The file that makes a folder an adapter, as in peft."""


class AdaptedName(NamedTuple):
    """A base model's name, with its options, and where its adapter is."""

    base: ModelName
    adapter: str


def split_name(name: ModelName) -> AdaptedName | None:
    """Take a ``base+adapter`` name apart; None for a model without an adapter.

    An existing folder is one model, whatever its name; of several plus signs the one
    counts behind which there is an adapter's folder, else the last.
    """
    whole = name.checkpoint
    if SEPARATOR not in whole or Path(whole).expanduser().is_dir():
        return None
    places = [place for place, letter in enumerate(whole) if letter == SEPARATOR]
    folders = (at for at in places if _is_adapter(whole[at + 1 :]))
    at = next(folders, places[-1])
    return AdaptedName(replace(name, checkpoint=whole[:at]), whole[at + 1 :])


def base_name(name: ModelName) -> ModelName:
    """Return a model's name without the adapter that it may have."""
    named = split_name(name)
    return name if named is None else named.base


def _is_adapter(text: str) -> bool:
    return (Path(text).expanduser() / CONFIG).is_file()
