"""The files that the SuperGLUE server takes: one of JSON lines for every task.

Names, labels and nesting are those of ``write_preds`` in nyu-mll/jiant-v1-legacy
jiant/evaluate.py at commit 15a78af26ba10d48c3a77cca725175b6d5179a5f.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness import Archive, DataError, Example, Prediction, SubmissionFile
from harness.requests import JsonValue


class _Said(NamedTuple):
    """What a line says of one example."""

    id: str
    value: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class _JsonLines(ABC):
    """What all the files share: one JSON object a line, every example once."""

    name: str

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction an example, in the order of the examples.

        Raises:
            DataError: a line is malformed, or ids don't match; names the line.
        """
        keys = [self._key(example) for example in examples]
        known, said = set(keys), dict[str, JsonValue]()
        lines = text.removesuffix("\n").split("\n")  # a text may hold other breaks
        for number, line in enumerate(lines, start=1):
            for answer in self._answers(number, self._load(number, line)):
                if answer.id not in known:
                    raise self._wrong(number, f"the id {answer.id} is unknown")
                if answer.id in said:
                    raise self._wrong(number, f"the id {answer.id} stands twice")
                said[answer.id] = answer.value
        missing = [key for key in keys if key not in said]
        if missing:
            raise DataError(
                f"{self.name} has {len(said)} predictions for {len(examples)} examples, "
                f"the first missing is {missing[0]}: add a line for each"
            )
        return [
            Prediction(id=example.id, value=said[key])
            for example, key in zip(examples, keys, strict=True)
        ]

    def _key(self, example: Example) -> str:
        """Return the id by which the file knows an example."""
        return example.id

    @abstractmethod
    def _answers(self, number: int, line: Mapping[str, Any]) -> Iterator[_Said]: ...

    def _load(self, number: int, line: str) -> dict[str, Any]:
        try:
            loaded = json.loads(line)
        except ValueError as error:
            raise self._wrong(number, f"it is no JSON ({error})") from error
        if not isinstance(loaded, dict):
            raise self._wrong(number, f"it is no JSON object but {loaded!r:.40}")
        return loaded

    def _whole(self, number: int, record: object, key: str) -> int:
        value = record.get(key) if isinstance(record, dict) else None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(number, f"its {key!r} is {value!r}, not a whole number")
        return value

    def _numbers(self, example: Example) -> list[int]:
        """Return the whole numbers that an example's id is made of."""
        parts = example.id.split("-")
        if not all(part.isdecimal() for part in parts):
            raise DataError(
                f"{self.name}: the id {example.id!r} is made of no whole numbers, "
                "expected those of the data set: submit predictions for its own split"
            )
        return [int(part) for part in parts]

    def _wrong(self, number: int, what: str) -> DataError:
        return DataError(
            f"{self.name}, line {number}: {what}, expected {self._form}: correct the "
            "line"
        )

    @property
    @abstractmethod
    def _form(self) -> str: ...

    def _unwritable(self, prediction: Prediction) -> DataError:
        return DataError(
            f"{self.name}: the prediction {prediction.value!r} of example "
            f"{prediction.id!r} can't be written, expected {self._form}: predict it "
            "again with a formulation that always answers, such as rank"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLines(_JsonLines):
    """``{"idx": 0, "label": ...}`` for every example.

    Attributes:
        name: the file's name within the archive.
        words: what the file has for each of the task's labels.
    """

    words: Mapping[str, str | int]

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text.

        Raises:
            DataError: a prediction is none of the labels.
        """
        lines = []
        for prediction, example in zip(predictions, examples, strict=True):
            if prediction.value not in self.words:
                raise self._unwritable(prediction)
            (index,) = self._numbers(example)
            word = self.words[str(prediction.value)]
            lines.append(json.dumps({"idx": index, "label": word}))
        return "".join(f"{line}\n" for line in lines)

    def _answers(self, number: int, line: Mapping[str, Any]) -> Iterator[_Said]:
        labels = {_plain(word): label for label, word in self.words.items()}
        index, said = self._whole(number, line, "idx"), _plain(line.get("label"))
        if said not in labels:
            raise self._wrong(number, f"its label is {line.get('label')!r}")
        yield _Said(str(index), labels[said])

    @property
    def _form(self) -> str:
        labels = " or ".join(json.dumps(word) for word in self.words.values())
        return f'"idx" and a "label" of {labels}'


def _plain(word: object) -> str:
    """Return a label without case: the data's own files have ``true`` for ``"True"``."""
    return json.dumps(word).strip('"').lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityLines(_JsonLines):
    """``{"idx": query, "label": text}`` for every query."""

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text.

        Raises:
            DataError: a prediction is no text.
        """
        lines = []
        for prediction, example in zip(predictions, examples, strict=True):
            if not isinstance(prediction.value, str):
                raise self._unwritable(prediction)
            line = {"idx": self._numbers(example)[-1], "label": prediction.value}
            lines.append(json.dumps(line))
        return "".join(f"{line}\n" for line in lines)

    def _answers(self, number: int, line: Mapping[str, Any]) -> Iterator[_Said]:
        index, said = self._whole(number, line, "idx"), line.get("label")
        if not isinstance(said, str):
            raise self._wrong(number, f"its label is {said!r}")
        yield _Said(str(index), said)

    def _key(self, example: Example) -> str:
        return example.id.rpartition("-")[2]

    @property
    def _form(self) -> str:
        return '"idx", the query\'s number, and a text as "label"'


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageLines(_JsonLines):
    """Judged answers nested in questions, nested in one passage a line.

    Attributes:
        name: the file's name within the archive.
        words: the number that the file has for each label.
    """

    words: Mapping[str, int]

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text.

        Raises:
            DataError: a prediction is none of the labels.
        """
        passages: dict[int, dict[int, list[dict[str, int]]]] = {}
        for prediction, example in zip(predictions, examples, strict=True):
            if prediction.value not in self.words:
                raise self._unwritable(prediction)
            passage, question, answer = self._numbers(example)
            judged = {"idx": answer, "label": self.words[str(prediction.value)]}
            passages.setdefault(passage, {}).setdefault(question, []).append(judged)
        return "".join(
            f"{json.dumps(_passage(number, questions))}\n"
            for number, questions in passages.items()
        )

    def _answers(self, number: int, line: Mapping[str, Any]) -> Iterator[_Said]:
        labels = {value: label for label, value in self.words.items()}
        passage = self._whole(number, line, "idx")
        for question in self._nested(number, line.get("passage"), "questions"):
            place = self._whole(number, question, "idx")
            for judged in self._nested(number, question, "answers"):
                label = self._whole(number, judged, "label")
                if label not in labels:
                    raise self._wrong(number, f"it has the label {label}")
                answer = self._whole(number, judged, "idx")
                yield _Said(f"{passage}-{place}-{answer}", labels[label])

    def _nested(self, number: int, record: object, key: str) -> list[object]:
        value = record.get(key) if isinstance(record, dict) else None
        if not isinstance(value, list):
            raise self._wrong(number, f"its {key!r} are {value!r:.40}")
        return value

    @property
    def _form(self) -> str:
        return (
            '{"idx": 0, "passage": {"questions": [{"idx": 0, "answers": [{"idx": 0, '
            '"label": 0 or 1}]}]}}'
        )


def _passage(
    number: int, questions: Mapping[int, list[dict[str, int]]]
) -> dict[str, object]:
    nested = [{"idx": place, "answers": a} for place, a in questions.items()]
    return {"idx": number, "passage": {"questions": nested}}


def _same(name: str, *labels: str) -> LabelLines:
    return LabelLines(name=name, words={label: label for label in labels})


_TRUTH = {"False": "false", "True": "true"}
_ENTAILED = ("entailment", "not_entailment")

FILES: Mapping[str, SubmissionFile] = {
    "boolq": LabelLines(name="BoolQ.jsonl", words=_TRUTH),
    "cb": _same("CB.jsonl", "entailment", "contradiction", "neutral"),
    "copa": LabelLines(name="COPA.jsonl", words={"choice1": 0, "choice2": 1}),
    "multirc": PassageLines(name="MultiRC.jsonl", words={"False": 0, "True": 1}),
    "record": EntityLines(name="ReCoRD.jsonl"),
    "rte": _same("RTE.jsonl", *_ENTAILED),
    "wic": LabelLines(name="WiC.jsonl", words=_TRUTH),
    "wsc": LabelLines(name="WSC.jsonl", words={"False": "False", "True": "True"}),
    "axb": _same("AX-b.jsonl", *_ENTAILED),
    "axg": _same("AX-g.jsonl", *_ENTAILED),
}
"""The file of every task, by the Hub's configuration."""

ARCHIVE = Archive(
    kind="zip",
    instructions="upload the zip at https://super.gluebenchmark.com (it wants all ten "
    "files, the diagnostic sets included)",
)
