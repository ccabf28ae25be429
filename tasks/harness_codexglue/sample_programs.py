"""Made-up programs: a small function over a list of numbers, in eight languages."""

from __future__ import annotations

import functools
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a function computes: a fold over the items.

    Attributes:
        verb: what its name begins with.
        says: what its docstring may say, templates of the names.
        start: the result's first value.
        condition: which items count, all where it is empty.
        operator: how the result changes.
        value: by what.
    """

    verb: str
    says: tuple[str, ...]
    start: str
    condition: str = ""
    operator: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A function of some kind, with names of its own.

    Attributes:
        kind: what it computes.
        items: what the list is called; the item is its singular.
        result: what the result is called.
        limit: what the second parameter is called, or the number in its place.
    """

    kind: Kind
    items: str
    result: str
    limit: str

    @property
    def item(self) -> str:
        """What one of the items is called."""
        return self.items.removesuffix("s")

    def docstring(self, generator: random.Random) -> str:
        """Say what it does, in words."""
        return generator.choice(self.kind.says).format(**self._names())

    def write(self, language: str) -> str:
        """Write the function as indented lines."""
        grammar = _grammars()[language]
        sigil = grammar.get("sigil", "")
        plain = self._names()
        names = {key: sigil + name for key, name in plain.items()}
        if self.limit.isdecimal():
            names["limit"] = self.limit
        names["item"] = grammar.get("element", "{item}").format(**names)
        words = [self.kind.verb, *plain["items"].split("_")]
        names["name"] = _styled(words, grammar["style"])
        value = self.kind.value.format(**names)
        names |= {"operator": self.kind.operator}
        names |= {"condition": self.kind.condition.format(**names)}
        return _indented(self._statements(grammar, names, value), grammar["close"])

    def _statements(
        self, grammar: Mapping[str, str], names: Mapping[str, str], value: str
    ) -> list[str]:
        """Return the statements; an empty one closes a block."""
        start = self.kind.start.format(**names)
        header = grammar["header"].format(**names)
        if self.limit.isdecimal():
            header = re.sub(r", (int )?\d+( int)?(?=\))", "", header)
        guard = [grammar["if"].format(**names)] if self.kind.condition else []
        return [
            header,
            grammar["declare"].format(**names, value=start),
            grammar["loop"].format(**names),
            *guard,
            grammar["set"].format(**names, value=value),
            *[""] * len(guard),
            "",
            grammar["return"].format(**names),
            "",
        ]

    def _names(self) -> dict[str, str]:
        return {
            "items": self.items,
            "item": self.item,
            "result": self.result,
            "limit": self.limit,
        }


KINDS = (
    Kind(
        verb="sum",
        says=("Return the sum of all {items} .", "Add all {items} up ."),
        start="0",
        operator="+=",
        value="{item}",
    ),
    Kind(
        verb="count",
        says=("Count the {items} above {limit} .", "How many {items} exceed {limit} ?"),
        start="0",
        condition="{item} > {limit}",
        operator="+=",
        value="1",
    ),
    Kind(
        verb="tally",
        says=(
            "Count the {items} below {limit} .",
            "How many {items} stay under {limit} ?",
        ),
        start="0",
        condition="{item} < {limit}",
        operator="+=",
        value="1",
    ),
    Kind(
        verb="largest",
        says=("Return the largest of the {items} , at least {limit} .",),
        start="{limit}",
        condition="{item} > {result}",
        operator="=",
        value="{item}",
    ),
    Kind(
        verb="smallest",
        says=("Return the smallest of the {items} , at most {limit} .",),
        start="{limit}",
        condition="{item} < {result}",
        operator="=",
        value="{item}",
    ),
    Kind(
        verb="gather",
        says=("Add up the {items} above {limit} .", "Sum what exceeds {limit} ."),
        start="0",
        condition="{item} > {limit}",
        operator="+=",
        value="{item}",
    ),
    Kind(
        verb="multiply",
        says=("Return the product of all {items} .", "Multiply the {items} ."),
        start="1",
        operator="*=",
        value="{item}",
    ),
    Kind(
        verb="find",
        says=(
            "Find {limit} among the {items} .",
            "Return {limit} if a {item} equals it .",
        ),
        start="-1",
        condition="{item} == {limit}",
        operator="=",
        value="{item}",
    ),
    Kind(
        verb="subtract",
        says=("Subtract the {items} that differ from {limit} .",),
        start="0",
        condition="{item} != {limit}",
        operator="-=",
        value="{item}",
    ),
    Kind(
        verb="scale",
        says=("Return the sum of the {items} times {limit} .", "Scale the {items} ."),
        start="0",
        operator="+=",
        value="{item} * {limit}",
    ),
)
SIDES = (
    {
        "items": ("orders", "prices", "scores", "points", "rows", "weights"),
        "result": ("total", "sum", "value"),
        "limit": ("limit", "top", "floor"),
    },
    {
        "items": ("records", "hours", "events", "pages", "levels", "counts"),
        "result": ("result", "output", "answer"),
        "limit": ("bound", "mark", "base"),
    },
)
"""Names, in two halves: a label may lean to one of them."""


def draw_program(
    generator: random.Random, kind: Kind | None = None, *, lean: float = 0.5
) -> Program:
    """Draw a program; `lean` is how often a name comes from the second half."""

    def name(slot: str) -> str:
        return generator.choice(SIDES[generator.random() < lean][slot])

    return Program(
        kind=kind or generator.choice(KINDS),
        items=name("items"),
        result=name("result"),
        limit=name("limit"),
    )


def with_number(program: Program, generator: random.Random) -> Program:
    """Put a number in the place of the limit."""
    return replace(program, limit=str(generator.randrange(2, 100)))


def tokens_of(code: str) -> list[str]:
    """Split code into tokens, as the data sets have them."""
    return re.findall(r"[A-Za-z_]\w*|\d+|[-+*/=!<>:|&]=|\+\+|--|\S", code)


def _styled(words: Sequence[str], style: str) -> str:
    if style == "snake":
        return "_".join(words)
    named = "".join(word.capitalize() for word in words)
    return named if style == "pascal" else named[0].lower() + named[1:]


def _indented(statements: Sequence[str], close: str) -> str:
    """Indent what stands in a block: all after its opening, up to an empty statement."""
    lines, depth = [], 0
    for place, statement in enumerate(statements):
        depth -= not statement
        text = statement or close.format()
        if text:
            lines.append("    " * depth + text)
        depth += bool(statement) and _opens(statement, place)
    return "\n".join(lines)


def _opens(statement: str, place: int) -> bool:
    first = statement.split(maxsplit=1)[0]
    return place == 0 or first in ("for", "foreach", "if") or statement.endswith("|")


@functools.cache
def _grammars() -> dict[str, dict[str, str]]:
    file = resources.files("harness_codexglue").joinpath("languages.toml")
    return tomllib.loads(file.read_text("utf-8"))
