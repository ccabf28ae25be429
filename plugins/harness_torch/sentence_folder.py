"""What a sentence-transformers folder says of its vectors. Light: no torch.

The files are those that the sentence-transformers library writes: modules.json names
the steps, 1_Pooling/config.json the pooling, sentence_bert_config.json the length.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from harness import CheckpointError
from harness_torch.config import read_size
from harness_torch.source import read_json

_KNOWN = ("Transformer", "Pooling", "Normalize")
_MODES = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


class Pooling(NamedTuple):
    """How a text's vector is made from those of its tokens.

    Attributes:
        mode: ``mean`` or ``cls`` (the first token's).
        is_normalised: whether the vector is brought to length 1.
        length: the longest text in tokens, None where nothing says.
    """

    mode: str = "mean"
    is_normalised: bool = False
    length: int | None = None


def read_pooling(folder: Path, *, asked: str | None = None) -> Pooling:
    """Read how a checkpoint's vectors are made; the mean where nothing says.

    Args:
        folder: the checkpoint.
        asked: a pooling that is asked for, whatever the folder says.

    Raises:
        CheckpointError: the files can't be read, or, where no pooling is asked for,
            they name a step that is not known here.
    """
    path = folder / "sentence_bert_config.json"
    said = read_json(path) if path.is_file() else {}
    has_length = said.get("max_seq_length") is not None
    length = read_size(said, "max_seq_length", path) if has_length else None
    steps = _steps(folder)
    is_normalised = any(step == "Normalize" for step, _ in steps)
    if asked is not None:
        return Pooling(asked, is_normalised, length)
    modes = [_mode(folder / place) for step, place in steps if step == "Pooling"]
    faults = [step for step, _ in steps if step not in _KNOWN]
    faults += [mode for mode in modes if mode not in _MODES.values()]
    faults += ["do_lower_case"] if said.get("do_lower_case") else []
    if _prompt(folder):
        faults.append(f"the prompt {_prompt(folder)!r}")
    if faults:
        raise CheckpointError(
            f"{folder} makes vectors with {', '.join(faults)}, expected mean or cls "
            "pooling and nothing more: name pooling=mean or pooling=cls to use one of "
            "them instead"
        )
    return Pooling(modes[0] if modes else "mean", is_normalised, length)


def _steps(folder: Path) -> list[tuple[str, str]]:
    """Return each step's class name and place."""
    path = folder / "modules.json"
    if not path.is_file():
        return []
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return [
            (str(step["type"]).rpartition(".")[2], str(step["path"])) for step in listed
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"{path} can't be read as a list of steps ({error!r}): fetch the "
            "checkpoint again"
        ) from error


def _mode(folder: Path) -> str:
    """Return the pooling, several joined by a plus sign."""
    said = read_json(folder / "config.json")
    if isinstance(said.get("pooling_mode"), str):
        return str(said["pooling_mode"])
    on = [
        key for key, value in said.items() if key.startswith("pooling_mode") and value
    ]
    return " + ".join(_MODES.get(key, key) for key in on)


def _prompt(folder: Path) -> str:
    """Return the prompt that is put before every text by default, mostly none."""
    path = folder / "config_sentence_transformers.json"
    said: dict[str, Any] = read_json(path) if path.is_file() else {}
    prompts = said.get("prompts")
    name = said.get("default_prompt_name")
    return str(prompts.get(name, "")) if isinstance(prompts, dict) else ""
