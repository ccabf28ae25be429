"""The configurations of decoders: which of the two kinds a config.json is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness_gpt.gpt2_config import Gpt2Config, read_gpt2
from harness_gpt.llama_config import LlamaConfig, read_llama
from harness_torch.config import check_type

DecoderConfig = Gpt2Config | LlamaConfig


def read_config(raw: Mapping[str, Any], origin: Path) -> DecoderConfig:
    """Check a config.json and take what the model uses.

    Args:
        raw: the file's object.
        origin: the file, for messages.

    Raises:
        CheckpointError: it is of an architecture that isn't ours, or a value is not
            what the model can be built from.
    """
    if check_type(raw, origin, "gpt") == "gpt2":
        return read_gpt2(raw, origin)
    return read_llama(raw, origin)
