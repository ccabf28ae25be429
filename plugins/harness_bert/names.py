"""How checkpoints name their tensors, and what of them the model takes. Light.

All accepted spellings are written here: with and without the body's prefix,
``LayerNorm.gamma`` and ``beta`` of files converted in 2018 and 2019, and the output
bias of a masked-language head, which may be stored once or twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness_bert.families import Family

_BUFFERS = ("embeddings.position_ids", "embeddings.token_type_ids")  # int64, counted up
_OLD = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}


def parameter_names(stored: Iterable[str], family: Family) -> dict[str, str]:
    """Map each stored name that the model takes (or must refuse) to our name for it."""
    listed = list(stored)
    body = f"{family.architecture}."
    prefix = "" if any(name.startswith(body) for name in listed) else body
    names: dict[str, str] = {}
    for name in listed:
        ours = name if name.startswith(family.heads) else prefix + name
        for old, new in _OLD.items():
            ours = ours.removesuffix(old) + new if ours.endswith(old) else ours
        if not ours.endswith(_BUFFERS) and not ours.startswith(family.dropped):
            names[name] = ours
    return _with_one_bias(names, family)


def _with_one_bias(names: dict[str, str], family: Family) -> dict[str, str]:
    """Take the bias that the reference adds: the decoder's own, where it is stored."""
    decoder_bias = f"{family.decoder}.bias"
    if decoder_bias not in names.values():
        return names
    return {
        stored: family.word_bias if ours == decoder_bias else ours
        for stored, ours in names.items()
        if ours != family.word_bias or ours == decoder_bias
    }
