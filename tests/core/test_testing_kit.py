"""The conformance kit passes what is sound and names what is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from harness import Classification, Data, Example, Prompt, Regression, Task
from harness.model import Budget, Encoded
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    Generate,
    GenerateAnswer,
    Request,
)
from harness.testing import ConformanceError, check_adapter, check_task

PROMPT = Prompt(text="{text}?", answers={"no": "bad", "yes": "good"})
TASK = Task(
    id="my/reviews",
    title="Reviews",
    summary="is it good?",
    data=Data(hub=None, folder="f"),
    problem=Classification(inputs=("text",), labels=("no", "yes")),
    metrics=("accuracy",),
    prompts={"plain": PROMPT},
)
EXAMPLES = [
    Example(id="1", columns={"text": "dull {x}"}, target="no"),
    Example(id="2", columns={"text": "fine"}, target="yes"),
]
STARS = Task(
    id="my/stars",
    title="Stars",
    summary="how many?",
    data=Data(hub=None, folder="f"),
    problem=Regression(inputs=("text",), low=0, high=5),
    metrics=("pearson",),
    prompts={
        "t5": Prompt(
            text="stars {text}",
            write=lambda value, _: f"{value:.1f}",
            parse=lambda text, _: float(text),
        )
    },
)
HALF = [Example(id="1", columns={"text": "dull"}, target=2.46)]


def with_prompt(**changes: Any) -> Task:  # any field of a prompt
    prompt = dataclasses.replace(PROMPT, **changes)
    return dataclasses.replace(TASK, prompts={"plain": prompt})


def test_a_sound_task_passes() -> None:
    check_task(TASK, EXAMPLES)


def test_a_wording_that_rounds_passes_within_its_tolerance() -> None:
    check_task(STARS, HALF, tolerance=0.05)


@pytest.mark.parametrize(
    ("task", "examples", "message"),
    [
        (TASK, [], "task my/reviews was given no example: give some with every label"),
        (
            TASK,
            [dataclasses.replace(EXAMPLES[0], target=None)],
            "task my/reviews, example 1 has no target: give labelled",
        ),
        (TASK, EXAMPLES[:1], "task my/reviews has no example of yes: give one of each"),
        (
            TASK,
            [*EXAMPLES, dataclasses.replace(EXAMPLES[0], id="3", target="maybe")],
            "task my/reviews has examples of maybe, which is no label",
        ),
        (TASK, [*EXAMPLES, EXAMPLES[0]], "task my/reviews has the example id 1 twice"),
        (
            with_prompt(answers={"no": "bad", "yes": "bad"}),
            EXAMPLES,
            "task my/reviews, generate with plain: the right answer to example 2 leads "
            "to 'no', expected 'yes'",
        ),
        (
            STARS,
            HALF,
            "task my/stars, generate with t5: the right answer to example 1 leads to "
            "2.5, expected 2.46",
        ),
        (
            with_prompt(text=lambda row: f"{row['text']} {{label}}"),
            EXAMPLES,
            "task my/reviews, rank with plain: example 1 is asked with the placeholder "
            "{label} left in",
        ),
        (
            with_prompt(text="good or bad?"),
            EXAMPLES,
            "task my/reviews, rank with plain: example 2 is asked just like one with "
            "other inputs: an input is left out",
        ),
        (
            dataclasses.replace(TASK, prompts={"one": PROMPT, "other": PROMPT}),
            EXAMPLES,
            "task my/reviews: the prompts one and other ask the same as rank: remove "
            "one",
        ),
    ],
)
def test_an_unsound_task_is_named(
    task: Task, examples: list[Example], message: str
) -> None:
    with pytest.raises(ConformanceError) as caught:
        check_task(task, examples)
    assert str(caught.value) == message


REQUESTS: list[Request] = [
    Generate(prompt="abc"),
    Classify(text="long text", labels=("no", "yes")),
    Generate(prompt="d"),
]


Reply = Callable[[Request, Sequence[Request]], Answer]


def backwards(request: Request, batch: Sequence[Request]) -> Answer:
    """Write a prompt backwards, and find every text equally likely."""
    if isinstance(request, Generate):
        return GenerateAnswer(text=request.prompt[::-1])
    return ClassifyAnswer(probabilities=(0.5, 0.5))


def numbered(request: Request, batch: Sequence[Request]) -> Answer:
    """Break the rule: answer with the place in the batch."""
    if isinstance(request, Generate):
        return GenerateAnswer(text=str(batch.index(request)))
    return ClassifyAnswer(probabilities=(0.5, 0.5))


class Simple:
    def __init__(self, reply: Reply = backwards) -> None:
        self._reply = reply

    def answer(self, requests: Sequence[Request]) -> Sequence[Answer]:
        return [self._reply(request, requests) for request in requests]


class Full(Simple):
    """Answers from the last to the first, or only the `answered`."""

    def __init__(
        self,
        *,
        cost: int = 1,
        encoded: slice = slice(None),
        answered: Sequence[int] = (2, 1, 0),
    ) -> None:
        super().__init__()
        self._cost = cost
        self._encoded = encoded
        self._answered = answered

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        encoded = [
            Encoded(key=key, request=request, cost=self._cost)
            for key, request in enumerate(requests)
        ]
        return encoded[self._encoded]

    def session(self) -> FullSession:
        return FullSession(self, self._answered)


class FullSession:
    def __init__(self, adapter: Full, answered: Sequence[int]) -> None:
        self._adapter = adapter
        self._answered = answered

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        requests = [encoded.request for encoded in stream]
        for key in self._answered:
            yield key, self._adapter.answer([requests[key]])[0]


@pytest.mark.parametrize("adapter", [Simple(), Full()])
def test_a_sound_adapter_passes_and_its_answers_come_back(adapter: Simple) -> None:
    answers = check_adapter(adapter, REQUESTS)
    assert answers[0] == GenerateAnswer(text="cba")


def test_numbers_may_differ_by_rounding() -> None:
    def reply(request: Request, batch: Sequence[Request]) -> Answer:
        return ClassifyAnswer(probabilities=(0.25 + 1e-6 * len(batch), 0.75))

    check_adapter(Simple(reply), [REQUESTS[1], REQUESTS[1]])


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        (
            Simple(numbered),
            "Generate.* is answered GenerateAnswer.*'2'.* in a batch and .*'0'.* "
            "one by one: an answer must not depend on its batch",
        ),
        (
            Simple(lambda request, batch: ClassifyAnswer(probabilities=(1.0, 0.0))),
            "Generate.* is answered with ClassifyAnswer, expected GenerateAnswer",
        ),
        (Full(answered=(2, 0)), "Classify.* is not answered"),
        (Full(answered=(0, 1, 2, 2)), "answers key 2, which is unknown or answered"),
        (
            Full(encoded=slice(1, None)),
            r"encode returns the keys \[1, 2\], expected one for each position",
        ),
        (Full(cost=0), "Generate.* is encoded with the cost 0"),
    ],
)
def test_an_unsound_adapter_is_named(adapter: Simple, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        check_adapter(adapter, REQUESTS)


def test_an_answer_has_one_number_for_each_label() -> None:
    adapter = Simple(lambda request, batch: ClassifyAnswer(probabilities=(1.0,)))
    with pytest.raises(ConformanceError, match="with 1 probabilities for 2 labels"):
        check_adapter(adapter, [REQUESTS[1], REQUESTS[1]])


def test_one_request_is_too_few() -> None:
    with pytest.raises(ConformanceError, match="give two requests or more"):
        check_adapter(Simple(), REQUESTS[:1])
