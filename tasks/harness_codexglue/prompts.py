"""How code tasks are worded for text models.

CodeXGLUE fine-tunes models and publishes no prompts. ``plain`` is this project's own:
a label before and after the source, for decoders. ``t5`` is the wording that CodeT5 was
trained on (a task's name, its sub-task, and a colon) where CodeT5 has the task. ``chat``
is our own too: see `harness_codexglue.messages`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from harness import Prompt, Row
from harness.requests import JsonValue
from harness_codexglue.texts import one_line, stripped, worded

CODET5 = (
    "Wang et al., CodeT5 (EMNLP 2021); convert_examples_to_features in "
    "salesforce/CodeT5 _utils.py at commit 0bf3c0c43e92fcf54d9df68c793ac22f2b60aad4"
)
RAFFEL = (
    "the translation wording of Raffel et al., Exploring the Limits of Transfer Learning "
    "with a Unified Text-to-Text Transformer (JMLR 2020), appendix D, of which no "
    "published checkpoint was trained on this pair"
)
SENTINEL = "<extra_id_0>"
"""The first of T5's sentinels, which stands for a missing span."""


def written_as(
    plain: str,
    column: str,
    *,
    t5: str = "",
    max_tokens: int,
    t5_source: str = CODET5,
    clean: Callable[[JsonValue], str] = stripped,
    chat: Prompt,
) -> dict[str, Prompt]:
    """Return the prompts of a task that writes one line for one column.

    Args:
        plain: the wording for decoders, a template of the column.
        column: the column to read.
        t5: the wording for T5, none where it is empty.
        max_tokens: how long an answer may become.
        t5_source: where the wording for T5 is published.
        clean: what the column becomes first.
        chat: the message to a chat model.
    """
    prompts = {
        "plain": Prompt(text=worded(plain, column, clean=clean), max_tokens=max_tokens)
    }
    if t5:
        text = worded(t5, column, clean=clean)
        prompts["t5"] = Prompt(text=text, max_tokens=max_tokens, source=t5_source)
    return prompts | {"chat": chat}


def cloze_prompts(split_at_mask: Callable[[Row], tuple[str, str]]) -> dict[str, Prompt]:
    """Return the prompts of a cloze test.

    ``left`` shows what stands before the blank alone, ``whole`` compares the whole text
    with each candidate in place, and ``t5`` marks the blank as T5's pre-training does.

    Args:
        split_at_mask: returns a row's text before and after the blank.
    """
    return {
        "left": Prompt(text=functools.partial(_before, split_at_mask)),
        "whole": Prompt(
            text=functools.partial(_before, split_at_mask),
            choice=functools.partial(_candidate_and_after, split_at_mask),
        ),
        "t5": Prompt(
            text=functools.partial(_with_sentinel, split_at_mask),
            choice=f"{SENTINEL} {{choice}}",
            source="Raffel et al. (JMLR 2020), section 3.1.4: span corruption",
        ),
    }


def _before(split: Callable[[Row], tuple[str, str]], row: Row) -> str:
    return split(row)[0]


def _candidate_and_after(split: Callable[[Row], tuple[str, str]], row: Row) -> str:
    return f"{row['choice']} {split(row)[1]}".strip()


def _with_sentinel(split: Callable[[Row], tuple[str, str]], row: Row) -> str:
    before, after = split(row)
    return f"{before} {SENTINEL} {after}".strip()


def read_python_line(text: str, _row: Row) -> str:
    """Return the rest of a tokenised Python line: what stands before ``<EOL>``."""
    return one_line(text.partition("<EOL>")[0])


def read_java_line(text: str, _row: Row) -> str:
    """Return the rest of a tokenised Java line.

    It ends with the first ``;`` or ``}``, which belong to it, or before the first
    ``{``, as the task's README defines a line.
    """
    found = re.match(r"[^;{}]*[;}]?", one_line(text))
    return found[0].strip() if found else ""
