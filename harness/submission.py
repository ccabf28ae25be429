"""Submissions: the files in which official scorers and servers take predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from harness.task import Example, Prediction


class SubmissionFile(Protocol):
    """One task's file of predictions.

    Attributes:
        name: the file's name within the archive, such as ``CoLA.tsv``.
    """

    @property
    def name(self) -> str: ...

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text for one prediction an example, in order.

        Raises:
            DataError: a prediction can't be written; names the example.
        """

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction an example, in the order of the examples.

        Raises:
            DataError: a line is malformed, an id is unknown, missing or stands twice,
                a label is none of the task's, or the counts differ; names the line.
        """


class CompanionFile(Protocol):
    """A further file of a task, with what predictions say beside their values.

    Attributes:
        name: the file's name within the archive, such as ``na_prob.json``.
    """

    @property
    def name(self) -> str: ...

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str | None:
        """Return the file's text, None where the predictions have nothing for it.

        Raises:
            DataError: some have it and some don't; names the first that has not.
        """

    def read(self, text: str, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Return the predictions, in their order, with what the file says of each.

        Raises:
            DataError: a line is malformed, or an id is unknown or missing.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """How a benchmark's files are handed in.

    Attributes:
        kind: one zip file, which is refused with a task missing as servers do, or a
            folder, whose tasks may be handed in one by one.
        constant_files: texts that belong in every archive, by name.
        instructions: where and how to hand it in, in a sentence.
    """

    kind: Literal["zip", "folder"]
    constant_files: Mapping[str, str] = field(default_factory=dict)
    instructions: str = ""
