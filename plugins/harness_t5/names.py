"""How T5 checkpoints name their tensors, and what of them the model takes."""

from __future__ import annotations

from collections.abc import Iterable

SHARED = "shared.weight"
OUTPUT = "lm_head.weight"
HEAD_WEIGHT = "classifier.weight"
HEAD_ARCHITECTURE = "HarnessT5EncoderForSequenceClassification"
"""What a checkpoint with a trained head is: an encoder with a head over its mean."""

TAGGERS = {"t5": "T5ForTokenClassification", "mt5": "MT5ForTokenClassification"}
"""What a checkpoint is that labels every token: an encoder, by its ``model_type``."""

WRITERS = {
    "t5": "T5ForConditionalGeneration",
    "mt5": "MT5ForConditionalGeneration",
}
"""What a checkpoint is that writes, by its ``model_type``."""

TAGGER_PREFIX = "transformer."
"""What the names of the encoder's parameters begin with there."""

HEADS_STORED = ("classifier.", "classification_head.", "qa_outputs.")
"""What trained heads of T5 are stored under: ours, and transformers' own."""

_COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
"""Tied to the shared embeddings; some files hold one of these alone."""

_UNUSED = (
    # of files converted in 2019: cross-attention has no bias
    "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
)


def parameter_names(stored: Iterable[str]) -> dict[str, str]:
    """Map each stored name that the model takes (or must refuse) to our name for it."""
    names = {
        name: name.removeprefix(TAGGER_PREFIX) for name in stored if name not in _UNUSED
    }
    copies = [s for copy in _COPIES for s, ours in names.items() if ours == copy]
    if SHARED not in names.values() and copies:
        names[copies[0]] = SHARED
    return {s: ours for s, ours in names.items() if ours not in _COPIES}


def has_decoder(names: Iterable[str]) -> bool:
    """Tell whether a checkpoint's parameters, by our names, hold a decoder."""
    return any(name.startswith("decoder.") for name in names)
