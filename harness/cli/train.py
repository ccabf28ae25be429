"""`harness train`: pre-train a model on plain text."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness import ranks
from harness.cli.options import PluginOption, TrackOption

if TYPE_CHECKING:
    from harness.model import Precision
    from harness.plugins import Plugins
    from harness.pretrainer import Pretrained, PretrainOrder
    from harness.pretraining import EpochFigures

EPILOG = """\
Examples:

  harness train gpt:tiny --data text:./novels --out ./novelist

  harness train bert:google-bert/bert-base-uncased --data text:./reports
  --objective mlm,whole_words=yes,epochs=1 --out ./reporter

  harness train --from-scratch bert,width=256,layers=4,heads=4,vocabulary=8000
  --data text:./novels --objective mlm,epochs=10 --out ./novice
"""


ModelArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[MODEL]",
        help="The checkpoint to go on from, such as gpt:./folder; none with "
        "--from-scratch.",
    ),
]
TextOption = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="SOURCE",
        help="The text: text:FILE, text:FOLDER of .txt files, or a folder with a "
        "train.jsonl, .parquet or .csv that has a column text.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="The checkpoint to make."),
]
ObjectiveOption = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="NAME[,SETTING=VALUE]",
        help="What is learnt, and how; 'harness list objectives' shows all, with their "
        "settings. The model's first by default.",
    ),
]
ScratchOption = Annotated[
    str | None,
    typer.Option(
        "--from-scratch",
        metavar="FAMILY[,SIZE=VALUE]",
        help="Make a new model: width, layers, heads, inner, length, vocabulary, "
        "tokenizer (wordpiece, bpe or unigram), lowercase, architecture.",
    ),
]
HoldOutOption = Annotated[
    float,
    typer.Option(
        "--hold-out",
        metavar="SHARE",
        help="The share of the text that is only measured, after every epoch.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seeds all that is drawn.")]
DeviceOption = Annotated[
    str, typer.Option("--device", help="cpu, cuda, cuda:1 or auto.")
]
DtypeOption = Annotated[str, typer.Option("--dtype", help="fp32, bf16 or fp16.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace a checkpoint that was made so.")
]


def train(
    model: ModelArgument = None,
    data: TextOption = "",
    out: OutOption = None,
    objective: ObjectiveOption = None,
    from_scratch: ScratchOption = None,
    hold_out: HoldOutOption = 0.05,
    seed: SeedOption = 1,
    device: DeviceOption = "auto",
    dtype: DtypeOption = "fp32",
    overwrite: OverwriteOption = False,
    track: TrackOption = None,
    plugin: PluginOption = None,
) -> None:
    """Train a model on plain text, from a checkpoint or from scratch.

    The checkpoint is one like any other: bench it with 'harness run --model
    FAMILY:FOLDER'. Killed, the same command goes on.
    """
    from harness.measure import resolve_device
    from harness.model import LoadSettings, ModelName
    from harness.plugins import load_plugins
    from harness.pretrainer import PretrainOrder

    name, sizes = _model(model, from_scratch)
    wanted, settings = _spec("--objective", objective) if objective else (None, {})
    order = PretrainOrder(
        model=ModelName.parse(name),
        sizes=sizes,
        data=_needed("--data", data, "text:PATH"),
        objective=wanted,
        settings=settings,
        out=Path(_needed("--out", str(out or ""), "a folder to make")).absolute(),
        hold_out=_share(hold_out),
        seed=seed,
        load=LoadSettings(
            device=ranks.local_device(resolve_device(device)),
            dtype=_precision(dtype),
            seed=seed,
        ),
        overwrite=overwrite,
        command=shlex.join(["harness", *sys.argv[1:]]),
    )
    with ranks.joined():
        made = _carry_out(order, load_plugins(plugin or ()), track or ())
    if ranks.is_first():
        _tell(made)


def _model(
    model: str | None, from_scratch: str | None
) -> tuple[str, dict[str, str] | None]:
    """Return a model's name, and the sizes of one from scratch."""
    from harness.errors import UsageError

    if (model is None) == (from_scratch is None):
        given = "neither" if model is None else "both"
        raise UsageError(
            f"{given} a MODEL and --from-scratch given, expected one of the two: name "
            "the checkpoint to go on from, or the family of a new model"
        )
    if from_scratch is None:
        return str(model), None
    family, sizes = _spec("--from-scratch", from_scratch)
    return f"{family.removesuffix(':')}:", sizes


def _spec(option: str, text: str) -> tuple[str, dict[str, str]]:
    from harness.errors import UsageError
    from harness.task import parse_spec

    try:
        return parse_spec(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r}: {error}: write name,setting=value"
        ) from error


def _needed(option: str, value: str, example: str) -> str:
    from harness.errors import UsageError

    if value:
        return value
    raise UsageError(
        f"{option} is missing, expected {example}: give it (harness train --help shows "
        "examples)"
    )


def _share(value: float) -> float:
    from harness.errors import UsageError

    if 0 <= value < 1:
        return value
    raise UsageError(
        f"--hold-out is {value}, expected a share from 0 to below 1: correct it"
    )


def _precision(text: str) -> Precision:
    from harness.cli.check import read_precisions

    return read_precisions([text])[0]


def _carry_out(
    order: PretrainOrder, plugins: Plugins, track: Sequence[str]
) -> Pretrained:
    """Train, and let every listener of the event hooks hear of it as of a run."""
    from rich.console import Console

    from harness.pretrainer import Listener, pretrain
    from harness.progress import LiveProgress, listener

    if not ranks.is_first():
        return pretrain(order, plugins, Listener(_ignore, _ignore))
    progress = listener(Console(stderr=True))
    plugins.listen(progress)
    listening = Listener(
        on_text=typer.echo, on_epoch=lambda figures: typer.echo(told(figures))
    )
    try:
        with plugins.tracking(track):
            return pretrain(order, plugins, listening)
    finally:
        if isinstance(progress, LiveProgress):
            progress.stop()


def _ignore(event: object) -> None:
    """Tell nothing: the first process does."""


def told(figures: EpochFigures) -> str:
    """Say in a line how an epoch ended."""
    others = "".join(
        f"  {name.replace('_', ' ')} {value:.3f}"
        for name, value in figures.others.items()
    )
    return (
        f"epoch {figures.epoch:g}: held-out loss {figures.loss:.3f}  "
        f"perplexity {figures.perplexity:.1f}{others}"
    )


def _tell(made: Pretrained) -> None:
    training = made.report.training
    rate = training.tokens_seen / max(training.seconds, 1e-9)
    typer.echo(
        f"{made.objective}: {training.steps} steps, {training.tokens_seen:,} tokens in "
        f"{training.seconds:.0f} s ({rate:,.0f} tokens/s), "
        f"{training.trainable_parameters:,} parameters"
    )
    typer.echo(f"checkpoint: {made.model}")
