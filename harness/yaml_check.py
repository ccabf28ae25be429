"""Documents checked against pydantic models, with the nearest key where one is wrong."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from harness.requests import JsonValue
from harness.yaml_lines import Document, Place

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model")
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
