"""Trained heads: their outputs, their labels by name, what they are trained on."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from harness import CheckpointError, Head, PluginError, TrainingExample
from harness.requests import (
    Choose,
    Classify,
    ClassifyAnswer,
    Extract,
    Fill,
    Regress,
    RegressAnswer,
    Request,
    Tag,
)

HEAD_OF: dict[str, type[Request]] = {
    "classify": Classify,
    "regress": Regress,
    "choose": Choose,
    "extract": Extract,
    "tag": Tag,
    "fill": Fill,
}
"""What a head of each kind answers; ``language`` is asked in several ways."""

OWN_LAYERS = frozenset({"language", "fill"})
"""The kinds that are no head to attach: a layer that the model has of its own."""

VECTOR_HEADS = frozenset({"classify", "regress"})
"""The kinds of a head over one vector for each text, which any model can be given."""

PROBED = ("text", "pair")
"""What a linear probe reads: a text's vector, or the features of a pair."""


def count_outputs(head: Head, title: str) -> int:
    """Return how many outputs a head has over one vector, of a text or of a token.

    Raises:
        PluginError: it is none.
    """
    if head.kind == "regress":
        return 1
    if head.kind in ("classify", "tag") and len(head.labels) >= 2:
        return len(head.labels)
    raise PluginError(
        f"{title} can't have a {head.kind!r} head with {len(head.labels)} labels: "
        "expected 'classify' or 'tag' with two labels or more, or 'regress'"
    )


def check_asks(request: Request, head: Head, title: str) -> None:
    """Refuse a request that is not for this kind of head.

    Raises:
        CheckpointError: it is for another.
    """
    if not isinstance(request, HEAD_OF[head.kind]):
        raise CheckpointError(
            f"the head of {title} was trained to {head.kind}, not to answer "
            f"{type(request).__name__} requests: fine-tune the model for this task"
        )


@lru_cache(maxsize=256)
def label_order(labels: tuple[str, ...], head: Head, title: str) -> tuple[int, ...]:
    """Return the head's output for each of a request's labels, matched by name.

    Raises:
        CheckpointError: the head has other labels.
    """
    if sorted(labels) != sorted(head.labels):
        raise CheckpointError(
            f"the head of {title} has the labels {', '.join(head.labels)}, expected "
            f"{', '.join(labels)}: fine-tune the model for this task, or name the "
            "labels so in id2label of its config.json"
        )
    return tuple(head.labels.index(label) for label in labels)


def training_target(
    example: TrainingExample, head: Head, title: str
) -> list[float] | float:
    """Return a probability for each of the head's labels, or a value.

    Raises:
        CheckpointError: the example is for another head.
        PluginError: its answer is not one to its request.
    """
    request, answer = example.request, example.answer
    check_asks(request, head, title)
    if isinstance(request, Classify) and isinstance(answer, ClassifyAnswer):
        target = [0.0] * len(head.labels)
        order = label_order(request.labels, head, title)
        for place, probability in zip(order, answer.probabilities, strict=True):
            target[place] = probability
        return target
    if isinstance(answer, RegressAnswer):
        return answer.value
    raise PluginError(
        f"a training example pairs a {type(request).__name__} request with a "
        f"{type(answer).__name__}: correct the formulation's target"
    )


def head_settings(head: Head) -> dict[str, Any]:
    """Return what a Hugging Face config.json says of a head."""
    usual = ("LABEL_0",) if head.kind == "regress" else ("LABEL_0", "LABEL_1")
    labels = head.labels or usual
    problems = {
        "classify": "single_label_classification",
        "regress": "regression",
    }
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
        "problem_type": problems.get(head.kind),
    }
