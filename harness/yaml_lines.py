"""YAML files whose mistakes are named by file, line and key.

The dialect is YAML 1.2's core schema: ``yes`` and ``no`` are text, ``1e-4`` is a
number, and there are no tags, dates or merge keys. Keys are text and stand once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from harness.errors import UsageError
from harness.requests import JsonValue

Place = tuple[str | int, ...]


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
