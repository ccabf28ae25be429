"""How BERT checkpoints name their tensors, and what of them the model takes.

All accepted spellings are written here: with and without the prefix ``bert.``, and
``LayerNorm.gamma`` and ``beta`` of files converted in 2018 and 2019.
"""

from __future__ import annotations

from collections.abc import Iterable

HEAD_WEIGHT = "classifier.weight"
POOLER = frozenset({"bert.pooler.dense.weight", "bert.pooler.dense.bias"})
"""May be missing where there is no trained head: masked-language checkpoints lack it."""

_BUFFERS = frozenset({"bert.embeddings.position_ids"})  # int64, 0, 1, 2, ...
_PRETRAINING = "cls."  # masked-language and next-sentence heads
_HEADS = ("classifier.", _PRETRAINING, "qa_outputs.")
_OLD = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}


def parameter_names(stored: Iterable[str]) -> dict[str, str]:
    """Map each stored name that the model takes (or must refuse) to our name for it."""
    listed = list(stored)
    prefix = "" if any(name.startswith("bert.") for name in listed) else "bert."
    names: dict[str, str] = {}
    for name in listed:
        ours = name if name.startswith(_HEADS) else prefix + name
        for old, new in _OLD.items():
            ours = ours.removesuffix(old) + new if ours.endswith(old) else ours
        if ours not in _BUFFERS and not ours.startswith(_PRETRAINING):
            names[name] = ours
    return names
