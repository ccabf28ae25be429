"""The files that the GLUE server takes: one table for every task.

Names and labels are those of ``write_preds`` in nyu-mll/jiant-v1-legacy
jiant/evaluate.py at commit 15a78af26ba10d48c3a77cca725175b6d5179a5f.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness import Archive, DataError, Example, Prediction, SubmissionFile
from harness.requests import JsonValue

HEADER = "index\tprediction"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlueTable:
    """Two columns, ``index`` and ``prediction``, and every example once.

    Attributes:
        name: the file's name within the archive.
        words: what the file has for each of the task's labels; empty where it has
            numbers, with three decimals.
    """

    name: str
    words: Mapping[str, str] = field(default_factory=dict)

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text for one prediction an example, in order.

        Raises:
            DataError: a prediction can't be written; names the example.
        """
        pairs = zip(predictions, examples, strict=True)
        lines = [f"{example.id}\t{self._write(said)}" for said, example in pairs]
        return "".join(f"{line}\n" for line in (HEADER, *lines))

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction an example, in the order of the examples.

        Raises:
            DataError: a line is malformed, or ids don't match; names the line.
        """
        header, *lines = text.removesuffix("\n").replace("\r\n", "\n").split("\n")
        if header != HEADER:
            raise self._wrong(1, f"it is {header!r:.60}", f"the header {HEADER!r}")
        known = {example.id for example in examples}
        said: dict[str, JsonValue] = {}
        for number, line in enumerate(lines, start=2):
            index, value = self._cells(number, line)
            if index not in known:
                raise self._wrong(
                    number, f"the index {index} is unknown", "a known one"
                )
            if index in said:
                raise self._wrong(number, f"the index {index} stands twice", "it once")
            said[index] = value
        missing = [example.id for example in examples if example.id not in said]
        if missing:
            raise DataError(
                f"{self.name} has {len(said)} predictions for {len(examples)} examples, "
                f"the first missing is {missing[0]}: add a line for each"
            )
        return [Prediction(id=e.id, value=said[e.id]) for e in examples]

    def _cells(self, number: int, line: str) -> tuple[str, JsonValue]:
        index, tab, word = line.partition("\t")
        if not tab or "\t" in word:
            what = f"it has {line.count(chr(9)) + 1} columns"
            raise self._wrong(number, what, "an index, a tab and a prediction")
        labels = {written: label for label, written in self.words.items()}
        value = labels.get(word) if self.words else _finite(word)
        if value is None:
            raise self._wrong(number, f"the prediction is {word!r}", self._expected)
        return index, value

    def _write(self, prediction: Prediction) -> str:
        value = prediction.value
        if self.words and isinstance(value, str) and value in self.words:
            return self.words[value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not self.words and is_number and math.isfinite(float(str(value))):
            return f"{float(str(value)):.3f}"
        raise DataError(
            f"{self.name}: the prediction {value!r} of example {prediction.id!r} can't "
            f"be written, expected {self._expected}: predict it again with a "
            "formulation that always answers, such as rank"
        )

    def _wrong(self, number: int, what: str, expected: str) -> DataError:
        return DataError(
            f"{self.name}, line {number}: {what}, expected {expected}: correct the line"
        )

    @property
    def _expected(self) -> str:
        return " or ".join(self.words.values()) if self.words else "a number"


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _numbered(name: str, *labels: str) -> GlueTable:
    words = {label: str(number) for number, label in enumerate(labels)}
    return GlueTable(name=name, words=words)


def _named(name: str, *labels: str) -> GlueTable:
    return GlueTable(name=name, words={label: label for label in labels})


_NLI = ("entailment", "neutral", "contradiction")
_ENTAILED = ("entailment", "not_entailment")

FILES: Mapping[str, SubmissionFile] = {
    "cola": _numbered("CoLA.tsv", "unacceptable", "acceptable"),
    "sst2": _numbered("SST-2.tsv", "negative", "positive"),
    "mrpc": _numbered("MRPC.tsv", "not_equivalent", "equivalent"),
    "qqp": _numbered("QQP.tsv", "not_duplicate", "duplicate"),
    "stsb": GlueTable(name="STS-B.tsv"),
    "mnli/matched": _named("MNLI-m.tsv", *_NLI),
    "mnli/mismatched": _named("MNLI-mm.tsv", *_NLI),
    "qnli": _named("QNLI.tsv", *_ENTAILED),
    "rte": _named("RTE.tsv", *_ENTAILED),
    "wnli": _numbered("WNLI.tsv", "not_entailment", "entailment"),
    "ax": _named("AX.tsv", *_NLI),
}
"""The file of every task, by its id behind ``glue/``."""

ARCHIVE = Archive(
    kind="zip",
    instructions="upload the zip at https://gluebenchmark.com/submit (it wants all "
    "eleven files, the diagnostic set included)",
)
