"""Files of predictions from anywhere: recognised, read, and checked line by line.

Beside a task's own submission file there are plain forms: JSON lines of ``id`` and
``prediction`` (and ``detail``, such as probabilities), one JSON object of predictions
by id, CSV or TSV with the columns ``id`` and ``prediction``, and text with one line an
example, in the order of the data.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import DataError, UsageError, unknown_name
from harness.requests import JsonValue
from harness.task import Example, Prediction, Task

FORMATS: Mapping[str, str] = {
    "official": "the task's own submission file",
    "jsonl": 'a line {"id": ..., "prediction": ...} an example',
    "json": "one object of predictions by id",
    "csv": "comma-separated, with the columns id and prediction",
    "tsv": "tab-separated, with the columns id and prediction",
    "lines": "one line an example, in the order of the data",
}


class ReadPredictions(NamedTuple):
    """What a file of predictions held, one for each example, in their order."""

    format: str
    predictions: list[Prediction]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One prediction as it stands in a file, with its place for messages."""

    place: str
    id: str
    value: JsonValue
    detail: Mapping[str, JsonValue] = field(default_factory=dict)


def read_predictions(
    path: Path,
    task: Task,
    examples: Sequence[Example],
    file_format: str | None = None,
    companions: Sequence[Path] = (),
) -> ReadPredictions:
    """Read a file of predictions.

    Args:
        path: the file, in UTF-8.
        task: says what a prediction is, and how its submission file looks.
        examples: what was predicted; every one must have a prediction.
        file_format: one of `FORMATS`; recognised from the content by default.
        companions: the task's files beside it, each by the name that it should have.

    Raises:
        UsageError: there is no such format, or the task has no submission file.
        DataError: the file can't be read, an id is unknown, missing or stands twice,
            or a value is no prediction of this task; names line or id.
    """
    if file_format is not None and file_format not in FORMATS:
        raise unknown_name("format", file_format, FORMATS, "harness score --help")
    text = _text(path)
    try:
        return _read(text, path, task, examples, file_format, companions)
    except RecursionError as error:  # json gives up on some thousand levels
        raise DataError(
            f"the predictions {path} can't be read (JSON that is nested too deeply): "
            "correct the file"
        ) from error


def _read(
    text: str,
    path: Path,
    task: Task,
    examples: Sequence[Example],
    file_format: str | None,
    companions: Sequence[Path],
) -> ReadPredictions:
    chosen = file_format or recognise(text, path, task)
    if chosen == "official":
        predictions = _official(text, path, task, examples)
    elif chosen == "lines":
        items = _line_items(text, path, examples)
        predictions = _in_order(items, path, task, examples)
    else:
        items = list(_READERS[chosen](text, path))
        predictions = _in_order(items, path, task, examples)
    for companion in companions:
        predictions = _with_companion(companion, task, predictions)
    return ReadPredictions(chosen, predictions)


def recognise(text: str, path: Path, task: Task) -> str:
    """Return the format of a file, judged by its content and its task.

    A form with ``id`` and ``prediction`` is known by its first line; anything else is
    the task's submission file where it has one.
    """
    first = text.lstrip("\ufeff").partition("\n")[0]
    record = _try_json(first)
    if isinstance(record, dict) and {"id", "prediction"} <= record.keys():
        return "jsonl"
    for name, mark in (("tsv", "\t"), ("csv", ",")):
        if {"id", "prediction"} <= {cell.strip() for cell in first.split(mark)}:
            return name
    is_object = text.lstrip()[:1] == "{" and isinstance(_try_json(text), dict)
    official = task.submission
    if official is not None and not (is_object and _suffix(official.name) != ".json"):
        return "official"
    return "json" if is_object else "lines"


def _suffix(name: str) -> str:
    return Path(name).suffix


def _text(path: Path) -> str:
    try:
        # newlines stay as they are: an official reader may tell them apart
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"the predictions {path} can't be read ({error}): name a text file in UTF-8"
        ) from error


def _try_json(text: str) -> Any:  # noqa: ANN401 # whatever the JSON holds
    try:
        return json.loads(text)
    except ValueError:
        return None


def _official(
    text: str, path: Path, task: Task, examples: Sequence[Example]
) -> list[Prediction]:
    if task.submission is None:
        raise UsageError(
            f"{task.id} has no submission file of its own: give {path} in one of the "
            f"plain forms {', '.join(list(FORMATS)[1:])}"
        )
    try:
        return task.submission.read(text, examples)
    except DataError as error:
        raise DataError(
            f"{path}, read as {task.submission.name}: {error}; a plain form can be "
            "named with --format"
        ) from error


def _with_companion(
    path: Path, task: Task, predictions: Sequence[Prediction]
) -> list[Prediction]:
    """Add what a further file says of each prediction.

    The file is known by its name; where the task has one alone, any name will do.
    """
    known = {one.name: one for one in task.companions}
    only = next(iter(known.values())) if len(known) == 1 else None
    reader = known.get(path.name, only)
    if reader is None:
        raise UsageError(
            f"{task.id} takes no file {path.name} beside its predictions, expected "
            f"{', '.join(known) or 'none'}: rename it or leave it out"
        )
    try:
        return reader.read(_text(path), predictions)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


# Plain forms


def _json_line_items(text: str, path: Path) -> Iterator[_Item]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        record = _try_json(line)
        if not isinstance(record, dict) or not {"id", "prediction"} <= record.keys():
            raise DataError(
                f"{place}: {line[:60]!r}, expected an object with id and prediction: "
                "correct the line"
            )
        detail = record.get("detail", {})
        if not isinstance(detail, dict):
            raise DataError(
                f"{place}: the detail is {detail!r}, expected an object, such as "
                "probabilities by label: correct the line"
            )
        yield _Item(
            place=place,
            id=str(record["id"]),
            value=record["prediction"],
            detail=detail,
        )


def _json_items(text: str, path: Path) -> Iterator[_Item]:
    def refuse_twice(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        names = Counter(name for name, _ in pairs)
        twice = next((name for name, count in names.items() if count > 1), None)
        if twice is not None:
            raise _twice(str(path), twice)
        return dict(pairs)

    try:
        body = json.loads(text, object_pairs_hook=refuse_twice)
    except ValueError as error:
        raise DataError(
            f"{path} is no JSON ({error}): write one object of predictions by id"
        ) from error
    if not isinstance(body, dict):
        raise DataError(
            f"{path} holds a {type(body).__name__}, expected one object of predictions "
            "by id: write it again"
        )
    for key, value in body.items():
        yield _Item(place=f"{path}, id {key!r}", id=key, value=value)


def _table_items(delimiter: str) -> Callable[[str, Path], Iterator[_Item]]:
    def read(text: str, path: Path) -> Iterator[_Item]:
        file = io.StringIO(text.lstrip("\ufeff"), newline="")
        rows = csv.reader(file, delimiter=delimiter)
        header = [cell.strip() for cell in next(rows, [])]
        for name in ("id", "prediction"):
            if header.count(name) != 1:
                raise DataError(
                    f"{path}, line 1: the columns are {', '.join(header) or 'none'}, "
                    "expected id and prediction, each once: correct the first line"
                )
        for row in rows:
            if not row:
                continue
            place = f"{path}, line {rows.line_num}"
            if len(row) != len(header):
                raise DataError(
                    f"{place}: {len(row)} cells, expected {len(header)} as in the "
                    "first line: correct the line, or quote its cells"
                )
            record = dict(zip(header, row, strict=True))
            yield _Item(place=place, id=record["id"], value=record["prediction"])

    return read


def _line_items(text: str, path: Path, examples: Sequence[Example]) -> list[_Item]:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != len(examples):
        raise DataError(
            f"{path} has {len(lines)} lines, expected {len(examples)}, one an example "
            "in the order of the data: correct the file, or write ids beside the "
            "predictions"
        )
    return [
        _Item(place=f"{path}, line {number}", id=example.id, value=line.rstrip("\r"))
        for number, (line, example) in enumerate(
            zip(lines, examples, strict=True), start=1
        )
    ]


_READERS: Mapping[str, Callable[[str, Path], Iterable[_Item]]] = {
    "jsonl": _json_line_items,
    "json": _json_items,
    "csv": _table_items(","),
    "tsv": _table_items("\t"),
}


# What every plain form must hold


def _in_order(
    items: Sequence[_Item], path: Path, task: Task, examples: Sequence[Example]
) -> list[Prediction]:
    """Return one prediction an example; ids are all there, known, and stand once."""
    known = {example.id: example for example in examples}
    by_id: dict[str, _Item] = {}
    for item in items:
        if item.id not in known:
            raise DataError(
                f"{item.place}: {task.id} has no example {item.id!r} in this split: "
                "correct the id, or name the split with --split"
            )
        if item.id in by_id:
            raise _twice(item.place, item.id)
        by_id[item.id] = item
    missing = [name for name in known if name not in by_id]
    if missing:
        raise DataError(
            f"{path} has no prediction for {len(missing)} of {len(known)} examples, "
            f"the first is {missing[0]!r}: add them"
        )
    read = _value_reader(task, examples)
    return [
        Prediction(id=name, value=read(by_id[name]), detail=by_id[name].detail)
        for name in known
    ]


def _twice(place: str, name: str) -> DataError:
    return DataError(
        f"{place}: the id {name!r} stands twice, expected one prediction an example: "
        "remove one"
    )


def _value_reader(
    task: Task, examples: Sequence[Example]
) -> Callable[[_Item], JsonValue]:
    """Return what makes a task's prediction of what stands in a file."""
    labels = task.problem.labels
    perfect = _perfect(task, examples)
    is_tags = isinstance(perfect, list)

    def read(item: _Item) -> JsonValue:
        value = item.value
        if value is None:  # a model's text that could not be parsed
            return None
        if labels and not is_tags:
            return _label(item, labels)
        if isinstance(perfect, float) and not isinstance(perfect, bool):
            return _number(item)
        if is_tags and isinstance(value, str):
            return _list(item)
        return value

    return read


def _perfect(task: Task, examples: Sequence[Example]) -> JsonValue:
    """Return one perfect prediction, None where the problem says there is none."""
    try:
        return next(iter(task.problem.perfect(examples[:1])), None)
    except UsageError:
        return None


def _label(item: _Item, labels: Sequence[str]) -> JsonValue:
    """Return a label's name; its number in the data set's order is as good."""
    text = str(item.value)
    if text in labels:
        return text
    if text.isdecimal() and int(text) < len(labels):
        return labels[int(text)]
    raise DataError(
        f"{item.place}: {item.value!r} is no label, expected one of "
        f"{', '.join(labels)}, or its number from 0: correct it"
    )


def _number(item: _Item) -> JsonValue:
    try:
        return float(item.value)  # type: ignore[arg-type] # what is none raises
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{item.place}: {item.value!r} is no number, expected one: correct it"
        ) from error


def _list(item: _Item) -> JsonValue:
    value = _try_json(str(item.value))
    if isinstance(value, list):
        return value
    raise DataError(
        f"{item.place}: {str(item.value)[:60]!r} is no list, expected a JSON list: "
        "correct it"
    )
