"""What language objectives share: what is right to say, and the loss of saying it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from harness import Loss, PluginError, TrainingExample
from harness.requests import Generate, GenerateAnswer, Score, ScoreAnswer
from harness_torch.device import send

Project = Callable[[Tensor], Tensor]
"""Makes logits of states, ``(rows, vocabulary)``."""


def word_loss(
    states: Tensor, project: Project, targets: Sequence[int], *, label_smoothing: float
) -> Loss:
    """Return the summed cross-entropy of tokens; no other row is projected.

    Args:
        states: of the tokens that something is to be said after, ``(rows, width)``.
        project: the model's output layer.
        targets: the token that is right after each.
        label_smoothing: the share of the target spread evenly over the vocabulary.
    """
    logits = project(states)
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    total = F.cross_entropy(
        wide,
        send(torch.tensor(targets), wide.device),
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return Loss(total=total, count=len(targets))


def to_say(example: TrainingExample) -> tuple[str, str]:
    """Return what a text model reads of an example, and what is right to say then.

    Raises:
        PluginError: it is no `Generate` or `Score` request with its answer, or none
            of the choices is right.
    """
    request, answer = example.request, example.answer
    if isinstance(request, Generate) and isinstance(answer, GenerateAnswer):
        return request.prompt, answer.text
    if isinstance(request, Score) and isinstance(answer, ScoreAnswer):
        hits = zip(request.choices, answer.is_greedy, strict=True)
        right = [choice for choice, is_right in hits if is_right]
        if right:
            return request.context, right[0]
    raise PluginError(
        f"a training example pairs a {type(request).__name__} request with a "
        f"{type(answer).__name__}, expected Generate with GenerateAnswer, or Score with "
        "a ScoreAnswer in which a choice is greedy: correct the formulation's target"
    )
