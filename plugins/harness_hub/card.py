"""What is known of a `hub:` model before its weights load."""

from __future__ import annotations

from harness import ModelCard, ModelName
from harness.requests import Generate
from harness_hub.checkpoint import HubCheckpoint, open_checkpoint
from harness_torch.adapters.cards import describe_named
from harness_torch.adapters.naming import base_name
from harness_torch.chat import chat_fact, chat_prompts, load_render
from harness_torch.heads.labels import HEAD_OF, VECTOR_HEADS

_TRAINABLE = VECTOR_HEADS | {"tag"}
_OF_KIND = {
    **dict.fromkeys(("causal", "seq2seq"), frozenset({"language"})),
    **dict.fromkeys(("choose", "embed", "extract"), frozenset({"choose", "extract"})),
    "masked": frozenset({"choose", "extract", "fill"}),
}
"""What can be trained besides, by kind of model: heads of encoders, and own layers."""

LEARNING_RATE = 5e-5
"""The largest that Devlin et al. 2018 (appendix A.3) tried; small encoders need it."""

_BOS = {"auto": "as the tokenizer has it", "on": "once", "off": "none"}


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
    kind = checkpoint.kind
    return ModelCard(
        abilities=frozenset({HEAD_OF[head.kind]}) if head else kind.abilities,
        trainable=_trainable(checkpoint),
        head=head,
        fingerprint=checkpoint.fingerprint(),
        parameters=checkpoint.parameters,
        max_tokens=checkpoint.length,
        prefers=(*chat_prompts(checkpoint.chat), *kind.prefers),
        prefers_trained=("head",) if kind.name == "causal" else (),
        suggested_learning_rate=LEARNING_RATE,
        facts=_facts(checkpoint),
    )


def _trainable(checkpoint: HubCheckpoint) -> frozenset[str]:
    if not checkpoint.can_be_trained:
        return frozenset()
    return _TRAINABLE | _OF_KIND.get(checkpoint.kind.name, frozenset())


def worded(name: ModelName, request: Generate) -> str | None:
    """Return a prompt within the chat template, None where it is read as it is.

    Raises:
        UsageError: an option is unknown or has a wrong value.
        CheckpointError: the checkpoint, or its template, can't be used.
    """
    return load_render(open_checkpoint(base_name(name)).chat)(request)


def _facts(checkpoint: HubCheckpoint) -> dict[str, str]:
    kind = checkpoint.kind.name
    facts = {"task": kind}
    if kind == "causal":
        facts["chat template"] = chat_fact(checkpoint.chat)
        facts["beginning of text"] = _BOS[checkpoint.bos]
    if checkpoint.head is None:
        mode, is_normalised, _ = checkpoint.pooling
        facts["pooling"] = f"{mode}, normalised" if is_normalised else mode
    if kind == "extract":
        facts |= {"window": str(checkpoint.length), "stride": str(checkpoint.stride)}
    if checkpoint.runs_code:
        facts["remote code"] = "runs"
    return facts
