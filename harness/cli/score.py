"""`harness score`: scores of a file of predictions, no model needed."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import DataOption, JsonOption, PluginOption
from harness.cli.table import print_table

if TYPE_CHECKING:
    from harness.file_scores import FileScores
    from harness.results import CellScore

EPILOG = """\b
Examples:
  harness score glue/sst2 SST-2.tsv --data ../data
  harness score squad/v2 predictions.jsonl --data hub --json
  harness score wmt/wmt23/en-de system.txt --store runs/store.sqlite
\b
Formats, recognised from the content:
  official  the task's own submission file
  jsonl     a line {"id": ..., "prediction": ...} an example; "detail" may stand by
  json      one object of predictions by id
  csv, tsv  a table with the columns id and prediction
  lines     one line an example, in the order of the data
"""

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="official, jsonl, json, csv, tsv or lines; recognised by default.",
    ),
]
BesideOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="A further file of the task, such as SQuAD's na_prob.json; repeatable.",
    ),
]
KeepOption = Annotated[
    str | None,
    typer.Option(
        metavar="PATH|URL",
        help="Keep the scores in this store too, for 'harness leaderboard'.",
    ),
]


def score(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="Such as glue/sst2.")],
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS", help="The file, in UTF-8.")
    ],
    data: DataOption = "hub",
    split: Annotated[
        str | None,
        typer.Option(
            help="The split that was predicted; the evaluated one by default."
        ),
    ] = None,
    file_format: FormatOption = None,
    beside: BesideOption = None,
    store: KeepOption = None,
    model: Annotated[
        str | None,
        typer.Option(help="What the store calls it; file:NAME by default."),
    ] = None,
    json_output: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Score a file of predictions with intervals and signatures.

    Every example of the split must have one prediction; what is missing, unknown,
    there twice or no label is named by line or id.
    """
    from harness.file_scores import score_file, store_scores
    from harness.plugins import load_plugins

    plugins = load_plugins(plugin or ())
    found = score_file(
        plugins,
        plugins.task(task_id),
        predictions,
        data=data,
        split=split,
        file_format=file_format,
        companions=beside or (),
    )
    if store is not None:
        name = model or f"file:{predictions.name}"
        store_scores(found, plugins, store, model=name)
    if json_output:
        print(json.dumps(_as_json(found), indent=2))
    else:
        _print(found)


def _print(found: FileScores) -> None:
    from harness.predictions import FORMATS

    task, split = found.task, found.split
    print(f"{found.path}, read as {found.read.format}: {FORMATS[found.read.format]}")
    print(
        f"{task.id}@{task.version} on {split.name} ({split.origin}): {split.size} "
        f"examples, sha256 {split.content_hash[:12]}"
    )
    unparsable = sum(one.value is None for one in found.read.predictions)
    if unparsable:
        print(f"{unparsable} predictions are missing or null, and count as no answer")
    print()
    rows = [
        (_name(each), *_numbers(each), each.method, each.signature)
        for each in found.scored.scores
    ]
    print_table(("metric", "score", "95 % interval", "made by", "signature"), rows)
    is_undefined = any(math.isnan(each.value) for each in found.scored.scores)
    if is_undefined and task.companions and not found.companions:
        names = " or ".join(each.name for each in task.companions)
        print(f"\nsome scores need a further file, {names}: add it with --beside")


def _name(each: CellScore) -> str:
    return f"{each.metric} (lower is better)" if each.is_lower_better else each.metric


def _numbers(each: CellScore) -> tuple[str, str]:
    if math.isnan(each.value):
        return "undefined", ""
    value = f"{each.value * each.scale:.2f}"
    if each.low is None or each.high is None:
        return value, ""
    return value, f"{each.low * each.scale:.2f} to {each.high * each.scale:.2f}"


def _as_json(found: FileScores) -> dict[str, Any]:
    """Return what JSON can hold: an undefined score is null."""
    scores = [asdict(each) for each in found.scored.scores]
    headline = asdict(found.scored.headline)
    strict = json.loads(json.dumps([scores, headline]), parse_constant=lambda _: None)
    return {
        "task": found.task.id,
        "task_version": found.task.version,
        "predictions": str(found.path),
        "format": found.read.format,
        "split": found.split.name,
        "data": found.split.origin,
        "data_hash": found.split.content_hash,
        "examples": found.split.size,
        "scores": strict[0],
        "headline": strict[1],
    }
