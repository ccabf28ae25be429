"""`harness check`: whether what this machine runs can be trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.check_tasks import EPILOG as tasks_epilog
from harness.cli.check_tasks import check_tasks
from harness.cli.options import JsonOption, PluginOption
from harness.cli.table import print_table

if TYPE_CHECKING:
    from harness.agreement import Difference
    from harness.model import ModelEntry, ModelName, Precision
    from harness.plugins import Plugins
    from harness.selftest import Agreement

_DTYPES: tuple[Precision, ...] = ("fp32", "bf16", "fp16")

EPILOG = """\b
Examples:
  harness check models bert:tiny gpt:tiny
  harness check models gpt:./my-checkpoint --dtype fp32 --dtype bf16 --device cuda
"""

check = typer.Typer(
    help="Check whether models and tasks can be trusted.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@check.callback()
def group() -> None:
    """Keep the commands a group, even where there is one."""


check.command(
    "tasks", epilog=tasks_epilog, short_help="Check tasks, prompts and data."
)(check_tasks)


@check.command("models", epilog=EPILOG, short_help="Ask models in several batchings.")
def check_models(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Such as bert:tiny.")
    ],
    dtype: Annotated[
        list[str] | None,
        typer.Option(
            metavar="fp32|bf16|fp16",
            help="A precision to check, several times for several; fp32 and bf16 by "
            "default.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or auto.")] = "auto",
    plugin: PluginOption = None,
    json_output: JsonOption = False,
) -> None:
    """Ask a model the same in several batchings, for each of its abilities.

    An answer must not depend on what stands beside its request: in fp32 numbers must
    agree within the tolerance, and every choice, label and text must be the same.
    Other precisions are shown with how far they are from fp32. The exit code is 1
    where fp32 does not agree with itself.
    """
    from harness.cli.waiting import waiting
    from harness.measure import resolve_device
    from harness.plugins import load_plugins
    from harness.selftest import check_model

    plugins = load_plugins(plugin or ())
    dtypes = read_precisions(dtype or ["fp32", "bf16"])
    chosen = [_model(text, plugins) for text in models]
    told: dict[str, list[Agreement]] = {}
    for name, entry in chosen:
        with waiting(f"{name}: opening") as tell:
            found = check_model(
                entry,
                name,
                device=resolve_device(device),
                dtypes=dtypes,
                tell=tell,
            )
            told[str(name)] = list(found)
        if not json_output:
            _print(str(name), told[str(name)])
    if json_output:
        print(json.dumps({name: _strict(found) for name, found in told.items()}))
    if any(_is_broken(one) for found in told.values() for one in found):
        sys.exit(1)


def _strict(found: Sequence[Agreement]) -> list[object]:
    """Return what JSON can hold: a difference to what is no number is null."""
    text = json.dumps([asdict(one) for one in found])
    strict: list[object] = json.loads(text, parse_constant=lambda _: None)
    return strict


def read_precisions(given: list[str]) -> list[Precision]:
    """Return the precisions, fp32 first: the others are compared with it.

    Raises:
        UsageError: one is unknown.
    """
    from harness.errors import UsageError

    for dtype in given:
        if dtype not in _DTYPES:
            raise UsageError(
                f"--dtype is {dtype!r}, expected {', '.join(_DTYPES)}: name one of these"
            )
    return [dtype for dtype in _DTYPES if dtype in given]


def _model(text: str, plugins: Plugins) -> tuple[ModelName, ModelEntry]:
    """Return what a model's name stands for.

    Raises:
        UsageError: it is a baseline, which answers no requests.
    """
    from harness.errors import UsageError
    from harness.model import ModelEntry, ModelName

    name = ModelName.parse(text)
    entry = plugins.model(name)
    if not isinstance(entry, ModelEntry):
        raise UsageError(
            f"{text} is a baseline, which sees examples and answers no requests: name "
            "a model, such as bert:tiny"
        )
    return name, entry


def _is_broken(agreement: Agreement) -> bool:
    return agreement.dtype == "fp32" and not agreement.batches.is_within


def _print(model: str, found: Sequence[Agreement]) -> None:
    print(model)
    if not found:
        print("  answers nothing as it is: fine-tune it, and check what comes of it")
        return
    header = ("ability", "precision", "between batches", "from fp32", "")
    rows = [
        (
            one.ability,
            one.dtype,
            _told(one.batches),
            "" if one.drift is None else _told(one.drift),
            _verdict(one),
        )
        for one in found
    ]
    print_table(header, rows)
    print()


def _verdict(agreement: Agreement) -> str:
    """Return whether fp32 holds, and how much of the tolerance it uses."""
    if agreement.dtype != "fp32":
        return ""
    word = "FAIL" if _is_broken(agreement) else "ok"
    return f"{word}, {agreement.batches.share:.0%} of the tolerance"


def _told(difference: Difference) -> str:
    if not difference.changed:
        return f"{difference.largest:.1e}"
    changed = f"{difference.changed} of {difference.answers} answers change"
    return f"{difference.largest:.1e}, {changed}"
