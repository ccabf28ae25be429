"""What is known of a `bert:` model before its weights load."""

from __future__ import annotations

from collections.abc import Iterator

from harness import ModelCard, ModelName
from harness.requests import Embed, Fill, PseudoLikelihood, Request
from harness_bert.checkpoint import BertCheckpoint, open_checkpoint
from harness_bert.tiny import TINY_LEARNING_RATE
from harness_torch.adapters.cards import describe_named
from harness_torch.heads.labels import HEAD_OF, VECTOR_HEADS

PRETRAINED_LEARNING_RATE = 5e-5
"""The largest that Devlin et al. 2018 (appendix A.3) tried; small encoders need it."""


def describe(name: ModelName) -> ModelCard:
    """Read the configuration and hash the files, an adapter's too where one is named.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint can't be used.
    """
    return describe_named(name, _describe, open_checkpoint)


def _describe(name: ModelName) -> ModelCard:
    checkpoint = open_checkpoint(name)
    head = checkpoint.head
    is_built_in = checkpoint.folder is None
    return ModelCard(
        abilities=frozenset(_abilities(checkpoint)),
        trainable=_trainable(checkpoint),
        pretrains=checkpoint.config.family.pretrains,
        head=head,
        fingerprint=checkpoint.fingerprint(),
        parameters=checkpoint.parameters,
        max_tokens=checkpoint.length,
        prefers=("head", "cloze", "embed"),
        suggested_learning_rate=(
            TINY_LEARNING_RATE if is_built_in else PRETRAINED_LEARNING_RATE
        ),
        facts={
            "architecture": checkpoint.config.family.architecture,
            "tokenizer": _tokenizer(checkpoint),
            "pooling": _pooling(checkpoint),
            **_unasked(checkpoint),
        },
    )


def _trainable(checkpoint: BertCheckpoint) -> frozenset[str]:
    own = {"fill"} if checkpoint.parts.has_words else set()
    return VECTOR_HEADS | {"choose", "extract", "tag"} | own


def _abilities(checkpoint: BertCheckpoint) -> Iterator[type[Request]]:
    yield Embed
    if checkpoint.parts.has_words:
        yield Fill
        yield PseudoLikelihood
    if checkpoint.head is not None:
        yield HEAD_OF[checkpoint.head.kind]


def _tokenizer(checkpoint: BertCheckpoint) -> str:
    names = [path.name for path in checkpoint.tokenizer_files]
    return ", ".join(names) or "hashed words"


def _pooling(checkpoint: BertCheckpoint) -> str:
    pooling = checkpoint.pooling
    return f"{pooling.mode}, normalised" if pooling.is_normalised else pooling.mode


def _unasked(checkpoint: BertCheckpoint) -> dict[str, str]:
    if checkpoint.parts.has_words:
        return {}
    return {"Fill": "the checkpoint has no masked-language head"}
