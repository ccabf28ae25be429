"""Values of a checkpoint's config.json, checked one by one. Light: no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import CheckpointError, Head

ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish")
"""The names of activation functions that `harness_torch.activations` has."""

FAMILY_TYPES: Mapping[str, tuple[str, ...]] = {
    "bert": ("bert", "roberta", "xlm-roberta", "camembert", "albert", "distilbert"),
    "gpt": ("gpt2", "llama", "mistral", "qwen2", "qwen3"),
    "t5": ("t5", "mt5"),
}
"""The ``model_type`` of config.json that each adapter of this project builds."""

TAGGER = "ForTokenClassification"
"""What the names of classes end with that label every token."""


def check_type(raw: Mapping[str, Any], origin: Path, adapter: str) -> str:
    """Return the ``model_type``, which an adapter must be able to build.

    Args:
        raw: the file's object.
        origin: the file, for messages.
        adapter: a key of `FAMILY_TYPES`.

    Raises:
        CheckpointError: it is another; the message names the adapter that builds it.
    """
    kind, known = raw.get("model_type"), FAMILY_TYPES[adapter]
    if kind in known:
        return str(kind)
    builders = (other for other, types in FAMILY_TYPES.items() if kind in types)
    builder = next(builders, None)
    advice = (
        f"use {builder}: instead of {adapter}:, it builds this one"
        if builder
        else "use another checkpoint, or hub:, which takes any that transformers knows"
    )
    raise CheckpointError(
        f"{origin} has model_type {kind!r}, expected {' or '.join(known)}: {advice}"
    )


def read_size(
    raw: Mapping[str, Any], key: str, origin: Path, *, default: int | None = None
) -> int:
    """Return a positive whole number.

    Args:
        raw: the file's object.
        key: which value.
        origin: the file, for messages.
        default: stands for a value that is missing or null, where there is one.

    Raises:
        CheckpointError: it is no such number.
    """
    value = raw.get(key)
    value = default if value is None else value
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise CheckpointError(
        f"{origin} has {key} {value!r}, expected a positive whole number: correct it"
    )


def read_number(
    raw: Mapping[str, Any],
    key: str,
    origin: Path,
    *,
    default: float,
    highest: float = 1.0,
) -> float:
    """Return a number from 0 to `highest`; `default` where it is missing.

    Raises:
        CheckpointError: it is no such number.
    """
    value = raw.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 <= value <= highest:
        return float(value)
    raise CheckpointError(
        f"{origin} has {key} {value!r}, expected a number from 0 to {highest:g}: "
        "correct it"
    )


def read_flag(raw: Mapping[str, Any], key: str, origin: Path, *, default: bool) -> bool:
    """Return a yes or no; `default` where it is missing or null.

    Raises:
        CheckpointError: it is neither.
    """
    value = raw.get(key)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    raise CheckpointError(
        f"{origin} has {key} {value!r}, expected true or false: correct it"
    )


def read_labels(raw: Mapping[str, Any], origin: Path) -> tuple[str, ...]:
    """Return the names of ``id2label`` in their order, none where it is missing.

    Raises:
        CheckpointError: they are not under ``0``, ``1``, ...
    """
    names = raw.get("id2label") or {}
    try:
        return tuple(str(names[str(index)]) for index in range(len(names)))
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{origin} has id2label {names!r}, expected names under '0', '1', ...: "
            "correct it"
        ) from error


def differs(key: str, value: object, *allowed: object) -> str:
    """Say how a value is none of those allowed; nothing where it is one."""
    if value in allowed:
        return ""
    return f"{key} is {value!r}, expected {' or '.join(map(repr, allowed))}"


def refuse(broken: Iterable[str], what: str, origin: Path) -> None:
    """Refuse a configuration for what `differs` said of it.

    Args:
        broken: what is wrong; empty texts say nothing.
        what: what can't be built, such as ``a BERT encoder``.
        origin: the file.

    Raises:
        CheckpointError: something is wrong.
    """
    told = [fault for fault in broken if fault]
    if told:
        raise CheckpointError(
            f"{origin} can't be built as {what}: {'; '.join(told)}: use a checkpoint "
            "of this kind, or another adapter"
        )


def head_of(problem_type: str | None, labels: tuple[str, ...], outputs: int) -> Head:
    """Return the head that an output layer over one vector is.

    Args:
        problem_type: of config.json: ``regression``, ``single_label_classification``
            or None, which is a regression where there is one output.
        labels: from ``id2label``; ``LABEL_0``, ... where there are none.
        outputs: how many the layer has.

    Raises:
        CheckpointError: the configuration declares another number of labels.
    """
    if problem_type == "regression" or (problem_type is None and outputs == 1):
        if outputs != 1:
            raise CheckpointError(
                f"the checkpoint's regression head has {outputs} outputs, expected "
                "1: only single values are supported"
            )
        return Head(kind="regress")
    return Head(kind="classify", labels=_label_names(labels, outputs))


def tagger_of(labels: tuple[str, ...], outputs: int) -> Head:
    """Return the head that an output layer over every token is.

    Args:
        labels: from ``id2label``; ``LABEL_0``, ... where there are none.
        outputs: how many the layer has.

    Raises:
        CheckpointError: the configuration declares another number of labels.
    """
    return Head(kind="tag", labels=_label_names(labels, outputs))


def is_tagger(architectures: object) -> bool:
    """Tell whether config.json says that a checkpoint labels every token."""
    names = architectures if isinstance(architectures, list | tuple) else ()
    return bool(names) and str(names[0]).endswith(TAGGER)


def _label_names(labels: tuple[str, ...], outputs: int) -> tuple[str, ...]:
    names = labels or tuple(f"LABEL_{index}" for index in range(outputs))
    if len(set(names)) != outputs:
        raise CheckpointError(
            f"config.json has {len(set(names))} different labels in id2label "
            f"({', '.join(names)}), the trained head has {outputs} outputs: correct "
            "id2label"
        )
    return names
