"""How decoder checkpoints name their tensors, and what of them the model takes.

Accepted with and without the prefix of the whole model (``transformer.``, ``model.``),
as base models are saved without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness_gpt.config import DecoderConfig
from harness_gpt.gpt2_config import Gpt2Config

HEAD_WEIGHT = "score.weight"
OUTPUT_WEIGHT = "lm_head.weight"
_BUFFERS = re.compile(
    r"\.attn\.(masked_)?bias$"  # the causal mask of old GPT-2 files
    r"|\.rotary_emb\.inv_freq$"
)
_TRANSPOSED = re.compile(r"\.(c_attn|c_proj|c_fc)\.weight$")


def prefix_of(config: DecoderConfig) -> str:
    """Return what the names of the body's parameters begin with."""
    return "transformer." if isinstance(config, Gpt2Config) else "model."


def tagger_layer(config: DecoderConfig) -> str:
    """Return what the layer is called that labels every token."""
    return "classifier" if isinstance(config, Gpt2Config) else "score"


def parameter_names(stored: Iterable[str], config: DecoderConfig) -> dict[str, str]:
    """Map each stored name that the model takes (or must refuse) to our name for it.

    A tied output layer is the embedding, however often it was stored.
    """
    listed = list(stored)
    prefix = prefix_of(config)
    is_whole = any(name.startswith(prefix) for name in listed)
    names: dict[str, str] = {}
    for name in listed:
        is_top = is_whole or name in (HEAD_WEIGHT, OUTPUT_WEIGHT)
        ours = name if is_top else prefix + name
        is_tied_copy = ours == OUTPUT_WEIGHT and config.tie_word_embeddings
        if not _BUFFERS.search(ours) and not is_tied_copy:
            names[name] = ours
    return names


def is_transposed(name: str, config: DecoderConfig) -> bool:
    """Tell whether files hold this parameter as (in, out), as GPT-2's Conv1D does."""
    return isinstance(config, Gpt2Config) and bool(_TRANSPOSED.search(name))
