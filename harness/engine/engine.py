"""Ask a model a stream of requests: once each, in good batches, losing nothing."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.engine.ahead import one_ahead
from harness.engine.fitting import Fitted, fit
from harness.engine.simple import as_full
from harness.errors import OutOfMemoryError, PluginError
from harness.model import (
    Adapter,
    Budget,
    Encoded,
    Measured,
    Positions,
    SimpleAdapter,
)
from harness.requests import ANSWER_OF, Answer, Request, request_key

WINDOW = 4096
"""Requests that are ordered together; memory holds no more of them, or twice as many
where the next are encoded while the model answers."""

JOURNAL_S = 5.0
"""Seconds after which answers are journalled though nobody asks for more."""


class AnswerCache(Protocol):
    """Where answers are looked up and journalled."""

    def find(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        """Return the answers that are known."""

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Store answers, all or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Requests that are ordered together.

    Attributes:
        keys: of all of them, in order.
        known: what the cache knew.
        awaited: keys that the window before it asks.
        asked: what the model is to be asked, by key.
    """

    keys: Sequence[str]
    known: dict[str, Answer]
    awaited: Sequence[str]
    asked: Mapping[str, Fitted]


class Engine:
    """Asks one adapter.

    Args:
        adapter: the model.
        cache: knows earlier answers and journals new ones as they arrive.
        budget: tokens that one forward may hold; halved, and kept so, when a batch
            does not fit in memory.
        on_batch: told how many answers were journalled.

    Attributes:
        asked: requests that the model was asked.
        cached: distinct requests whose answer was known before this engine began.
        tokens: tokens that the model read.
        written: tokens that it wrote.
        budget: what one forward may hold now.
        positions: what its forwards computed, where its sessions measure that.
    """

    def __init__(
        self,
        adapter: SimpleAdapter | Adapter,
        cache: AnswerCache,
        budget: Budget,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._adapter = as_full(adapter)
        self._cache = cache
        self.budget = budget
        self._on_batch = on_batch
        self.asked = 0
        self.cached = 0
        self.tokens = 0
        self.written = 0
        self.positions = Positions(0, 0)
        self._journal: dict[str, Answer] = {}
        self._due = 0.0
        self._own: set[int] = set()  # hashes of the keys asked: 8 bytes each, not 64

    def answer(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """Yield one answer a request, in order; equal requests are asked once.

        Raises:
            OutOfMemoryError: a single request does not fit in memory.
            PluginError: the adapter leaves a request unanswered.
        """
        windows = self._open(requests)
        if getattr(self._adapter, "encodes_ahead", False):
            windows = one_ahead(windows)
        before: Mapping[str, Answer] = {}
        for window in windows:
            known = window.known | {key: before[key] for key in window.awaited}
            self.cached += sum(hash(key) not in self._own for key in window.known)
            before = self._ask(window)
            known |= before
            yield from (known[key] for key in window.keys)

    def _open(self, requests: Iterable[Request]) -> Iterator[_Window]:
        """Yield windows, encoded; may be done a window ahead of what is answered."""
        asked: Mapping[str, Request] = {}
        for window in _windows(requests, WINDOW):
            keys = [request_key(request) for request in window]
            distinct = dict(zip(keys, window, strict=True))
            awaited = [key for key in distinct if key in asked]
            known = dict(self._cache.find([k for k in distinct if k not in asked]))
            asked = {
                key: request
                for key, request in distinct.items()
                if key not in known and key not in asked
            }
            fitted = fit(self._adapter, list(asked.values()))
            yield _Window(
                keys=keys,
                known=known,
                awaited=awaited,
                asked=dict(zip(asked, fitted, strict=True)),
            )

    def _ask(self, window: _Window) -> dict[str, Answer]:
        keys, fitted = list(window.asked), list(window.asked.values())
        waiting = {one.encoded.key: one.encoded for one in fitted}
        answers: dict[str, Answer] = {}
        try:
            for index, raw in self._stream(waiting):
                request, dropped = fitted[index].request, fitted[index].dropped
                _check_answer(request, raw)
                answer = _with_dropped(raw, dropped)
                answers[keys[index]] = self._journal[keys[index]] = answer
                if time.monotonic() > self._due:  # a session may ask for no more
                    self._flush()
                self.tokens += answer.tokens
                self.written += answer.written_tokens
        finally:  # what was answered before a failure may have cost money
            self._flush()
        self.asked += len(answers)
        self._own.update(map(hash, answers))
        return answers

    def _stream(self, waiting: dict[int, Encoded]) -> Iterator[tuple[int, Answer]]:
        """Yield answers, asking again with half the budget after each failure."""
        while waiting:
            # longest first: the batch that needs most memory comes before the rest
            order = sorted(waiting.values(), key=lambda item: -item.cost)
            session = self._adapter.session()
            try:
                for key, answer in session.answer(self._feed(order), self.budget):
                    if waiting.pop(key, None) is None:
                        raise _answered_twice(key)
                    yield key, answer
            except OutOfMemoryError as error:
                self._halve(max(item.cost for item in waiting.values()), error)
            else:
                _check_answered(waiting)
            finally:
                if isinstance(session, Measured):
                    self._add(session.positions)

    def _add(self, positions: Positions) -> None:
        before = self.positions
        self.positions = Positions(
            before.held + positions.held, before.computed + positions.computed
        )

    def _feed(self, order: Iterable[Encoded]) -> Iterator[Encoded]:
        """Journal what a session has answered whenever it asks for more.

        So a batch's answers are safe before the next batch is computed.
        """
        for item in order:
            self._flush()
            yield item

    def _halve(self, longest: int, error: OutOfMemoryError) -> None:
        is_alone = self.budget.tokens < longest  # as far as costs can say
        if is_alone if error.requests is None else error.requests == 1:
            raise OutOfMemoryError(
                f"a single request of {longest} tokens does not fit in memory "
                f"({error}): use a smaller model, a lower precision or a shorter length"
            ) from error
        self.budget = Budget(tokens=max(1, self.budget.tokens // 2))

    def _flush(self) -> None:
        self._due = time.monotonic() + JOURNAL_S
        if self._journal:
            self._cache.add(self._journal)
            self._on_batch(len(self._journal))
            self._journal = {}


def _windows(requests: Iterable[Request], size: int) -> Iterator[list[Request]]:
    iterator = iter(requests)
    while window := list(itertools.islice(iterator, size)):
        yield window


def _with_dropped(answer: Answer, dropped: int) -> Answer:
    return dataclasses.replace(answer, dropped_shots=dropped) if dropped else answer


def _check_answer(request: Request, answer: Answer) -> None:
    expected = ANSWER_OF[type(request)]
    if type(answer) is not expected:
        raise PluginError(
            f"the adapter answered {type(request).__name__} with "
            f"{type(answer).__name__}, expected {expected.__name__}: return the type "
            "that belongs to the request"
        )
    if any(map(_is_nan, _values(answer))):
        raise PluginError(
            f"the adapter answered {type(request).__name__} with NaN, expected "
            "numbers: check the model's weights, or run it in fp32"
        )


def _values(answer: Answer) -> Iterator[object]:
    for field in dataclasses.fields(answer):
        value = getattr(answer, field.name)
        yield from value if isinstance(value, tuple) else (value,)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _answered_twice(key: int) -> PluginError:
    return PluginError(
        f"the adapter answered request {key} twice, or was never given it: a session "
        "yields one answer for each request of its stream, with the request's key"
    )


def _check_answered(waiting: Mapping[int, Encoded]) -> None:
    if waiting:
        first = next(iter(waiting.values())).request
        raise PluginError(
            f"the adapter left {len(waiting)} requests unanswered, such as {first}: "
            "a session yields one answer for each request of its stream"
        )
