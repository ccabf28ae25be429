"""Made-up lines of software documentation, in four languages and English."""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from harness.requests import JsonValue


def make_document(
    generator: random.Random, config: str, _split: str, _label: int
) -> Mapping[str, JsonValue]:
    """Make a line, or two joined, in the language that a configuration begins with."""
    tables = _read_tables()
    source, english = tables[config.partition("_")[0]], tables["en"]
    drawn = [_Line(generator, english) for _ in range(generator.randrange(1, 3))]
    return {
        "source": " ".join(line.written(source) for line in drawn) + "\n",
        "target": " ".join(line.written(english) for line in drawn) + "\n",
    }


class _Line:
    def __init__(self, generator: random.Random, table: Mapping[str, Any]) -> None:
        self._line = generator.randrange(len(table["lines"]))
        self._place = generator.randrange(len(table["place"]))
        self._thing = generator.randrange(len(table["thing"]))
        self._number = generator.randrange(1, 10)

    def written(self, table: Mapping[str, Any]) -> str:
        template: str = table["lines"][self._line]
        place, thing = table["place"][self._place], table["thing"][self._thing]
        return template.format(place=place, thing=thing, number=self._number)


@functools.cache
def _read_tables() -> dict[str, Any]:
    file = resources.files("harness_codexglue").joinpath("documents.toml")
    return tomllib.loads(file.read_text("utf-8"))
