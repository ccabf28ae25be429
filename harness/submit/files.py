"""A submission's files, as values: nothing is written yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import PluginError
from harness.results import CellResult
from harness.submission import Archive
from harness.task import Benchmark, Example, Prediction, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """One task's part of a submission.

    Attributes:
        task: the task.
        cell: where the predictions come from.
        text: what stands in its submission file.
        companions: what stands in the files beside it, by name.
        examples: what was predicted, in order.
        predictions: one for each example.
    """

    task: Task
    cell: CellResult
    text: str
    companions: Mapping[str, str]
    examples: Sequence[Example]
    predictions: Sequence[Prediction]

    @property
    def texts(self) -> dict[str, str]:
        """Its files' texts by name, the submission file first."""
        assert self.task.submission is not None
        return {self.task.submission.name: self.text, **self.companions}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A benchmark's files, not yet written.

    Attributes:
        benchmark: what is submitted to.
        archive: how it is packed.
        model: whose predictions they are.
        files: one a task.
        missing: the tasks that have none, each with the reason.
    """

    benchmark: Benchmark
    archive: Archive
    model: str
    files: tuple[TaskFile, ...]
    missing: Mapping[str, str]

    def place(self, file: TaskFile, name: str) -> str:
        """Return where a task's file stands in the archive.

        Where two tasks' files have one name, each task has a folder of its own.
        """
        names = [other for each in self.files for other in each.texts]
        if len(set(names)) == len(names):
            return name
        return f"{file.task.id.partition('/')[2]}/{name}"

    def texts(self) -> dict[str, str]:
        """Return what stands in the archive's files, by name."""
        own = {
            self.place(file, name): text
            for file in self.files
            for name, text in file.texts.items()
        }
        return {**own, **self.archive.constant_files}


def check_reading(file: TaskFile, text: str) -> None:
    """Refuse a text that does not read back as the predictions it was made of.

    A number may be rounded and a text may lose its line ends on the way, but then
    they must be written the same again; a label must be the same.
    """
    submission, labels = file.task.submission, file.task.problem.labels
    assert submission is not None
    read = submission.read(text, file.examples)
    for wanted, found in zip(file.predictions, read, strict=True):
        is_label = wanted.value in labels
        if wanted.id != found.id or (is_label and wanted.value != found.value):
            raise PluginError(
                f"{submission.name} of {file.task.id} reads back example {wanted.id!r} as "
                f"{found.value!r}, expected {wanted.value!r}: correct its submission "
                "file"
            )
    if submission.write(read, file.examples) != file.text:
        raise PluginError(
            f"{submission.name} of {file.task.id} is written otherwise once it was read "
            "back, expected the same text: correct its submission file"
        )
