"""Code tasks as messages to a chat model, in words of our own.

A chat model writes code over several lines and in a fence. The data sets have it in
one line, most with its tokens set apart, and their scores compare that: so the message
says so, and what is read is joined into one line. An unfinished line has no message:
it is a text to go on with, and a chat model continues it best outside its template.
"""

from __future__ import annotations

from collections.abc import Callable

from harness import Prompt, Row
from harness.messages import message_prompt, read_code, read_paragraph
from harness.requests import JsonValue
from harness_codexglue.texts import stripped, worded

SOURCE = "our own: an instruction with the form of the data set, the source"
Clean = Callable[[JsonValue], str]

REPAIR = (
    "The following Java method has a bug. Its names were replaced by METHOD_1, TYPE_1, "
    "VAR_1 and so on. Write the whole method without the bug, in one line with its "
    "tokens set apart by spaces, and nothing else."
)
TRANSLATION = (
    "Translate the following method from {source} into {target}. Write the method in "
    "one line and nothing else."
)
CONCODE = (
    "Write the Java method that the following description asks for. Behind it stand the "
    "fields and methods of its class, set apart by concode_field_sep and "
    "concode_elem_sep. Call the method function, its arguments arg0, arg1 and so on, "
    "and its local variables loc0, loc1 and so on. Write the method in one line with "
    "its tokens set apart by spaces, and nothing else."
)
SUMMARY = (
    "Say in one sentence what the following {language} function does. Write the "
    "sentence and nothing else."
)
DOCUMENTATION = (
    "Translate the following line of documentation from {language} into English. Write "
    "the translation and nothing else."
)


def code_message(instruction: str, column: str, *, max_tokens: int) -> Prompt:
    """Return a message that asks for code in place of a column's."""
    return message_prompt(
        _below(instruction, column, stripped),
        parse=read_code_line,
        max_tokens=max_tokens,
        source=SOURCE,
    )


def text_message(
    instruction: str, column: str, *, max_tokens: int, clean: Clean = stripped
) -> Prompt:
    """Return a message that asks for words about a column, which `clean` writes."""
    return message_prompt(
        _below(instruction, column, clean),
        parse=read_text_line,
        max_tokens=max_tokens,
        source=SOURCE,
    )


def read_code_line(text: str, row: Row) -> str:
    """Return the code that was written, in one line."""
    return _joined(read_code(text, row))


def read_text_line(text: str, row: Row) -> str:
    """Return the paragraph that was written, in one line."""
    return _joined(read_paragraph(text, row))


def _below(instruction: str, column: str, clean: Clean) -> Callable[[Row], str]:
    return worded(f"{instruction}\n\n{{{column}}}", column, clean=clean)


def _joined(text: str) -> str:
    """Join lines by spaces; within a line nothing changes, as in the references."""
    lines = (line.strip() for line in text.split("\n"))
    return " ".join(line for line in lines if line)
