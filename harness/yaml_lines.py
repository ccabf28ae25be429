"""YAML files whose mistakes are named by file, line and key.

The dialect is YAML 1.2's core schema: ``yes`` and ``no`` are text, ``1e-4`` is a
number, and there are no tags, dates or merge keys. Keys are text and stand once.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from harness.errors import UsageError
from harness.requests import JsonValue

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model")
Place = tuple[str | int, ...]
MAX_FOUND = 60
"""Characters of a wrong value that a message repeats."""
_EXPECTED = {
    "model_type": "keys with values",
    "dataclass_type": "keys with values",
    "dict_type": "keys with values",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file's content with the line of everything in it.

    Attributes:
        path: the file, as messages name it.
        data: the content.
        lines: the line of every key and item, from 1, by its place in `data`.
    """

    path: str
    data: JsonValue
    lines: Mapping[Place, int]

    def locate(self, place: Place) -> int:
        """Return the line of a place, or of the nearest thing around it."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def error(self, place: Place, message: str) -> UsageError:
        """Make the error for what is wrong at a place."""
        key = f" key {'.'.join(str(part) for part in place)}:" if place else ""
        return UsageError(f"{self.path}:{self.locate(place)}:{key} {message}")


def load_yaml(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        UsageError: the file can't be read, is no YAML, is empty, or uses what this
            dialect leaves out; names file, line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(
            f"can't read {str(path)!r} ({reason}): name a YAML file"
        ) from error
    root = _compose(text, str(path))
    if root is None:
        raise UsageError(f"{path}:1: the file is empty, expected keys with values")
    reader = _Reader(str(path))
    return Document(path=str(path), data=reader.value(root, ()), lines=reader.lines)


def check(model_type: type[Model], document: Document) -> Model:
    """Turn a document into a checked value of a pydantic model or dataclass.

    Raises:
        UsageError: the document does not fit; one line of the form ``FILE:LINE: key
            a.0.b: what, expected, did you mean``.
    """
    from pydantic import TypeAdapter, ValidationError  # slow to import

    adapter = TypeAdapter(model_type)
    try:
        return adapter.validate_python(document.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A misspelt key explains a missing one, so it is told first.
        worst = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
        place = _place(worst, document.data)
        message = _explain(worst, place, adapter.json_schema)
        raise document.error(place, message) from error


_CORE = {
    "null": (r"~|null|Null|NULL|", "~nN"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
}


def _core_resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Return PyYAML's table: what a plain scalar is, by its first character."""
    resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for kind, (pattern, starts) in _CORE.items():
        entry = (f"tag:yaml.org,2002:{kind}", re.compile(rf"(?:{pattern})\Z"))
        for start in (*starts, "") if kind == "null" else starts:
            resolvers.setdefault(start, []).append(entry)
    return resolvers


class _Loader(yaml.SafeLoader):
    """A safe loader that resolves plain scalars by YAML 1.2's core schema."""

    yaml_implicit_resolvers = _core_resolvers()


def _compose(text: str, path: str) -> Node | None:
    """Parse one document without tags.

    Raises:
        UsageError: the text is no such document.
    """
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if getattr(event, "tag", None):
                mark = event.start_mark
                place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
                raise UsageError(f"{place}: tags are not allowed: remove the tag")
        return yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}{_syntax(error)}: correct the YAML") from error


def _syntax(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return f": {' '.join(str(error).split())}"
    problem = getattr(error, "problem", None) or getattr(error, "context", None)
    return f":{mark.line + 1}:{mark.column + 1}: {problem}"


class _Reader:
    """Turns nodes into values and notes the line of each."""

    def __init__(self, path: str) -> None:
        self.lines: dict[Place, int] = {}
        self._path = path
        self._open: set[int] = set()

    def value(self, node: Node, place: Place) -> JsonValue:
        """Return the node's value.

        Raises:
            UsageError: a key is no text or stands twice, or an alias holds itself.
        """
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if id(node) in self._open:
            raise self._error(node, "an alias stands inside its own anchor: remove it")
        self._open.add(id(node))
        mapping = isinstance(node, MappingNode)
        value = self._mapping(node, place) if mapping else self._list(node, place)
        self._open.remove(id(node))
        return value

    def _list(self, node: Node, place: Place) -> JsonValue:
        return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: Node, place: Place) -> JsonValue:
        mapping: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            inside = (*place, key)
            if key in mapping:
                raise self._error(
                    key_node,
                    f"key {key!r} stands already in line {self.lines[inside]}, "
                    "expected it once: remove one",
                )
            self.lines[inside] = key_node.start_mark.line + 1
            mapping[key] = self.value(value_node, inside)
        return mapping

    def _key(self, node: Node) -> str:
        key = _scalar(node) if isinstance(node, ScalarNode) else None
        if isinstance(key, str):
            return key
        found = node.value if isinstance(node, ScalarNode) else "of several values"
        raise self._error(node, f"key {found} is not text: put it in quotes")

    def _error(self, node: Node, message: str) -> UsageError:
        mark = node.start_mark
        return UsageError(f"{self._path}:{mark.line + 1}:{mark.column + 1}: {message}")


def _scalar(node: ScalarNode) -> JsonValue:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        case "float":
            return float(text)
    return text


def _place(detail: ErrorDetails, data: JsonValue) -> Place:
    """Return where an error stands in the data.

    Pydantic's location also names the branches of unions, which no key has.
    """
    place: list[str | int] = []
    here = data
    for index, part in enumerate(detail["loc"]):
        if isinstance(here, dict) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif detail["type"] != "missing" or index < len(detail["loc"]) - 1:
            continue
        place.append(part)
    return tuple(place)


def _explain(
    detail: ErrorDetails, place: Place, schema: Callable[[], dict[str, Any]]
) -> str:
    """Say what was found, what was expected, and what is nearest to it."""
    if detail["type"] == "missing":
        return "missing, expected a value: add the key"
    if detail["type"] == "extra_forbidden":
        known = sorted(_keys(schema(), place[:-1]))
        hint = _nearest(str(place[-1]), known)
        return f"unknown key, expected one of {', '.join(known)}{hint}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    expected = _EXPECTED.get(detail["type"], detail["msg"])
    expected = " ".join(expected.replace("Input should be ", "").split())
    found = json.dumps(detail["input"], ensure_ascii=False, default=str)
    found = found if len(found) <= MAX_FOUND else found[:MAX_FOUND] + "..."
    options = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
    return (
        f"found {found}, expected {expected}{_nearest(found.strip(chr(34)), options)}"
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else ""


def _keys(schema: Mapping[str, Any], place: Place) -> set[str]:
    """Return the keys that a JSON schema knows at a place, over all alternatives."""
    definitions = schema.get("$defs", {})
    heads: list[Mapping[str, Any]] = [schema]
    for part in place:
        heads = [s for head in _resolve(heads, definitions) for s in _step(head, part)]
    found = _resolve(heads, definitions)
    return {key for head in found for key in head.get("properties", {})}


def _resolve(
    schemas: Sequence[Mapping[str, Any]], definitions: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas behind references and alternatives."""
    for schema in schemas:
        yield schema
        behind = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if "$ref" in schema:
            behind.append(definitions[schema["$ref"].rpartition("/")[2]])
        yield from _resolve(behind, definitions)


def _step(schema: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas of what stands under a key or index."""
    if isinstance(part, int):
        inside = schema.get("items")
    else:
        inside = schema.get("properties", {}).get(part)
        inside = inside or schema.get("additionalProperties")
    if isinstance(inside, Mapping):
        yield inside
