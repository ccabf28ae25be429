"""The next requests are encoded while the model answers: nothing else changes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest

from harness import Budget, Encoded, PluginError
from harness.engine import Engine, cut_batches
from harness.engine.ahead import one_ahead
from harness.requests import Answer, Embed, EmbedAnswer, Request

PATIENCE_S = 20.0


class Cache:
    def __init__(self) -> None:
        self.known: dict[str, Answer] = {}

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        return {key: self.known[key] for key in keys if key in self.known}

    def add(self, answers: Mapping[str, Answer]) -> None:
        self.known |= answers


class Ahead:
    """Embeds a text as its length; remembers which thread encoded what."""

    encodes_ahead = True

    def __init__(self) -> None:
        self.encoded: list[tuple[int, str]] = []
        self.asked = 0

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        name = threading.current_thread().name
        self.encoded.append((len(requests), name))
        return [Encoded(key=k, request=r, cost=1) for k, r in enumerate(requests)]

    def session(self) -> Ahead:
        return self

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        for batch in cut_batches(stream, budget.tokens):
            self.asked += len(batch)
            for item in batch:
                assert isinstance(item.request, Embed)
                yield item.key, EmbedAnswer(vector=(float(len(item.request.text)),))


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.engine.engine.WINDOW", 2)


def texts(*lengths: int) -> list[Request]:
    return [Embed(text="x" * length) for length in lengths]


def lengths_of(answers: Iterable[Answer]) -> list[float]:
    return [answer.vector[0] for answer in answers if isinstance(answer, EmbedAnswer)]


def test_answers_keep_the_order_of_the_requests() -> None:
    engine = Engine(Ahead(), Cache(), Budget(tokens=4))
    asked = [3, 1, 2, 5, 4]
    assert lengths_of(engine.answer(texts(*asked))) == asked


def test_windows_are_encoded_in_another_thread() -> None:
    adapter = Ahead()
    list(Engine(adapter, Cache(), Budget(tokens=4)).answer(texts(1, 2, 3)))
    assert [size for size, _ in adapter.encoded] == [2, 1]
    assert threading.current_thread().name not in {name for _, name in adapter.encoded}


def test_what_the_window_before_asks_is_not_asked_again() -> None:
    adapter = Ahead()
    engine = Engine(adapter, Cache(), Budget(tokens=4))
    assert lengths_of(engine.answer(texts(1, 2, 2, 1, 1, 3))) == [1, 2, 2, 1, 1, 3]
    assert (adapter.asked, engine.asked, engine.cached) == (3, 3, 0)


def test_what_an_earlier_run_knows_counts_as_cached() -> None:
    cache = Cache()
    list(Engine(Ahead(), cache, Budget(tokens=4)).answer(texts(1, 2, 3)))
    engine = Engine(Ahead(), cache, Budget(tokens=4))
    assert lengths_of(engine.answer(texts(1, 2, 3, 4))) == [1, 2, 3, 4]
    assert (engine.asked, engine.cached) == (1, 3)


def test_a_wrong_request_is_told_after_the_answers_to_those_before_it() -> None:
    def requests() -> Iterator[Request]:
        yield from texts(1, 2)
        raise PluginError("no more")

    heard: list[Answer] = []
    with pytest.raises(PluginError, match="no more"):
        heard.extend(Engine(Ahead(), Cache(), Budget(tokens=4)).answer(requests()))
    assert len(heard) == 2


def test_the_next_item_is_made_while_one_is_used() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    iterator = one_ahead(items())
    assert next(iterator) == 1
    assert made.wait(PATIENCE_S)
    assert list(iterator) == [2]


def test_no_more_than_one_item_is_made_ahead() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(9):
            made.append(number)
            yield number

    iterator = one_ahead(items())
    next(iterator)
    next(iterator)
    iterator.close()  # type: ignore[attr-defined] # it is a generator
    assert made == [0, 1, 2]


def test_an_interrupt_ends_the_thread() -> None:
    before = threading.active_count()
    iterator = one_ahead(range(9))
    next(iterator)
    with pytest.raises(KeyboardInterrupt):
        iterator.throw(KeyboardInterrupt)  # type: ignore[attr-defined] # a generator
    assert threading.active_count() == before
