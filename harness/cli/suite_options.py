"""The options that make a suite, alone or over a suite file."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from harness.cli.options import TrackOption
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.suite import Suite

SuiteArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[SUITE.yaml]",
        help="A suite file; the options below then override what it says, of single "
        "tasks too.",
    ),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="adapter:checkpoint[,option=value], such as bert:tiny or majority:. "
        "May be given several times.",
    ),
]
TaskOption = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help="A task id, or a prefix for all below it, such as glue. "
        "May be given several times.",
    ),
]
RegimeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--regime",
        metavar="REGIME",
        help="zero-shot (the default), few-shot:5[,draw=each], or finetune:full[,epochs=2,...]; "
        "'finetune:full,epochs=1|2' tries several values. May be given several times.",
    ),
]
SuiteDataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="SOURCE",
        help="Where examples come from: hub (the default), sample, or a folder.",
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="Evaluate this split, not the task's own. Roles will do: train, evaluate, "
        "or submit, which is predicted without scores where it has no labels.",
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        help="Evaluate a seeded, stratified sample of each task, marked as partial.",
    ),
]
FormulationOption = Annotated[
    str | None,
    typer.Option("--formulation", help="Ask in this way: head, rank or generate."),
]
PromptOption = Annotated[
    str | None, typer.Option("--prompt", help="Prefer this prompt, such as lm-eval.")
]
MaxTruncatedOption = Annotated[
    float | None,
    typer.Option(
        "--max-truncated",
        metavar="SHARE",
        min=0,
        max=1,
        help="Fail a cell of which a larger share of inputs was cut to fit the model; "
        "1 (the default) never does.",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option("--device", help="cpu, cuda, cuda:1 or auto (the default)."),
]
DtypeOption = Annotated[
    str | None,
    typer.Option(
        "--dtype", help="fp32, bf16 or fp16; bf16 by default on a GPU, else fp32."
    ),
]
SeedOption = Annotated[
    list[int] | None,
    typer.Option(
        "--seed",
        help="Seeds training and exemplars; given several times, each is a cell.",
    ),
]
TitleOption = Annotated[
    str | None, typer.Option("--title", help="What the leaderboard is called.")
]
SkipOption = Annotated[
    bool,
    typer.Option(
        "--skip-unavailable",
        help="Leave out tasks whose data is missing, and show them as such.",
    ),
]


_NAMES = {"model": "models", "task": "tasks", "regime": "regimes", "seed": "seeds"}
"""Options that repeat, by what the suite calls them."""
_PARAMETERS: dict[str, tuple[Any, object]] = {
    "file": (SuiteArgument, None),
    "model": (ModelOption, None),
    "task": (TaskOption, None),
    "regime": (RegimeOption, None),
    "data": (SuiteDataOption, None),
    "split": (SplitOption, None),
    "limit": (LimitOption, None),
    "formulation": (FormulationOption, None),
    "prompt": (PromptOption, None),
    "max_truncated": (MaxTruncatedOption, None),
    "device": (DeviceOption, None),
    "dtype": (DtypeOption, None),
    "seed": (SeedOption, None),
    "title": (TitleOption, None),
    "skip_unavailable": (SkipOption, False),
    "track": (TrackOption, None),
}


def with_suite(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that make a suite, and the suite instead of them.

    The command's first parameter is the suite; its others stay as they are.
    """
    own = list(inspect.signature(command).parameters.values())[1:]
    written = {parameter.name: parameter.annotation for parameter in own}
    hints = get_type_hints(
        SimpleNamespace(__annotations__=written),
        globalns=command.__globals__,
        include_extras=True,
    )
    kept = [parameter.replace(annotation=hints[parameter.name]) for parameter in own]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=annotation,
        )
        for name, (annotation, default) in _PARAMETERS.items()
    ]
    own_names = {parameter.name for parameter in own}

    @functools.wraps(command)
    def wrapper(**options: Any) -> None:  # noqa: ANN401 # as typer parsed them
        rest = {name: options.pop(name) for name in own_names}
        command(read_suite(**options), **rest)

    parameters = [*added, *(p.replace(kind=p.KEYWORD_ONLY) for p in kept)]
    vars(wrapper)["__signature__"] = inspect.Signature(parameters)
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def read_suite(file: Path | None, **options: Any) -> Suite:  # noqa: ANN401
    """Make a suite of a file, if there is one, and the options that were given.

    Raises:
        UsageError: the file or an option is wrong, or there is nothing to run.
    """
    from harness.suite import load_suite, make_suite

    given = {
        _NAMES.get(name, name): value
        for name, value in options.items()
        if value is not None
        and value is not False
        and value != []  # an empty text was given, and is refused
    }
    if file is not None:
        written = load_suite(file).model_dump()
        written["tasks"] = [
            {name: value for name, value in task.items() if name not in given}
            for task in written["tasks"]
        ]
        return make_suite(written | given)
    for needed in ("models", "tasks"):
        if needed not in given:
            raise UsageError(
                f"no {needed} to run: name a suite file, or give --{needed[:-1]} "
                "(harness run --help shows examples)"
            )
    return make_suite(given)
