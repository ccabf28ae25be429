"""What is known of a `t5:` model before its weights load."""

from __future__ import annotations

from harness import ModelCard, ModelName
from harness.requests import Fill, Generate, Score
from harness_t5.checkpoint import (
    T5Checkpoint,
    answers,
    open_checkpoint,
)
from harness_t5.tiny import TINY_LEARNING_RATE
from harness_torch.adapters.cards import describe_named
from harness_torch.heads.labels import VECTOR_HEADS

_UNASKED = {
    "Likelihood": "the decoder was trained to follow a source, not to write a text alone",
    "Follow": "the decoder was trained to follow a source, not to go on with a text",
}
"""Why an encoder-decoder is not asked what a decoder is."""

PRETRAINED_LEARNING_RATE = 1e-4
"""For Adam; the paper's 1e-3 is for Adafactor, which scales it by the weights."""


def describe(name: ModelName) -> ModelCard:
    """Read the configuration and hash the files, an adapter's too where one is named.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint can't be used.
    """
    return describe_named(name, _describe, open_checkpoint)


def _describe(name: ModelName) -> ModelCard:
    checkpoint = open_checkpoint(name)
    able = answers(checkpoint)
    is_built_in = checkpoint.folder is None
    writes = ("generate", "t5", "t5-style", "rank") if Generate in able else ()
    return ModelCard(
        abilities=able,
        trainable=VECTOR_HEADS
        | {"tag"}
        | ({"language"} if Generate in able else set()),
        pretrains=frozenset({"rewritten"} if Fill in able else ()),
        head=checkpoint.head,
        fingerprint=checkpoint.fingerprint(),
        parameters=checkpoint.parameters,
        max_tokens=checkpoint.length,
        prefers=writes or ("head", "embed"),
        # Drawn at random it never learnt to write, which takes longer than a head.
        prefers_trained=("head",) if is_built_in else (),
        suggested_learning_rate=(
            TINY_LEARNING_RATE if is_built_in else PRETRAINED_LEARNING_RATE
        ),
        facts=_facts(checkpoint),
    )


def _facts(checkpoint: T5Checkpoint) -> dict[str, str]:
    able = answers(checkpoint)
    facts = {"pooling": "the mean of the encoder's states", **_UNASKED}
    if checkpoint.head is None and Generate not in able:
        lacks = "the checkpoint holds an encoder alone"
        facts |= {asked.__name__: lacks for asked in (Generate, Score, Fill)}
    elif checkpoint.head is None and Fill not in able:
        facts["Fill"] = "the tokenizer has no <extra_id_0>, which stands for a blank"
    return facts
