"""Suites: the YAML file, or the options of a command, that say what to run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from harness.errors import UsageError
from harness.model import Precision
from harness.regime import ALTERNATIVE, Regime
from harness.task import matches


def _task_item(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


def _model_item(value: object) -> object:
    """Take ``- majority:``, which YAML reads as a key without a value, as the name."""
    if isinstance(value, dict) and list(value.values()) == [None]:
        return f"{next(iter(value))}:"
    return value


def _regime_item(value: object) -> object:
    """Write a regime's key and value as the command line does.

    ``finetune: {recipe: full, epochs: [1, 2]}`` is ``finetune:full,epochs=1|2``, and
    ``few-shot: {shots: 5, draw: each}`` is ``few-shot:5,draw=each``.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, argument),) = value.items()
    if isinstance(argument, dict) or (kind == "finetune" and argument is None):
        settings = {name: _written(name, v) for name, v in (argument or {}).items()}
        first = ("shots", "") if kind == "few-shot" else ("recipe", "full")
        argument = ",".join(
            [settings.pop(*first), *(f"{k}={v}" for k, v in settings.items())]
        )
    return f"{kind}:{argument}"


def _written(name: str, value: object) -> str:
    """Write a setting's value as the command line does, or several of a grid."""
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(one, list | dict) for one in values):
        raise ValueError(
            f"the setting {name} is {value!r}, expected a value or a list of values: "
            "correct it"
        )
    return ALTERNATIVE.join(str(one) for one in values)


_Count = Annotated[int, Field(gt=0, strict=True)]
_Share = Annotated[float, Field(ge=0, le=1, strict=True)]
_Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
"""What every library's generator takes as a seed."""


class TaskChoice(BaseModel):
    """One task or prefix of tasks, with what the suite sets for it.

    Attributes:
        id: a task id or a prefix such as ``glue``.
        data: the data source, the suite's own by default.
        split: the split to evaluate or its role (``train``, ``evaluate``, ``submit``),
            the task's own by default.
        limit: how many examples to evaluate, all by default.
        formulation: the formulation to use, the first that fits by default.
        prompt: the prompt to prefer, the model's preference by default.
        max_truncated: the share of inputs that may be cut to fit a model before a cell
            fails, the suite's own by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    data: str | None = None
    split: str | None = None
    limit: _Count | None = None
    formulation: str | None = None
    prompt: str | None = None
    max_truncated: _Share | None = None


_SETTINGS = set(TaskChoice.model_fields) - {"id"}


class Suite(BaseModel):
    """What to run: models x tasks x regimes x seeds.

    Attributes:
        title: the leaderboard's title.
        models: model names, ``adapter:checkpoint[,option=value]``.
        tasks: task ids or prefixes, each with its own settings where needed.
        regimes: ``zero-shot``, ``few-shot:K[,draw=each]`` or
            ``finetune:RECIPE[,setting=value]``; a setting with several values
            (``epochs=1|3``) makes a regime of each.
        data: ``hub``, ``sample`` or a folder.
        seeds: one cell for each, from 0 to 2**32 - 1.
        split: the split to evaluate, each task's own by default.
        limit: how many examples of each task to evaluate, all by default.
        formulation: the formulation to use, the first that fits by default.
        prompt: the prompt to prefer.
        max_truncated: the share of inputs that may be cut to fit a model before a cell
            fails; 1, the default, never fails one, and the page shows what was cut.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``.
        dtype: precision of weights and activations; by default bf16 on a GPU that
            computes in it, fp32 elsewhere.
        batch_tokens: tokens that one forward may hold; by default 2048, on a GPU what
            its memory has room for.
        skip_unavailable: leave out tasks whose data is missing instead of stopping.
        plugins: files or modules to load, as ``--plugin`` does.
        track: experiment trackers that follow the run, such as
            ``tensorboard:runs/board``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = "leaderboard"
    models: Annotated[
        list[Annotated[str, BeforeValidator(_model_item)]], Field(min_length=1)
    ]
    tasks: Annotated[
        list[Annotated[TaskChoice, BeforeValidator(_task_item)]], Field(min_length=1)
    ]
    regimes: Annotated[
        list[Annotated[str, BeforeValidator(_regime_item)]], Field(min_length=1)
    ] = ["zero-shot"]
    data: str = "hub"
    seeds: Annotated[list[_Seed], Field(min_length=1)] = [1]
    split: str | None = None
    limit: _Count | None = None
    formulation: str | None = None
    prompt: str | None = None
    max_truncated: _Share = 1.0
    device: str = "auto"
    dtype: Precision | None = None
    batch_tokens: _Count | None = None
    skip_unavailable: bool = False
    plugins: list[str] = []
    track: list[str] = []

    def parsed_regimes(self) -> list[Regime]:
        """Return the regimes, taken apart, with every point of a grid.

        Raises:
            UsageError: one of them can't be parsed.
        """
        return [one for text in self.regimes for one in Regime.parse_grid(text)]

    def choices(self, task_id: str) -> list[TaskChoice]:
        """Return the settings for a task: its own over its prefixes', over the suite's.

        A task, or a prefix, that is listed several times is evaluated with each; what
        is the same in the end is there once.

        Raises:
            UsageError: two differ in nothing that changes a score.
        """
        chosen = [TaskChoice(id=task_id, **self.model_dump(include=_SETTINGS))]
        for own in self._levels(task_id):
            chosen = [
                one.model_copy(
                    update=item.model_dump(include=_SETTINGS, exclude_none=True)
                )
                for one in chosen
                for item in own
            ]
        return _each_once(chosen)

    def _levels(self, task_id: str) -> list[list[TaskChoice]]:
        """Return the items that match a task, the shortest prefixes first."""
        by_depth: dict[int, list[TaskChoice]] = defaultdict(list)
        for item in self.tasks:
            if matches(item.id, task_id):
                by_depth[item.id.rstrip("/").count("/")].append(item)
        return [by_depth[depth] for depth in sorted(by_depth)]

    def data_for(self, task_id: str, beside: str) -> str:
        """Return the data source that serves a task.

        Args:
            task_id: the task, which another may be trained on.
            beside: that of the other, which is taken where the task has several.
        """
        sources = [one.data or self.data for one in self.choices(task_id)]
        return beside if beside in sources else sources[0]


def _each_once(choices: list[TaskChoice]) -> list[TaskChoice]:
    found: dict[TaskChoice, TaskChoice] = {}
    for one in choices:
        first = found.setdefault(one.model_copy(update={"max_truncated": None}), one)
        if first != one:
            raise UsageError(
                f"the task {one.id} is listed twice, with max_truncated="
                f"{first.max_truncated:g} and {one.max_truncated:g} and no other "
                "difference, expected one cell of a kind: leave one of them out"
            )
    return list(found.values())


def load_suite(path: Path) -> Suite:
    """Read and check a suite file.

    Raises:
        UsageError: the file is missing, is no YAML, or has a key that is unknown,
            missing or of the wrong type; names the line and the key.
    """
    from harness.yaml_check import check
    from harness.yaml_lines import load_yaml

    return check(Suite, load_yaml(path))


def make_suite(values: Mapping[str, Any]) -> Suite:
    """Make a suite from a command's options or a call's arguments.

    Raises:
        UsageError: a value is unknown, missing or of the wrong type.
    """
    try:
        return Suite.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"{first['msg'][0].lower()}{first['msg'][1:]}: correct it"
        if first["type"] == "value_error":
            message = str(first["ctx"]["error"])
        raise UsageError(f"{place}={first['input']!r}: {message}") from error
