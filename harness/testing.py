"""The conformance kit: what every task and every adapter must do, as test functions.

    from harness.testing import check_adapter, check_task

    def test_my_task_is_sound():
        check_task(MY_TASK, examples)

Both raise `ConformanceError`, an `AssertionError`, that says what breaks the contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from typing import NoReturn

from harness.agreement import ask, compare
from harness.engine.simple import as_full
from harness.errors import PluginError, UsageError
from harness.formulations import Formulation
from harness.model import Adapter, Encoded, SimpleAdapter
from harness.requests import (
    ANSWER_TYPES,
    BLANK,
    Answer,
    Choose,
    Classify,
    Fill,
    Follow,
    JsonValue,
    Request,
    Score,
    Tag,
    request_key,
)
from harness.task import Example, Task, pick

_ONE_EACH: dict[type[Request], tuple[str, str]] = {
    Score: ("choices", "log_probabilities"),
    Classify: ("labels", "probabilities"),
    Fill: ("candidates", "probabilities"),
    Choose: ("choices", "scores"),
    Tag: ("words", "labels"),
    Follow: ("words", "predictions"),
}
"""The field of a request whose every item one item of an answer's field stands for."""
_PLACEHOLDER = re.compile(r"\{[A-Za-z_]\w*\}")


class ConformanceError(AssertionError):
    """Raised where a task or an adapter breaks its contract."""


def check_task(
    task: Task, examples: Sequence[Example], *, tolerance: float = 0.0
) -> None:
    """Check that a task can be asked and its right answers can be reached.

    In every formulation the right answers must lead back to the target, or to what
    the problem calls perfect (unless it says that nothing is); requests must hold no
    placeholder, and examples with different inputs must be asked differently. No two
    prompts may ask alike, and every label must occur.

    Args:
        task: the task.
        examples: labelled examples, enough that every label occurs.
        tolerance: how far a number may end from its target, where wordings round.

    Raises:
        ConformanceError: one of these is not so; names example and formulation.
    """
    if not examples:
        _fail(f"task {task.id} was given no example: give some with every label")
    for _, check in task_checks(task, examples, tolerance=tolerance):
        check()


def task_checks(
    task: Task, examples: Sequence[Example], *, tolerance: float = 0.0
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what `check_task` checks, one by one: a name, and what raises.

    The first is ``targets``; the others begin with ``gold``, ``wording``, ``distinct
    inputs`` and ``distinct prompts``.
    """
    yield "targets", partial(_check_targets, task, examples)
    gold = _perfect(task, examples)
    for way in task.formulations():
        name = way.name if way.prompt is None else f"{way.name} with {way.prompt}"
        where = f"task {task.id}, {name}"
        if gold is not None:
            reach = partial(_check_gold, way, examples, gold, tolerance, where)
            yield f"gold, {name}", reach
        yield f"wording, {name}", partial(_check_wording, way, examples, where)
        distinct = partial(_check_distinct_examples, task, way, examples, where)
        yield f"distinct inputs, {name}", distinct
    yield "distinct prompts", partial(_check_distinct_prompts, task, examples[0])


def check_adapter(
    adapter: SimpleAdapter | Adapter, requests: Sequence[Request]
) -> list[Answer]:
    """Check that an adapter answers every request, the same whatever the batch.

    The requests are asked all at once, one by one, and in reverse order.

    Args:
        adapter: a simple or a full adapter.
        requests: some of every type that the adapter answers, of different lengths.

    Returns:
        The answers, in order, for checks of one's own.

    Raises:
        ConformanceError: answers are missing, of the wrong type or shape, or differ
            between batches; names the request.
    """
    if len(requests) < 2:
        _fail("give two requests or more: with one there is nothing to compare")
    full = as_full(adapter)
    whole = sum(encoded.cost for encoded in full.encode(requests))
    together = _ask(full, requests, budget=whole)
    for request, answer in zip(requests, together, strict=True):
        _check_shape(request, answer)
    alone = _ask(full, requests, budget=1)
    turned = _ask(full, requests[::-1], budget=whole)[::-1]
    for how, others in (("one by one", alone), ("in reverse order", turned)):
        for request, first, second in zip(requests, together, others, strict=True):
            if not compare([first], [second]).is_within:
                _fail(
                    f"{request!r} is answered {first!r} in a batch and {second!r} "
                    f"{how}: an answer must not depend on its batch"
                )
    return together


def _check_targets(task: Task, examples: Sequence[Example]) -> None:
    ids: set[str] = set()
    for example in examples:
        if example.target is None:
            _fail(f"task {task.id}, example {example.id} has no target: give labelled")
        if example.id in ids:
            _fail(f"task {task.id} has the example id {example.id} twice")
        ids.add(example.id)
    labels = task.problem.labels
    targets = {example.target for example in examples if labels}
    missing = [label for label in labels if label not in targets]
    if missing:
        _fail(
            f"task {task.id} has no example of {', '.join(missing)}: give one of each"
        )
    unknown = sorted(str(target) for target in targets.difference(labels))
    if unknown:
        _fail(f"task {task.id} has examples of {', '.join(unknown)}, which is no label")


def _perfect(task: Task, examples: Sequence[Example]) -> list[JsonValue] | None:
    """Return perfect predictions, None where the problem says that there are none."""
    try:
        return task.problem.perfect(examples)
    except UsageError:
        return None


def _check_gold(
    way: Formulation,
    examples: Sequence[Example],
    gold: Sequence[JsonValue],
    tolerance: float,
    where: str,
) -> None:
    predictions = way.finish([way.predict(e, way.answer_for(e)) for e in examples])
    for example, best, prediction in zip(examples, gold, predictions, strict=True):
        value = prediction.value
        is_right = value == best or _begins(value, best)
        if not is_right and not _reaches(value, example.target, tolerance):
            _fail(
                f"{where}: the right answer to example {example.id} leads to "
                f"{prediction.value!r}, expected {example.target!r}"
            )


def _reaches(value: JsonValue, target: JsonValue, tolerance: float) -> bool:
    if isinstance(value, float) and isinstance(target, float):
        return abs(value - target) <= tolerance
    return value == target or (isinstance(target, list) and value in target)


def _begins(value: JsonValue, best: JsonValue) -> bool:
    """Tell whether a ranking begins with all that belongs to the example."""
    if not isinstance(value, list) or not isinstance(best, list):
        return False
    return value[: len(best)] == best


def _check_wording(way: Formulation, examples: Sequence[Example], where: str) -> None:
    for example in examples:
        given = " ".join(str(value) for value in example.columns.values())
        for text in _texts(way.requests(example)):
            for placeholder in _PLACEHOLDER.findall(text):
                if placeholder not in given:
                    _fail(
                        f"{where}: example {example.id} is asked with the placeholder "
                        f"{placeholder} left in"
                    )


def _texts(requests: Iterable[Request]) -> Iterator[str]:
    for request in requests:
        for field in fields(request):
            value = getattr(request, field.name)
            if isinstance(value, str):
                yield value.replace(BLANK, "") if isinstance(request, Fill) else value
            if isinstance(value, tuple):
                yield from (part for part in value if isinstance(part, str))


def _check_distinct_examples(
    task: Task, way: Formulation, examples: Sequence[Example], where: str
) -> None:
    inputs: dict[tuple[str, ...], tuple[str, ...]] = {}
    for example in examples:
        asked = tuple(request_key(request) for request in way.requests(example))
        given = tuple(str(pick(example.columns, name)) for name in task.problem.columns)
        if inputs.setdefault(asked, given) != given:
            _fail(
                f"{where}: example {example.id} is asked just like one with other "
                "inputs: an input is left out"
            )


def _check_distinct_prompts(task: Task, example: Example) -> None:
    asked: dict[tuple[str, ...], str] = {}
    for way in task.formulations():
        if way.prompt is None:
            continue
        key = (way.name, *(request_key(request) for request in way.requests(example)))
        if key in asked:
            _fail(
                f"task {task.id}: the prompts {asked[key]} and {way.prompt} ask the "
                f"same as {way.name}: remove one"
            )
        asked[key] = way.prompt


def _ask(adapter: Adapter, requests: Sequence[Request], budget: int) -> list[Answer]:
    _check_encoding(adapter.encode(requests), requests)
    try:
        return ask(adapter, requests, budget)
    except PluginError as error:
        raise ConformanceError(str(error)) from error


def _check_encoding(stream: Sequence[Encoded], requests: Sequence[Request]) -> None:
    keys = [encoded.key for encoded in stream]
    if keys != list(range(len(requests))):
        _fail(
            f"encode returns the keys {keys}, expected one for each position, in order"
        )
    for encoded in stream:
        if encoded.cost < 1:
            _fail(f"{encoded.request!r} is encoded with the cost {encoded.cost}")


def _check_shape(request: Request, answer: Answer) -> None:
    expected = ANSWER_TYPES[f"{type(request).__name__}Answer"]
    if not isinstance(answer, expected):
        _fail(
            f"{request!r} is answered with {type(answer).__name__}, expected "
            f"{expected.__name__}"
        )
    asked, answered = _ONE_EACH.get(type(request), (None, None))
    if asked is None or answered is None:
        return
    items, found = len(getattr(request, asked)), len(getattr(answer, answered))
    if items != found:
        _fail(f"{request!r} is answered with {found} {answered} for {items} {asked}")


def _fail(message: str) -> NoReturn:
    raise ConformanceError(message)
