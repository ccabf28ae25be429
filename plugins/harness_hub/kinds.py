"""What a checkpoint is for, and what a model of that kind answers. Light: no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import CheckpointError
from harness.requests import (
    Choose,
    Classify,
    Embed,
    Extract,
    Fill,
    Follow,
    Generate,
    Likelihood,
    PseudoLikelihood,
    Regress,
    Request,
    Score,
    Tag,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of model.

    Attributes:
        name: what the option ``task`` calls it.
        suffixes: how its class names end.
        loader: the class of transformers that loads it.
        abilities: the request types it answers; of heads, those that it may have.
        prefers: formulation and prompt names that suit it best.
    """

    name: str
    suffixes: tuple[str, ...]
    loader: str
    abilities: frozenset[type[Request]]
    prefers: tuple[str, ...]


_KINDS = (
    Kind(
        name="classify",
        suffixes=("ForSequenceClassification",),
        loader="AutoModelForSequenceClassification",
        abilities=frozenset({Classify, Regress}),
        prefers=("head",),
    ),
    Kind(
        name="extract",
        suffixes=("ForQuestionAnswering", "ForQuestionAnsweringSimple"),
        loader="AutoModelForQuestionAnswering",
        abilities=frozenset({Extract}),
        prefers=("head",),
    ),
    Kind(
        name="choose",
        suffixes=("ForMultipleChoice",),
        loader="AutoModelForMultipleChoice",
        abilities=frozenset({Choose}),
        prefers=("head",),
    ),
    Kind(
        name="tag",
        suffixes=("ForTokenClassification",),
        loader="AutoModelForTokenClassification",
        abilities=frozenset({Tag}),
        prefers=("head",),
    ),
    Kind(
        name="masked",
        suffixes=("ForMaskedLM", "WithLMHeadModel", "ForPreTraining"),
        loader="AutoModelForMaskedLM",
        abilities=frozenset({Fill, Embed, PseudoLikelihood}),
        prefers=("head", "cloze"),
    ),
    Kind(
        name="causal",
        suffixes=("ForCausalLM", "LMHeadModel"),
        loader="AutoModelForCausalLM",
        abilities=frozenset({Score, Generate, Likelihood, Embed, Fill, Follow}),
        prefers=("rank", "generate", "lm-eval"),
    ),
    Kind(
        name="seq2seq",
        suffixes=("ForConditionalGeneration", "MTModel"),
        loader="AutoModelForSeq2SeqLM",
        abilities=frozenset({Score, Generate, Embed}),
        prefers=("generate", "t5", "t5-style", "rank"),
    ),
    Kind(
        name="encode",
        suffixes=("EncoderModel",),
        loader="AutoModelForTextEncoding",
        abilities=frozenset({Embed}),
        prefers=("head",),
    ),
    Kind(
        name="embed",
        suffixes=("Model",),
        loader="AutoModel",
        abilities=frozenset({Embed}),
        prefers=("head",),
    ),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""By name; of several whose suffix fits, the first in this order is taken."""

_SPECIAL = {  # names that say something else than what they end with
    "ElectraForPreTraining": "embed",  # tells replaced tokens, predicts none
    "T5WithLMHeadModel": "seq2seq",
    "T5ForPreTraining": "seq2seq",
    "GPT2DoubleHeadsModel": "causal",
}


def find_kind(raw: Mapping[str, Any], origin: Path, task: str | None) -> Kind:
    """Return the kind of a checkpoint.

    Args:
        raw: its config.json.
        origin: that file, for messages.
        task: the kind that the user names, if any.

    Raises:
        CheckpointError: the file names an architecture that nothing is known of.
    """
    if task is not None:
        return KINDS[task]
    names = raw.get("architectures")
    if not isinstance(names, list) or not names:  # old files leave it out
        return KINDS["embed"]
    kind = _kind_of(str(names[0]))
    if kind is None or (kind.name == "seq2seq" and not raw.get("is_encoder_decoder")):
        raise CheckpointError(
            f"{origin} has the architecture {names[0]!r}, which is no text model that "
            f"is known here: name what it is for with the option task, "
            f"{' or '.join(KINDS)}"
        )
    return kind


def _kind_of(architecture: str) -> Kind | None:
    if architecture in _SPECIAL:
        return KINDS[_SPECIAL[architecture]]
    for kind in _KINDS:
        if architecture.endswith(kind.suffixes):
            return kind
    return None
