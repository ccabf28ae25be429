"""Which formulation brings a model, a task and a regime together, or why none does."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import PluginError
from harness.formulations import Formulation, takes_exemplars
from harness.model import ModelCard, ModelName
from harness.regime import Regime
from harness.requests import HEAD_REQUESTS
from harness.task import Example, Task


class Unfit(Exception):
    """Says why a model, a task and a regime can't be brought together."""


def offer(task: Task, formulation: str | None, prompt: str | None) -> list[Formulation]:
    """Return a task's formulations, only those named where the suite names one.

    Raises:
        Unfit: the task has none of that name.
    """
    offered = [
        candidate
        for candidate in task.formulations()
        if formulation in (None, candidate.name)
        and (prompt in (None, candidate.prompt) or candidate.prompt is None)
    ]
    if not offered:
        ways = sorted({_describe(candidate) for candidate in task.formulations()})
        wanted = " ".join(filter(None, [formulation, prompt]))
        raise Unfit(f"{task.id} can't be asked as {wanted!r}, only {', '.join(ways)}")
    return offered


def choose_formulation(
    offered: Sequence[Formulation],
    card: ModelCard,
    regime: Regime,
    trains: frozenset[str],
    name: ModelName,
) -> Formulation:
    """Return the formulation that the model prefers of those that fit.

    Args:
        offered: the task's formulations, most natural first.
        card: what the model can do.
        regime: how the model meets the task.
        trains: head kinds that the regime's recipe trains.
        name: the model's name, for the reason.

    Raises:
        Unfit: none fits.
    """
    fitting = [f for f in offered if _is_askable(f, card, regime, trains)]
    if not fitting:
        raise Unfit(_why_not(offered, card, regime, name))
    prefers = card.prefers
    if regime.kind == "finetune":
        prefers = (*card.prefers_trained, *prefers)
    return min(fitting, key=lambda formulation: _preference(formulation, prefers))


def same_formulation(task: Task, formulation: Formulation) -> Formulation:
    """Return a training task's own formulation of the same name, prompt and head.

    Raises:
        Unfit: the task is asked otherwise, so its checkpoint would not serve.
    """
    wanted = formulation.name, formulation.prompt, formulation.head
    for candidate in task.formulations():
        if (candidate.name, candidate.prompt, candidate.head) == wanted:
            return candidate
    raise Unfit(f"{task.id}, whose training split it uses, has other labels or prompts")


def check_wording(
    formulation: Formulation, trained_on: str, asked: Example, exemplar: Example
) -> None:
    """Refuse exemplars that the prompt can't word, as their task has other columns.

    Raises:
        Unfit: an exemplar lacks a column that the prompt's templates name.
    """
    try:
        formulation.requests(asked, [exemplar])
    except (PluginError, KeyError) as error:
        raise Unfit(
            f"its exemplars come from {trained_on}, which the prompt "
            f"{formulation.prompt!r} can't word: {error}"
        ) from error


def _is_askable(
    formulation: Formulation, card: ModelCard, regime: Regime, trains: frozenset[str]
) -> bool:
    if regime.kind == "finetune":
        is_own = formulation.asks not in HEAD_REQUESTS  # its layers are trained on
        if is_own and formulation.asks not in card.abilities:
            return False
        return formulation.head.kind in card.trainable & trains
    if formulation.asks not in card.abilities:
        return False
    if regime.kind == "few-shot":
        return takes_exemplars(formulation)
    return formulation.asks not in HEAD_REQUESTS or _carries_head(formulation, card)


def _carries_head(formulation: Formulation, card: ModelCard) -> bool:
    head = card.head
    return (
        head is not None
        and head.kind == formulation.head.kind
        and set(head.labels) == set(formulation.head.labels)
    )


def _why_not(
    offered: Sequence[Formulation], card: ModelCard, regime: Regime, name: ModelName
) -> str:
    if regime.kind == "finetune":
        heads = ", ".join(sorted({f.head.kind for f in offered}))
        return f"{name} can't be fine-tuned for {heads} by {regime}"
    fitting = [f for f in offered if regime.kind != "few-shot" or takes_exemplars(f)]
    if not fitting:
        ways = ", ".join(sorted({f.name for f in offered}))
        return f"{regime} needs a prompt that words exemplars, and {ways} has none"
    asked = ", ".join(sorted({_needed(f) for f in fitting}))
    able = ", ".join(sorted(ability.__name__ for ability in card.abilities))
    is_trainable = any(f.head.kind in card.trainable for f in offered)
    remedy = ": fine-tune it with --regime finetune:full" if is_trainable else ""
    reasons = sorted({f.asks.__name__ for f in fitting} & card.facts.keys())
    bare = sorted({f.asks.__name__ for f in offered if f.prompt and f not in fitting})
    told = "".join(f"; {request} takes no exemplars" for request in bare)
    told += "".join(f"; {reason}: {card.facts[reason]}" for reason in reasons)
    return (
        f"{name} answers {able or 'nothing as it is'}, and {regime} needs one of "
        f"{asked}{told}{remedy}"
    )


def _needed(formulation: Formulation) -> str:
    name = formulation.asks.__name__
    is_head = formulation.asks in HEAD_REQUESTS
    return f"{name} (a head with the task's own labels)" if is_head else name


def _preference(formulation: Formulation, prefers: Sequence[str]) -> tuple[int, int]:
    rank = {name: index for index, name in enumerate(dict.fromkeys(prefers))}
    last = len(rank)
    return (
        rank.get(formulation.name, last),
        rank.get(formulation.prompt or "", last),
    )


def _describe(formulation: Formulation) -> str:
    prompt = f" {formulation.prompt}" if formulation.prompt else ""
    return formulation.name + prompt
