"""What inference is measured on: models of four sizes, each with what it is asked."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from benchmarks import glue_lengths, random_decoders, timed_training
from benchmarks.glue_lengths import LABELS
from benchmarks.model_flops import Body, Read, forward_flops
from benchmarks.squad_lengths import draw_lengths, make_examples
from harness import Budget, Encoded, Head, LoadSettings, OutOfMemoryError
from harness.engine import first_budget
from harness.model import Adapter, Positions
from harness.requests import Request
from harness_torch.device import pick_device

_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A model and what it is asked.

    Attributes:
        name: of both.
        adapter: the model.
        requests: what it is asked.
        read: what they make it read.
        body: its sizes.
        inner: width of its feed-forward layers.
    """

    name: str
    adapter: Adapter
    requests: Sequence[Request]
    read: Read
    body: Body
    inner: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What the model did with its work.

    Attributes:
        seconds: of each repetition.
        flops: what the model's formula asks for.
        tokens: real ones.
        requests: how many.
        positions: what forwards computed, as the session counted.
        budget: tokens in a forward, as memory allowed.
    """

    seconds: tuple[float, ...]
    flops: int
    tokens: int
    requests: int
    positions: Positions
    budget: int

    @property
    def flops_per_s(self) -> float:
        """Of the median repetition."""
        return self.flops / statistics.median(self.seconds)


def glue(size: str, load: LoadSettings, count: int) -> Work:
    """Classify texts as long as GLUE's."""
    adapter = timed_training.make_adapter(size, load)
    adapter.prepare(Head(kind="classify", labels=LABELS), seed=_SEED)
    lengths = draw_lengths(count, _SEED, quantiles=glue_lengths.QUANTILES)
    requests = glue_lengths.make_requests(lengths, _SEED)
    return _encoder(f"bert {size}, GLUE lengths", size, adapter, requests, lengths)


def squad(size: str, load: LoadSettings, count: int) -> Work:
    """Score spans of windows as long as SQuAD's."""
    adapter = timed_training.make_adapter(size, load)
    adapter.prepare(Head(kind="extract"), seed=_SEED)
    lengths = draw_lengths(count, _SEED)
    requests = [example.request for example in make_examples(lengths, _SEED)]
    return _encoder(f"bert {size}, SQuAD windows", size, adapter, requests, lengths)


def scoring(size: str, load: LoadSettings, count: int) -> Work:
    """Score four endings of contexts as long as HellaSwag's."""
    requests = random_decoders.draw_scores(count, _SEED)
    return Work(
        name=f"{size}, four endings",
        adapter=random_decoders.make_adapter(size, load),
        requests=requests,
        read=random_decoders.read_by(requests),
        body=random_decoders.body_of(size),
        inner=random_decoders.inner_of(size),
    )


Make = Callable[[LoadSettings, int], Work]
WORKS: Mapping[str, Sequence[Make]] = {
    "tiny": (
        lambda load, count: glue("tiny", load, count),
        lambda load, count: squad("tiny", load, count),
        lambda load, count: scoring("tiny-gpt2", load, count),
        lambda load, count: scoring("tiny-llama", load, count),
    ),
    "base": (lambda load, count: glue("base", load, count),),
    "large": (lambda load, count: squad("large", load, count),),
    "gpt2-large": (lambda load, count: scoring("gpt2-large", load, count),),
    "llama-1b": (lambda load, count: scoring("llama-1b", load, count),),
}


def time_work(
    work: Work, load: LoadSettings, tokens: int | None, turns: int
) -> Reached:
    """Ask a model all of its work several times, the first to warm up.

    Token ids are made before the clock starts. What does not fit in memory is asked
    again with half the tokens at once, as an engine does.

    Args:
        work: model and requests.
        load: where the model is.
        tokens: in a forward; None for what an engine begins with.
        turns: repetitions that are measured.
    """
    encoded = sorted(work.adapter.encode(work.requests), key=lambda item: -item.cost)
    budget = first_budget(work.adapter, tokens)
    device = pick_device(load)
    while True:
        try:
            positions = _answer(work.adapter, encoded, budget)
            break
        except OutOfMemoryError:
            if budget.tokens < encoded[0].cost:
                raise
            budget = Budget(tokens=budget.tokens // 2)
    times = []
    for _ in range(turns):
        started = _now(device)
        _answer(work.adapter, encoded, budget)
        times.append(_now(device) - started)
    return Reached(
        seconds=tuple(times),
        flops=forward_flops(work.read, work.body),
        tokens=work.read.tokens,
        requests=len(work.requests),
        positions=positions,
        budget=budget.tokens,
    )


def _encoder(
    name: str,
    size: str,
    adapter: Adapter,
    requests: Sequence[Request],
    lengths: Sequence[int],
) -> Work:
    raw = timed_training.SIZES[size]
    width, inner = raw["hidden_size"], raw["intermediate_size"]
    weights = 4 * width**2 + 2 * width * inner
    return Work(
        name=name,
        adapter=adapter,
        requests=requests,
        read=Read(sum(lengths), sum(length**2 for length in lengths)),
        body=Body(raw["num_hidden_layers"], width, weights),
        inner=inner,
    )


def _answer(adapter: Adapter, encoded: Sequence[Encoded], budget: Budget) -> Positions:
    session = adapter.session()
    answered = sum(1 for _ in session.answer(iter(encoded), budget))
    if answered != len(encoded):
        raise RuntimeError(f"{answered} of {len(encoded)} requests were answered")
    return getattr(session, "positions", Positions(0, 0))


def _now(device: torch.device) -> float:
    """Return the time, once the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
