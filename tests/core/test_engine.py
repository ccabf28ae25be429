"""The engine: asks once, in good batches, and loses nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest

from harness import (
    Budget,
    Encoded,
    OutOfMemoryError,
    PluginError,
    Positions,
    ServerError,
)
from harness.engine import Engine, cut_batches
from harness.requests import (
    Answer,
    ClassifyAnswer,
    Embed,
    EmbedAnswer,
    Request,
    Score,
    ScoreAnswer,
    request_key,
)


class Cache:
    def __init__(self, known: Mapping[str, Answer] | None = None) -> None:
        self.known = dict(known or {})
        self.added: list[int] = []

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        return {key: self.known[key] for key in keys if key in self.known}

    def add(self, answers: Mapping[str, Answer]) -> None:
        self.known |= answers
        self.added.append(len(answers))


class Lengths:
    """Embeds a text as its length; more than `memory` tokens a batch fail."""

    def __init__(self, memory: int = 10**9, window: int = 10**9) -> None:
        self.memory = memory
        self.window = window
        self.batches: list[list[int]] = []
        self.encoded: list[int] = []

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        self.encoded.append(len(requests))
        costs = [len(_text(request)) for request in requests]
        return [
            Encoded(
                key=key,
                request=request,
                cost=cost,
                truncated_tokens=max(0, cost - self.window),
            )
            for key, (request, cost) in enumerate(zip(requests, costs, strict=True))
        ]

    def session(self) -> Lengths:
        return self

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        for batch in cut_batches(stream, budget.tokens):
            costs = [item.cost for item in batch]
            if sum(costs) > self.memory:
                raise OutOfMemoryError("too much")
            self.batches.append(costs)
            yield from [(item.key, _answer(item.request)) for item in reversed(batch)]


def _text(request: Request) -> str:
    return request.text if isinstance(request, Embed) else request.context  # type: ignore[union-attr] # no others here


def _answer(request: Request) -> Answer:
    if isinstance(request, Embed):
        return EmbedAnswer(vector=(float(len(request.text)),), tokens=len(request.text))
    counts = (1,)
    return ScoreAnswer(
        log_probabilities=(-float(len(_text(request))),),
        is_greedy=(True,),
        token_counts=counts,
        byte_counts=counts,
    )


def texts(*lengths: int) -> list[Request]:
    return [Embed(text="x" * length) for length in lengths]


def vectors(answers: Iterable[Answer]) -> list[float]:
    return [answer.vector[0] for answer in answers if isinstance(answer, EmbedAnswer)]


def test_answers_come_in_the_order_of_the_requests() -> None:
    engine = Engine(Lengths(), Cache(), Budget(tokens=4))
    assert vectors(engine.answer(texts(3, 1, 2, 3))) == [3, 1, 2, 3]


def test_equal_requests_are_asked_once() -> None:
    adapter = Lengths()
    engine = Engine(adapter, Cache(), Budget(tokens=100))
    assert vectors(engine.answer(texts(2, 2, 2, 1))) == [2, 2, 2, 1]
    assert (adapter.batches, engine.asked) == ([[2, 1]], 2)


def test_the_longest_are_asked_first_and_batches_keep_the_budget() -> None:
    adapter = Lengths()
    list(Engine(adapter, Cache(), Budget(tokens=5)).answer(texts(1, 4, 2, 9, 3)))
    assert adapter.batches == [[9], [4], [3, 2], [1]]


class Padding(Lengths):
    """Pads every batch to its longest request."""

    def session(self) -> Padding:
        return Padding(self.memory)

    @property
    def positions(self) -> Positions:
        computed = sum(max(batch) * len(batch) for batch in self.batches)
        return Positions(held=sum(map(sum, self.batches)), computed=computed)


def test_padding_is_summed_over_windows_and_second_tries() -> None:
    engine = Engine(Padding(memory=4), Cache(), Budget(tokens=8))
    list(engine.answer(texts(4, 3, 1)))
    list(engine.answer(texts(2, 1)))
    # [4], [3, 1] after a batch of 8 that did not fit, then [2], as 1 is known
    assert engine.positions == Positions(held=10, computed=12)


def test_a_session_that_measures_nothing_adds_nothing() -> None:
    engine = Engine(Lengths(), Cache(), Budget(tokens=8))
    list(engine.answer(texts(4, 3)))
    assert engine.positions == Positions(held=0, computed=0)


def test_known_answers_are_not_asked_again() -> None:
    adapter, (first, second) = Lengths(), texts(1, 2)
    cache = Cache({request_key(first): EmbedAnswer(vector=(7.0,))})
    engine = Engine(adapter, cache, Budget(tokens=9))
    assert vectors(engine.answer([first, second])) == [7.0, 2.0]
    assert (adapter.batches, engine.cached) == ([[2]], 1)


def test_a_batch_that_does_not_fit_is_asked_again_smaller() -> None:
    adapter = Lengths(memory=6)
    engine = Engine(adapter, Cache(), Budget(tokens=20))
    assert vectors(engine.answer(texts(5, 4, 3, 2, 1))) == [5, 4, 3, 2, 1]
    assert adapter.batches == [[5], [4], [3, 2], [1]]


def test_the_smaller_budget_is_remembered() -> None:
    adapter = Lengths(memory=6)
    engine = Engine(adapter, Cache(), Budget(tokens=20))
    list(engine.answer(texts(5, 4)))
    adapter.memory = 10**9
    list(engine.answer(texts(1, 2, 3)))
    assert adapter.batches[-2:] == [[3, 2], [1]]


def test_a_request_that_fits_nowhere_says_so() -> None:
    engine = Engine(Lengths(memory=6), Cache(), Budget(tokens=20))
    with pytest.raises(OutOfMemoryError, match="a single request of 7 tokens does not"):
        list(engine.answer(texts(7, 2)))


def test_a_batch_is_journalled_before_the_next_is_computed() -> None:
    cache = Cache()
    known: list[int] = []

    class Watching(Lengths):
        def answer(
            self, stream: Iterable[Encoded], budget: Budget
        ) -> Iterator[tuple[int, Answer]]:
            for batch in cut_batches(stream, budget.tokens):
                known.append(len(cache.known))
                yield from [(item.key, _answer(item.request)) for item in batch]

    list(Engine(Watching(), cache, Budget(tokens=4)).answer(texts(4, 3, 1, 2)))
    assert known == [0, 1, 2]
    assert len(cache.known) == 4


def test_answers_are_journalled_after_a_while_though_nobody_asks_for_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = Cache()
    list(Engine(Lengths(), cache, Budget(tokens=99)).answer(texts(4, 3, 1)))
    monkeypatch.setattr("harness.engine.engine.JOURNAL_S", -1.0)
    list(Engine(Lengths(), cache, Budget(tokens=99)).answer(texts(5, 6, 7)))
    assert cache.added == [3, 1, 1, 1]


def test_what_was_answered_before_a_failure_is_journalled() -> None:
    cache = Cache()

    class Failing(Lengths):
        def answer(
            self, stream: Iterable[Encoded], budget: Budget
        ) -> Iterator[tuple[int, Answer]]:
            item = next(iter(stream))
            yield item.key, _answer(item.request)
            raise ServerError("the server has gone")

    with pytest.raises(ServerError, match="the server has gone"):
        list(Engine(Failing(), cache, Budget(tokens=9)).answer(texts(2, 1)))
    assert len(cache.known) == 1


def test_exemplars_are_dropped_until_the_request_fits() -> None:
    request = Score(context="x" * 9, choices=("a",), shorter=("x" * 6, "x" * 3))
    engine = Engine(Lengths(window=7), Cache(), Budget(tokens=99))
    (answer,) = engine.answer([request])
    assert isinstance(answer, ScoreAnswer)
    assert (answer.log_probabilities, answer.dropped_shots) == ((-6.0,), 1)


def test_exemplars_are_dropped_of_those_alone_that_do_not_fit() -> None:
    short = Score(context="x", choices=("a",), shorter=("",))
    long = Score(context="x" * 9, choices=("a",), shorter=("x" * 8, "x" * 7))
    adapter = Lengths(window=7)
    answers = list(
        Engine(adapter, Cache(), Budget(tokens=99)).answer([long, short, long])
    )
    assert [answer.dropped_shots for answer in answers] == [2, 0, 2]
    assert adapter.encoded == [2, 1, 1]


def test_what_fits_in_no_form_is_asked_in_its_shortest() -> None:
    request = Score(context="x" * 9, choices=("a",), shorter=("x" * 8,))
    (answer,) = Engine(Lengths(window=7), Cache(), Budget(tokens=99)).answer([request])
    assert answer.dropped_shots == 1


def test_a_request_without_exemplars_is_asked_as_it_is() -> None:
    request = Score(context="x" * 9, choices=("a",))
    (answer,) = Engine(Lengths(window=7), Cache(), Budget(tokens=99)).answer([request])
    assert answer.dropped_shots == 0


def test_an_unanswered_request_is_an_error() -> None:
    adapter = Lengths()
    adapter.answer = lambda stream, budget: iter(())  # type: ignore[method-assign]
    with pytest.raises(PluginError, match="left 1 requests unanswered, such as Embed"):
        list(Engine(adapter, Cache(), Budget(tokens=9)).answer(texts(1)))


def test_an_answer_of_another_type_is_an_error() -> None:
    adapter = Lengths()
    wrong = ClassifyAnswer(probabilities=(1.0,))
    adapter.answer = lambda stream, budget: iter([(0, wrong)])  # type: ignore[method-assign]
    message = "answered Embed with ClassifyAnswer, expected EmbedAnswer"
    with pytest.raises(PluginError, match=message):
        list(Engine(adapter, Cache(), Budget(tokens=9)).answer(texts(1)))


def test_an_answer_that_is_no_number_is_an_error_and_is_not_journalled() -> None:
    adapter, cache = Lengths(), Cache()
    wrong = EmbedAnswer(vector=(1.0, math.nan))
    adapter.answer = lambda stream, budget: iter([(0, wrong)])  # type: ignore[method-assign]
    with pytest.raises(PluginError, match="answered Embed with NaN, expected numbers"):
        list(Engine(adapter, cache, Budget(tokens=9)).answer(texts(1)))
    assert cache.known == {}


def test_a_request_answered_twice_is_an_error() -> None:
    adapter = Lengths()
    right = EmbedAnswer(vector=(1.0,))
    adapter.answer = lambda stream, budget: iter([(0, right)] * 2)  # type: ignore[method-assign]
    with pytest.raises(PluginError, match="answered request 0 twice, or was never"):
        list(Engine(adapter, Cache(), Budget(tokens=9)).answer(texts(1, 2)))


def test_a_request_left_out_by_encode_is_an_error() -> None:
    adapter = Lengths()
    adapter.encode = lambda requests: []  # type: ignore[method-assign]
    with pytest.raises(PluginError, match="encoded 0 of 1 requests"):
        list(Engine(adapter, Cache(), Budget(tokens=9)).answer(texts(1)))


def test_a_repetition_in_a_later_window_is_not_counted_as_cached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.engine.engine.WINDOW", 2)
    engine = Engine(Lengths(), Cache(), Budget(tokens=9))
    assert vectors(engine.answer(texts(1, 2, 1, 3))) == [1, 2, 1, 3]
    assert (engine.asked, engine.cached) == (3, 0)


class Simple:
    def __init__(self, lost: int = 0) -> None:
        self.lost = lost
        self.sizes: list[int] = []

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        self.sizes.append(len(requests))
        return [_answer(request) for request in requests[self.lost :]]


def test_a_simple_adapter_gets_batches_by_characters() -> None:
    adapter = Simple()
    engine = Engine(adapter, Cache(), Budget(tokens=100))
    assert vectors(engine.answer(texts(300, 300, 200, 1))) == [300, 300, 200, 1]
    assert adapter.sizes == [1, 2]


def test_a_simple_adapter_out_of_memory_is_asked_again_smaller() -> None:
    class Small(Simple):
        def answer(self, requests: Sequence[Request]) -> list[Answer]:
            if len(requests) > 1:
                raise OutOfMemoryError("too much")
            return super().answer(requests)

    engine = Engine(Small(), Cache(), Budget(tokens=200))
    assert vectors(engine.answer(texts(300, 299))) == [300, 299]


def test_a_simple_adapter_that_loses_an_answer_is_refused() -> None:
    engine = Engine(Simple(lost=1), Cache(), Budget(tokens=100))
    with pytest.raises(PluginError, match="returned 1 answers to 2 requests"):
        list(engine.answer(texts(1, 2)))


def test_listeners_hear_of_every_batch() -> None:
    heard: list[int] = []
    engine = Engine(Lengths(), Cache(), Budget(tokens=4), heard.append)
    list(engine.answer(texts(1, 2, 3, 4)))
    assert heard == [1, 1, 2]
