"""What is known of a `gpt:` model before its weights load."""

from __future__ import annotations

from harness import ModelCard, ModelName
from harness.requests import Generate
from harness_gpt.checkpoint import answered, open_checkpoint
from harness_gpt.facts import facts_of
from harness_gpt.tiny import TINY_LEARNING_RATE
from harness_torch.adapters.cards import describe_named
from harness_torch.adapters.naming import base_name
from harness_torch.chat import chat_prompts, load_render
from harness_torch.heads.labels import VECTOR_HEADS

PRETRAINED_LEARNING_RATE = 5e-5
"""In the range that Radford et al. 2018 fine-tuned with (6.25e-5, section 4.1)."""


def describe(name: ModelName) -> ModelCard:
    """Read the configuration and hash the files, an adapter's too where one is named.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint can't be used.
    """
    return describe_named(name, _describe, open_checkpoint)


def _describe(name: ModelName) -> ModelCard:
    checkpoint = open_checkpoint(name)
    able = answered(checkpoint)
    is_built_in = checkpoint.folder is None
    return ModelCard(
        abilities=able,
        pretrains=frozenset({"causal"} if Generate in able else ()),
        trainable=VECTOR_HEADS
        | {"tag"}
        | ({"language"} if Generate in able else set()),
        head=checkpoint.head,
        fingerprint=checkpoint.fingerprint(),
        parameters=checkpoint.parameters,
        max_tokens=checkpoint.length,
        prefers=("rank", "generate", *chat_prompts(checkpoint.chat), "lm-eval"),
        prefers_trained=("head",),
        suggested_learning_rate=(
            TINY_LEARNING_RATE if is_built_in else PRETRAINED_LEARNING_RATE
        ),
        facts=facts_of(checkpoint),
    )


def worded(name: ModelName, request: Generate) -> str | None:
    """Return a prompt within the chat template, None where it is read as it is.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint, or its template, can't be used.
    """
    return load_render(open_checkpoint(base_name(name)).chat)(request)
