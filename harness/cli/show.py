"""`harness show`: the first examples of a task, as each formulation asks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import DataOption, PluginOption

if TYPE_CHECKING:
    from harness.cli.model_card import Reader
    from harness.data import DataSource, Split
    from harness.formulations import Formulation
    from harness.model import TrainingExample
    from harness.plugins import Plugins
    from harness.requests import Request
    from harness.task import Example, Task


def show(
    task_id: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK", help="Such as glue/sst2; --model alone shows the model."
        ),
    ] = None,
    data: DataOption = "sample",
    split: Annotated[
        str | None,
        typer.Option(help="The split to show; the evaluated one by default."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many examples.")] = 3,
    formulation: Annotated[
        str | None, typer.Option(help="Show only this one, such as rank.")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Show only this prompt.")] = None,
    shots: Annotated[int, typer.Option(min=0, help="Exemplars before each.")] = 0,
    seed: Annotated[int, typer.Option(help="Draws the exemplars.")] = 1,
    model: Annotated[
        str | None,
        typer.Option(
            help="Show how this model reads it: chat template, first token, and how it "
            "can't be asked."
        ),
    ] = None,
    plugin: PluginOption = None,
) -> None:
    """Show a task's first examples as each formulation asks them.

    Without a task, show what is known of a model before its weights load: what it
    answers, and its options.
    """
    from harness.cli.model_card import Reader
    from harness.data import load_split, open_source
    from harness.formulations import takes_exemplars
    from harness.plugins import load_plugins

    plugins = load_plugins(plugin or ())
    if task_id is None:
        is_of_task = bool(split or formulation or prompt or shots)
        _print_model(model, plugins, is_of_task=is_of_task)
        return
    task = plugins.task(task_id)
    ways = _choose(task, formulation, prompt)
    source = open_source(data, plugins.data_sources)
    examples = load_split(task, source, split or task.data.evaluate)
    exemplars = _exemplars(task, plugins, source, shots, seed)
    reader = Reader.of(model, plugins)
    for line in (*_heading(task, examples), *reader.heading(task, ways, shots)):
        print(line)
    if shots and not any(map(takes_exemplars, ways)):
        print("no exemplars are shown: nothing here words them with a prompt")
    for example in islice(examples, count):
        for line in _describe(example, ways, exemplars, reader):
            print(line)


def _print_model(model: str | None, plugins: Plugins, *, is_of_task: bool) -> None:
    """Print a model's card, where no task is named.

    Raises:
        UsageError: no model is named either, or an option says something of a task.
    """
    from harness.cli.model_card import card_lines
    from harness.errors import UsageError

    if model is None or is_of_task:
        raise UsageError(
            "no task is named: write 'harness show TASK', such as glue/sst2, or "
            "--model alone to see what a model answers and its options"
        )
    for line in card_lines(model, plugins):
        print(line)


def _choose(
    task: Task, formulation: str | None, prompt: str | None
) -> list[Formulation]:
    """Return the formulations that are asked for.

    Raises:
        UsageError: the task has no such formulation or prompt.
    """
    from harness.errors import unknown_name

    ways = task.formulations()
    listing = f"harness show {task.id}"
    if formulation:
        names = {way.name for way in ways}
        if formulation not in names:
            raise unknown_name("formulation", formulation, names, listing)
        ways = [way for way in ways if way.name == formulation]
    if prompt:
        names = {way.prompt for way in ways if way.prompt}
        if prompt not in names:
            raise unknown_name("prompt", prompt, names, listing)
        ways = [way for way in ways if way.prompt == prompt]
    return ways


def _exemplars(
    task: Task, plugins: Plugins, source: DataSource, shots: int, seed: int
) -> Sequence[Example]:
    """Draw exemplars from the training split.

    Raises:
        UsageError: exemplars are asked for and the task has no training split.
    """
    from harness.data import draw_exemplars, load_split
    from harness.errors import UsageError

    if not shots:
        return ()
    trained = plugins.task(task.training_task)
    if trained.data.train is None:
        raise UsageError(
            f"task {task.id!r} has no training split to draw exemplars from: leave "
            "--shots out"
        )
    return draw_exemplars(load_split(trained, source, trained.data.train), shots, seed)


def _heading(task: Task, split: Split) -> Iterator[str]:
    labels = "labelled" if split.is_labelled else "unlabelled"
    yield f"{task.id} (version {task.version}): {task.title}, {task.summary}"
    yield (
        f"{split.origin}, split {split.name}: {split.size} {labels} examples, "
        f"sha256 {split.content_hash[:12]}"
    )
    yield f"metrics: {', '.join(task.metrics)}"


def _describe(
    example: Example,
    ways: Sequence[Formulation],
    exemplars: Sequence[Example],
    reader: Reader,
) -> Iterator[str]:
    from harness.cli.model_card import titled

    yield ""
    target = "unlabelled" if example.target is None else f"target {example.target!r}"
    yield f"example {example.id}: {target}"
    for way in ways:
        name = titled(way)
        shots = () if way.name == "head" else exemplars
        for request in way.requests(example, shots):
            yield f"  {name} asks {type(request).__name__}"
            yield from _fields(request)
            yield from reader.read(request)
        yield from _answers(way, example)


def _fields(request: Request) -> Iterator[str]:
    """Yield what a request holds beside defaults; long texts are set off by a bar."""
    for one in fields(request):
        value = getattr(request, one.name)
        if one.name == "shorter" or value == one.default:
            continue
        if isinstance(value, str) and "\n" in value:
            yield f"    {one.name}:"
            yield from (f"      | {line}" for line in value.split("\n"))
        elif isinstance(value, tuple):
            yield f"    {one.name}: {', '.join(repr(part) for part in value)}"
        else:
            yield f"    {one.name}: {value!r}"


def _answers(way: Formulation, example: Example) -> Iterator[str]:
    """Yield what a text model is expected to write for a labelled example."""
    if example.target is None:
        return
    for training in way.target(example):
        yield from (f"    expected: {text!r}" for text in _right_texts(training))


def _right_texts(training: TrainingExample) -> list[str]:
    from harness.requests import GenerateAnswer, Score, ScoreAnswer

    request, answer = training.request, training.answer
    if isinstance(answer, GenerateAnswer):
        return [answer.text]
    if isinstance(request, Score) and isinstance(answer, ScoreAnswer):
        hits = zip(request.choices, answer.is_greedy, strict=True)
        return [choice for choice, is_right in hits if is_right]
    return []
