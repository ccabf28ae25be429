"""Prompts that are messages to a chat model, and how what it says is read.

A chat model is told what to write and to write nothing else. It ends its turn itself,
so no text stops it; some begin with an empty line or announce what follows ("Here is
the translation:"), and most put code into a fence.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.requests import JsonValue
from harness.task import Prompt, Row, Template

Parse = Callable[[str, Row], JsonValue]
"""Reads what a model wrote back into a target, given the row; see `Prompt`."""

_FENCE = re.compile(r"```(?:[\w+#.-]*[ \t]*\n)?(.*?)(?:```|\Z)", re.DOTALL)
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_COLONS = (":", "\uff1a")


def message_prompt(
    text: Template,
    *,
    parse: Parse,
    max_tokens: int,
    source: str,
    write: Callable[[JsonValue, Row], str] | None = None,
) -> Prompt:
    """Return a prompt that is a message: what to do, an empty line, the input.

    Args:
        text: the message, a template of the row's columns.
        parse: reads the answer; `read_paragraph` and `read_code` are such.
        max_tokens: how long an answer may become, its announcement and fence included.
        source: where the wording is published, or that it is one's own.
        write: words a target for exemplars, where that is not the target as it stands.
    """
    return Prompt(
        text=text,
        delimiter="\n\n",
        write=write,
        parse=parse,
        max_tokens=max_tokens,
        stop=(),
        is_message=True,
        source=source,
    )


def read_paragraph(text: str, _row: Row) -> str:
    """Return the first paragraph of what was said, behind lines that announce it.

    A line that ends with a colon announces what follows; where nothing follows, it is
    what was said.
    """
    return _paragraphs(text)[0].strip()


def read_code(text: str, _row: Row) -> str:
    """Return what stands in the first code fence, the first paragraph without one.

    A fence that is not closed, since the answer became too long, goes to its end; a
    paragraph with open braces goes on with those behind it that may close them.
    """
    found = _FENCE.search(text)
    if found:
        return found[1].strip()
    code, *others = _paragraphs(text)
    for other in others:
        if code.count("{") <= code.count("}"):
            break
        code = f"{code}\n\n{other}"
    return code.strip()


def _paragraphs(text: str) -> list[str]:
    """Return what was said, without what announces it; one paragraph at least."""
    lines = text.strip().split("\n")
    while len(lines) > 1 and _is_before(lines[0].strip()):
        lines.pop(0)
    return [part.rstrip() for part in _EMPTY_LINES.split("\n".join(lines))]


def _is_before(line: str) -> bool:
    return not line or line.endswith(_COLONS)
