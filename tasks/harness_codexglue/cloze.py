"""Cloze tests: which word was taken out of a function, given its docstring.

The official data set hides the words: the Hub and the repository have the functions
alone, so that predictions can be made and submitted, not scored. Rows with a column
``answer`` (the built-in sample, or a folder of one's own) are scored.
"""

from __future__ import annotations

from harness import Blank, Row, Task
from harness_codexglue.cloze_words import read_words
from harness_codexglue.hub import PAPER, data
from harness_codexglue.prompts import cloze_prompts
from harness_codexglue.submission import NumberedLines
from harness_codexglue.texts import one_line

LANGUAGES = {
    "go": "Go",
    "java": "Java",
    "javascript": "JavaScript",
    "php": "PHP",
    "python": "Python",
    "ruby": "Ruby",
}
MASK = "<mask>"


def max_or_min(_row: Row) -> tuple[str, ...]:
    """Return the two candidates of ClozeTest-maxmin."""
    return ("max", "min")


def all_words(_row: Row) -> tuple[str, ...]:
    """Return the 930 candidates of ClozeTest-all, in the official file's order."""
    return read_words()


def split_at_mask(row: Row) -> tuple[str, str]:
    """Return docstring and code before the blank, and the code after it.

    Tokens are joined by spaces, as ``run_cloze.py`` of the task joins them.
    """
    words, code = row["nl_tokens"], row["pl_tokens"]
    assert isinstance(words, list)
    assert isinstance(code, list)
    place = code.index(MASK) if MASK in code else len(code)
    return one_line([*words, *code[:place]]), one_line(code[place + 1 :])


def with_blank(row: Row) -> str:
    """Return the text with ``{blank}`` in place of the word."""
    before, after = split_at_mask(row)
    return f"{before} {{blank}} {after}".strip()


def _task(kind: str, language: str) -> Task:
    words = "maxmin" if kind == "maxmin" else "all"
    return Task(
        id=f"codexglue/cloze-{words}/{language}",
        title=f"ClozeTest-{words} {LANGUAGES[language]}",
        summary="which of "
        + ("max and min" if kind == "maxmin" else "930 words")
        + f" was taken out of the {LANGUAGES[language]} function?",
        data=data(
            f"cc_cloze_testing_{words}",
            language,
            train=None,
            evaluate="train",
            submit="train",
            id_column="idx",
        ),
        problem=Blank(
            text=with_blank,
            inputs={"nl_tokens": "texts", "pl_tokens": "texts"},
            candidates=max_or_min if kind == "maxmin" else all_words,
        ),
        metrics=("accuracy",),
        prompts=cloze_prompts(split_at_mask),
        submission=NumberedLines(
            name=f"Code-Code/ClozeTesting-{words}/predictions/{language}/predictions.txt",
            separator="<CODESPLIT>",
        ),
        source=PAPER,
    )


TASKS = tuple(_task(kind, lang) for kind in ("all", "maxmin") for lang in LANGUAGES)
