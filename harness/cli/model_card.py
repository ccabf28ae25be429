"""What is known of a model before its weights load, and how it reads a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from harness.formulations import Formulation
from harness.model import ModelCard, ModelEntry, ModelName, PredictorEntry
from harness.plan.askable import Unfit, choose_formulation
from harness.plugins import Plugins
from harness.regime import Regime
from harness.requests import Generate, Request
from harness.task import Task


def card_lines(model: str, plugins: Plugins) -> Iterator[str]:
    """Yield what a model is, what it answers, and the options that its name may have.

    Raises:
        HarnessError: there is no such model, or it can't be used.
    """
    name = ModelName.parse(model)
    entry = plugins.model(name)
    yield str(name)
    yield f"  {entry.summary}"
    if isinstance(entry, ModelEntry):
        for title, value in _facts(entry.describe(name)):
            yield f"  {title}: {value}"
    if not entry.options:
        yield "  options: none"
        return
    first = next(iter(entry.options))
    yield f"options, as in {name.adapter}:{name.checkpoint},{first}=..."
    width = max(map(len, entry.options))
    for option, meaning in entry.options.items():
        yield f"  {option.ljust(width)}  {meaning}"


def _facts(card: ModelCard) -> Iterator[tuple[str, str]]:
    if card.parameters is not None:
        yield "parameters", f"{card.parameters:,}"
    if card.max_tokens is not None:
        yield "longest input", f"{card.max_tokens:,} tokens"
    able = sorted(ability.__name__ for ability in card.abilities)
    yield "answers", ", ".join(able) or "nothing as it is"
    yield "can be fine-tuned for", ", ".join(sorted(card.trainable)) or "nothing"
    if card.head is not None:
        labels = f" ({', '.join(card.head.labels)})" if card.head.labels else ""
        yield "carries a head", card.head.kind + labels
    if card.prefers:
        yield "prefers", ", ".join(card.prefers)
    yield from card.facts.items()


def titled(way: Formulation) -> str:
    """Return what a formulation is called for a reader, with its prompt."""
    return way.name if way.prompt is None else f"{way.name} with {way.prompt}"


@dataclass(frozen=True, slots=True)
class Reader:
    """How a model reads requests, where one is named."""

    name: ModelName | None = None
    entry: ModelEntry | PredictorEntry | None = None
    card: ModelCard | None = None
    worded: Callable[[Generate], str | None] = field(default=lambda _: None)

    @classmethod
    def of(cls, model: str | None, plugins: Plugins) -> Reader:
        """Describe a model, without loading its weights."""
        if model is None:
            return cls()
        name = ModelName.parse(model)
        entry = plugins.model(name)
        if not isinstance(entry, ModelEntry):
            return cls(name, entry)
        worded = partial(entry.worded, name) if entry.worded else lambda _: None
        return cls(name, entry, entry.describe(name), worded)

    def heading(
        self, task: Task, ways: Sequence[Formulation], shots: int
    ) -> Iterator[str]:
        """Yield the model, what is to be known of it, and how it can't be asked."""
        if self.name is None:
            return
        yield f"model: {self.name}"
        if isinstance(self.entry, PredictorEntry):
            yield "  kind: a baseline, which reads no request"
            reason = self.entry.refuses(task)
            if reason is not None:
                yield f"  it can't answer {task.id}: {reason}"
        elif self.card is not None:
            for fact, value in self.card.facts.items():
                yield f"  {fact}: {value}"
            for reason, names in _unfit(self.name, self.card, ways, shots).items():
                yield f"  can't be asked as {', '.join(names)}: {reason}"

    def read(self, request: Request) -> Iterator[str]:
        """Yield the text that the model reads, where it is not the prompt."""
        text = self.worded(request) if isinstance(request, Generate) else None
        if text is not None:
            yield "    as the model reads it:"
            yield from (f"      | {line}" for line in text.split("\n"))


def _unfit(
    name: ModelName, card: ModelCard, ways: Sequence[Formulation], shots: int
) -> Mapping[str, list[str]]:
    """Return the formulations that a model can't be asked in, by reason."""
    regime = Regime(kind="few-shot" if shots else "zero-shot", shots=shots)
    found: dict[str, list[str]] = {}
    for way in ways:
        try:
            choose_formulation([way], card, regime, frozenset(), name)
        except Unfit as reason:
            found.setdefault(str(reason), []).append(titled(way))
    return found
