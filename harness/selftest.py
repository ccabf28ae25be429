"""What `harness check models` asks of a model: the same, batched in several ways.

Nothing here knows an answer: the check is that a model agrees with itself, whatever
stands beside a request, and by how much another precision differs from fp32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.agreement import Difference, ask, compare
from harness.engine.simple import as_full
from harness.model import Adapter, Head, LoadSettings, ModelEntry, ModelName, Precision
from harness.requests import (
    Answer,
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

TEXTS = (
    "Yes.",
    "The cat sat on the mat.",
    "The café was closed — naïve visitors came at 3.14 o'clock anyway!",
    "A man is playing a guitar while two women listen and a dog sleeps.",
    "Prices rose",
    "She said: “I don't know”, and left; nobody followed her, not even her brother.",
    "def add(a, b):\n    return a + b\n",
    "In the year 1969 three people flew to the moon, and two of them walked on it. "
    * 3,
    "one two three four five six seven eight nine ten eleven twelve",
    "Wind, rain and a cold sea: the harbour of Ålesund in March.",
    "x",
    "It was neither good nor bad. " * 12,
)
"""Of many lengths, so that batches are ragged."""

_CHOICES = (" yes", " no", " of course it is", "\n")
_QUESTION = "Who listens, and to what?"
_MAX_TOKENS = 12


def _labels(head: Head | None) -> tuple[str, ...]:
    return head.labels if head else ()


_ASKED: Mapping[type[Request], Callable[[str, Head | None], Request]] = {
    Score: lambda text, _: Score(context=text, choices=_CHOICES),
    Generate: lambda text, _: Generate(prompt=text, max_tokens=_MAX_TOKENS),
    Classify: lambda text, head: Classify(
        text=text, pair=text[: len(text) // 2] or None, labels=_labels(head)
    ),
    Regress: lambda text, _: Regress(text=text, pair="another text"),
    Extract: lambda text, _: Extract(question=_QUESTION, context=text),
    Fill: lambda text, _: Fill(
        text=text + " It is {blank}.", candidates=("good", "bad", "far too expensive")
    ),
    Choose: lambda text, _: Choose(context=text, choices=("so it was", "no")),
    Tag: lambda text, head: Tag(words=tuple(text.split()), labels=_labels(head)),
    Follow: lambda text, _: Follow(words=tuple(text.split())),
    Embed: lambda text, _: Embed(text=text),
    Likelihood: lambda text, _: Likelihood(text=text),
    PseudoLikelihood: lambda text, _: PseudoLikelihood(text=text),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What one ability of a model showed at one precision.

    Attributes:
        ability: the request type.
        dtype: the precision.
        batches: differences between ways of batching.
        drift: differences from fp32, None where that is the precision.
    """

    ability: str
    dtype: Precision
    batches: Difference
    drift: Difference | None = None


def sample_requests(ability: type[Request], head: Head | None) -> list[Request]:
    """Return requests of one type, of many lengths."""
    return [_ASKED[ability](text, head) for text in TEXTS]


def check_model(
    entry: ModelEntry,
    name: ModelName,
    *,
    device: str,
    dtypes: Sequence[Precision],
    tell: Callable[[str], object] = lambda _: None,
) -> Iterator[Agreement]:
    """Ask every ability of a model in several batchings and precisions.

    Args:
        entry: serves the model.
        name: the model's name.
        device: where it runs.
        dtypes: the precisions; all but fp32 are compared with fp32, if that is among
            them and comes first.
        tell: is told what is going on.

    Raises:
        HarnessError: the model can't be loaded or does not answer.
    """
    card = entry.describe(name)
    abilities = sorted(card.abilities, key=lambda ability: ability.__name__)
    exact: dict[type[Request], list[Answer]] = {}
    for dtype in dtypes:
        tell(f"{name}: loading in {dtype}")
        adapter = as_full(entry.load(name, LoadSettings(device=device, dtype=dtype)))
        for ability in abilities:
            tell(f"{name}: asking {ability.__name__} in {dtype}")
            requests = sample_requests(ability, card.head)
            answers, batches = vary_batches(adapter, requests)
            if dtype == "fp32":
                exact[ability] = answers
            is_compared = dtype != "fp32" and ability in exact
            yield Agreement(
                ability=ability.__name__,
                dtype=dtype,
                batches=batches,
                drift=compare(exact[ability], answers) if is_compared else None,
            )


def vary_batches(
    adapter: Adapter, requests: Sequence[Request]
) -> tuple[list[Answer], Difference]:
    """Ask requests together, then alone, in reverse order and in small batches.

    Returns:
        The answers of the first way, and how far the others are from them.
    """
    whole = sum(encoded.cost for encoded in adapter.encode(requests))
    together = ask(adapter, requests, whole)
    others = (
        ask(adapter, requests, 1),
        ask(adapter, requests[::-1], whole)[::-1],
        ask(adapter, requests, whole // 3),
    )
    worst = Difference()
    for answers in others:
        worst |= compare(together, answers)
    return together, worst
