"""Requests that join those being written, by what there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from harness import Budget, Encoded, OutOfMemoryError
from harness.engine import Engine
from harness.requests import Answer, Generate, GenerateAnswer
from harness_torch.abilities import TorchAdapter
from harness_torch.generation.loop import Asking
from harness_torch.generation.refill import Refill

BUDGET = 2048


class Echo:
    """Writes one token again and again; notes rows and what was read."""

    def __init__(self, memory: int = 10**9) -> None:
        self.memory = memory
        self.rows = 0
        self.steps: list[int] = []
        self.read: list[int] = []

    def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
        self.rows += len(newcomers)
        if self.rows > self.memory:
            raise torch.OutOfMemoryError("too much")
        self.steps.append(self.rows)
        self.read.append(sum(len(item.ids) for item in newcomers))
        return torch.zeros(self.rows, 4)

    def select(self, rows: Sequence[int]) -> None:
        self.rows = len(rows)


def asking(*lengths: int, prompt: int = 4, **settings: Any) -> list[Encoded]:
    return [
        Encoded(
            key=key,
            request=Generate(prompt=str(key), max_tokens=length, **settings),
            cost=prompt + length,
            ids=[1] * prompt,
        )
        for key, length in enumerate(lengths)
    ]


def refill(echo: Echo, tokens: int = BUDGET, **more: Any) -> Refill:
    return Refill(
        echo,
        budget=Budget(tokens=tokens),
        decode=lambda ids: "a" * len(ids),
        end=frozenset(),
        asking=lambda item: Asking(item, cast(Generate, item.request), len(item.ids)),
        **more,
    )


def run(ongoing: Refill, items: Iterable[Encoded]) -> list[int]:
    """Return the keys in the order in which they are answered."""
    stream, done = iter(items), list[int]()
    while (taken := ongoing.take(stream)) or len(ongoing):
        done += [item.key for item, _ in ongoing.advance(taken)]
    return done


@pytest.mark.parametrize(
    ("free", "steps"), [(8, [64, 64, 64]), (7, [64, 57, 57, 8, 8])]
)
def test_rows_are_filled_again_when_an_eighth_is_free(
    free: int, steps: list[int]
) -> None:
    echo = Echo()
    done = run(refill(echo), asking(*[1] * free, *[3] * (64 - free), *[2] * 8))
    assert echo.steps == steps
    assert sorted(done) == list(range(72))


def test_one_request_after_another_where_the_budget_is_least() -> None:
    echo = Echo()
    assert run(refill(echo, tokens=1), asking(2, 1, 2)) == [0, 1, 2]
    assert echo.steps == [1] * 5


def test_one_forward_reads_a_budget_of_prompts_at_most() -> None:
    echo = Echo()
    run(refill(echo), asking(*[9] * 6, prompt=700))
    assert echo.read[:3] == [1400, 1400, 1400]


def test_what_is_held_bounds_who_begins() -> None:
    echo = Echo()
    run(refill(echo), asking(*[500] * 20, prompt=1500))
    assert max(echo.steps) == 10  # 16,384 by 1,500 and the 64 that are foreseen


def test_beams_count_as_rows_from_the_start() -> None:
    echo = Echo()
    run(refill(echo), asking(*[1] * 20, beams=8))
    assert echo.steps == [8, 8, 4]


def test_requests_of_two_kinds_do_not_stand_side_by_side() -> None:
    echo = Echo()
    items = asking(2, 2, 2, 2)
    run(refill(echo, kind=lambda item: item.key // 2), items)
    assert echo.steps == [2, 2, 2, 2]


class Echoes:
    """An ability that writes by `Echo`."""

    def __init__(self, echo: Echo) -> None:
        self.echo = echo

    def encode(self, requests: Sequence[Generate]) -> list[Encoded]:
        return asking(*(request.max_tokens for request in requests))

    def begin(self, budget: Budget) -> Refill:
        self.echo.rows = 0
        return refill(self.echo, budget.tokens)


class Journal:
    """Notes how many answers are stored at a time."""

    def __init__(self) -> None:
        self.added: list[int] = []

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        return {}

    def add(self, answers: Mapping[str, Answer]) -> None:
        self.added.append(len(answers))


def engine(echo: Echo, journal: Journal) -> Engine:
    adapter = TorchAdapter(
        title="echo",
        module=nn.Linear(1, 1),
        dtype=torch.float32,
        abilities={Generate: Echoes(echo)},
    )
    return Engine(adapter, journal, Budget(tokens=BUDGET))


def texts(answers: Iterator[Answer]) -> list[int]:
    return [len(cast(GenerateAnswer, answer).text) for answer in answers]


def requests(*lengths: int) -> list[Generate]:
    return [
        Generate(prompt=str(place), max_tokens=length)
        for place, length in enumerate(lengths)
    ]


def test_memory_that_runs_out_halves_the_rows_and_loses_no_answer() -> None:
    echo = Echo(memory=20)
    lengths = [n % 5 + 1 for n in range(50)]
    asked = engine(echo, Journal())
    assert texts(asked.answer(requests(*lengths))) == lengths
    assert max(echo.steps) == 16
    assert asked.budget == Budget(tokens=512)


def test_a_single_text_that_does_not_fit_says_so() -> None:
    with pytest.raises(OutOfMemoryError, match="a single request of 6 tokens does not"):
        list(engine(Echo(memory=0), Journal()).answer(requests(2)))


def test_answers_are_journalled_when_others_take_their_place() -> None:
    journal = Journal()
    list(engine(Echo(), journal).answer(requests(*range(1, 101))))
    assert sum(journal.added) == 100
    assert len(journal.added) > 2
