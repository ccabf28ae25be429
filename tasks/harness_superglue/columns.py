"""Columns of SuperGLUE's rows that prompts read with care."""

from __future__ import annotations

from harness import DataError, Row

COPA_QUESTIONS = ("cause", "effect")


def premise(row: Row) -> str:
    """Return the first sentence of an entailment pair.

    AX-b calls its columns otherwise than RTE, on which it is trained: exemplars come
    with the one, questions with the other.
    """
    return str(row["premise"] if "premise" in row else row["sentence1"])


def hypothesis(row: Row) -> str:
    """Return the second sentence of an entailment pair, as `premise` does the first."""
    return str(row["hypothesis"] if "hypothesis" in row else row["sentence2"])


def copa_question(row: Row) -> str:
    """Return what COPA asks for: ``cause`` or ``effect``.

    Raises:
        DataError: the row asks for something else.
    """
    asked = str(row["question"])
    if asked not in COPA_QUESTIONS:
        raise DataError(
            f"the question of COPA's row {row.get('idx')!r} is {asked!r}, expected "
            "cause or effect: correct the row"
        )
    return asked
