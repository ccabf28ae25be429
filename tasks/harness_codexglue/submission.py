"""Prediction files as the official evaluators of CodeXGLUE read them.

Source: ``read_predictions`` and the README of each task's ``evaluator`` folder in
microsoft/CodeXGLUE at commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness import DataError, Example, Prediction
from harness.requests import JsonValue

UNKNOWN = "<unk>"
"""What stands for an empty token, which a line split at spaces could not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One line a prediction, in the order of the examples.

    A prediction's own line breaks become spaces; one that could not be read is an
    empty line.

    Attributes:
        name: the file's name.
        has_more_breaks: whether the evaluator reads the file with `codecs`, for which
            form feeds, U+2028 and the like end a line too.
    """

    name: str
    has_more_breaks: bool = False

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text.

        Raises:
            DataError: a prediction is no text.
        """
        lines = [_line(self.name, prediction) for prediction in predictions]
        if self.has_more_breaks:
            lines = [" ".join(line.splitlines()) for line in lines]
        return "".join(f"{line}\n" for line in lines)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction a line.

        Raises:
            DataError: there are more or fewer lines than examples.
        """
        lines = text.splitlines() if self.has_more_breaks else split_lines(text)
        _check_count(self.name, len(lines), examples)
        pairs = zip(lines, examples, strict=True)
        return [Prediction(id=example.id, value=line) for line, example in pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLines:
    """One line of tokens a prediction, as many as the example has, between spaces.

    Attributes:
        name: the file's name.
        column: the column of the example's tokens.
    """

    name: str
    column: str

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text; white space within a token is left out.

        Raises:
            DataError: a prediction is no list with a token for each of the example.
        """
        pairs = zip(predictions, examples, strict=True)
        return "".join(f"{self._line(p, example)}\n" for p, example in pairs)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one list of tokens a line.

        Raises:
            DataError: the file has not one line an example, or a line not one token for
                each of the example's.
        """
        lines = split_lines(text)
        _check_count(self.name, len(lines), examples)
        found = []
        for number, (line, example) in enumerate(zip(lines, examples, strict=True), 1):
            tokens: list[JsonValue] = [*line.split()]
            if len(tokens) != self._count(example):
                raise DataError(
                    f"{self.name}, line {number}: {len(tokens)} tokens, expected "
                    f"{self._count(example)}, one for each of example {example.id!r}: "
                    "correct the line"
                )
            found.append(Prediction(id=example.id, value=tokens))
        return found

    def _line(self, prediction: Prediction, example: Example) -> str:
        value = prediction.value
        if not isinstance(value, list) or len(value) != self._count(example):
            raise DataError(
                f"{self.name}: the prediction of example {example.id!r} is no list of "
                f"{self._count(example)} tokens, expected one for each of the example's"
            )
        return " ".join("".join(str(token).split()) or UNKNOWN for token in value)

    def _count(self, example: Example) -> int:
        tokens = example.columns[self.column]
        return len(tokens) if isinstance(tokens, list) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedLines:
    """A key and a prediction a line, in any order.

    Attributes:
        name: the file's name.
        keys: the columns that make the key; the example's id where there are none.
        separator: what stands between.
        written: how each label is written; empty where predictions are texts.
        is_text: whether a prediction is a text with spaces, not a word. Line breaks
            and tabs in it become spaces, and it is read up to its first tab, where
            the evaluator of summaries cuts it.
    """

    name: str
    keys: tuple[str, ...] = ()
    separator: str = "\t"
    written: Mapping[str, str] = field(default_factory=dict)
    is_text: bool = False

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text.

        Raises:
            DataError: a prediction is no text, or none of the labels.
        """
        pairs = zip(predictions, examples, strict=True)
        lines = [f"{self._key(e)}{self.separator}{self._value(p)}\n" for p, e in pairs]
        return "".join(lines)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction an example.

        Raises:
            DataError: a line has no separator, a key is unknown, missing or there twice,
                or a label is none of the task's.
        """
        keyed = _by_key(self.name, self._pairs(text), map(self._key, examples))
        return [Prediction(id=e.id, value=keyed[self._key(e)]) for e in examples]

    def _pairs(self, text: str) -> Iterator[tuple[int, str, JsonValue]]:
        labels = {written: label for label, written in self.written.items()}
        for number, line in enumerate(split_lines(text), start=1):
            if not line.strip():
                continue
            *key, value = line.split(self.separator, max(len(self.keys), 1))
            value = value.split("\t")[0] if self.is_text else value.strip()
            if not key or (labels and value not in labels):
                raise DataError(
                    f"{self.name}, line {number}: {line!r}, expected "
                    f"{self._form()}: correct the line"
                )
            yield number, self.separator.join(key), labels.get(value, value)

    def _form(self) -> str:
        keys = self.separator.join(self.keys or ("id",))
        return repr(keys + self.separator + ("|".join(self.written.values()) or "text"))

    def _key(self, example: Example) -> str:
        parts = [str(example.columns[name]) for name in self.keys] or [example.id]
        return self.separator.join(parts)

    def _value(self, prediction: Prediction) -> str:
        value = prediction.value
        if self.written and str(value) not in self.written:
            raise DataError(
                f"{self.name}: the prediction {value!r} of example {prediction.id!r} is "
                f"no label, expected one of {', '.join(self.written)}: correct the "
                "prompt, or predict a label"
            )
        if self.written:
            return self.written[str(value)]
        return _line(self.name, prediction).replace("\t", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRankings:
    """A JSON object a line: a key and the ids that were retrieved, best first.

    Attributes:
        name: the file's name.
        key: what the key is called in the file.
        column: the column that makes the key; the example's id where it is None.
        has_numbers: whether ids are written as numbers.
    """

    name: str
    key: str
    column: str | None = None
    has_numbers: bool = False

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the file's text.

        Raises:
            DataError: a prediction is no list of ids, or an id no number where it must
                be one.
        """
        lines = []
        for prediction, example in zip(predictions, examples, strict=True):
            body = {self.key: self._key(example), "answers": self._ids(prediction)}
            lines.append(json.dumps(body, ensure_ascii=False) + "\n")
        return "".join(lines)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one ranking an example.

        Raises:
            DataError: a line is no such object, or a key is unknown, missing or there
                twice.
        """
        keyed = _by_key(self.name, self._pairs(text), map(self._key, examples))
        return [Prediction(id=e.id, value=keyed[self._key(e)]) for e in examples]

    def _pairs(self, text: str) -> Iterator[tuple[int, str, JsonValue]]:
        for number, line in enumerate(split_lines(text), start=1):
            if not line.strip():
                continue
            try:
                body = json.loads(line)
                key, answers = body[self.key], [str(each) for each in body["answers"]]
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(
                    f"{self.name}, line {number}: {line[:60]!r}, expected an object of "
                    f"{self.key!r} and a list 'answers': correct the line"
                ) from error
            yield number, str(key), [*answers]

    def _key(self, example: Example) -> str:
        return example.id if self.column is None else str(example.columns[self.column])

    def _ids(self, prediction: Prediction) -> list[JsonValue]:
        if not isinstance(prediction.value, list):
            raise DataError(
                f"{self.name}: the prediction {prediction.value!r} of example "
                f"{prediction.id!r} is no list, expected ids, best first"
            )
        if not self.has_numbers:
            return prediction.value
        return [_number(self.name, prediction.id, each) for each in prediction.value]


def _number(name: str, example_id: str, value: JsonValue) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise DataError(
            f"{name}: the prediction of example {example_id!r} has the id {value!r}, "
            "expected a whole number, as the data set's ids are"
        ) from error


def split_lines(text: str) -> list[str]:
    """Split a text file into lines as Python's `open` does: at LF, CR LF and CR alone.

    Other separators (form feed, U+2028) belong to the line, so `str.splitlines` is
    no substitute.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _line(name: str, prediction: Prediction) -> str:
    value = prediction.value
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DataError(
            f"{name}: the prediction {value!r} of example {prediction.id!r} is no text, "
            "expected one line: correct the prediction"
        )
    return " ".join(split_lines(value)).strip()


def _check_count(name: str, count: int, examples: Sequence[Example]) -> None:
    if count != len(examples):
        raise DataError(
            f"{name} has {count} lines, expected {len(examples)}, one for each example: "
            "check that it is a file of this split"
        )


def _by_key(
    name: str,
    pairs: Iterator[tuple[int, str, JsonValue]],
    wanted: Iterator[str],
) -> dict[str, JsonValue]:
    known, found = set(wanted), dict[str, JsonValue]()
    for number, key, value in pairs:
        if key not in known or key in found:
            what = "there twice" if key in found else "no id of this split"
            raise DataError(
                f"{name}, line {number}: {key!r} is {what}, expected each id once: "
                "correct the line"
            )
        found[key] = value
    missing = sorted(known - found.keys())
    if missing:
        raise DataError(
            f"{name} has no prediction for {missing[0]!r} ({len(missing)} in all), "
            "expected one for each example: add them"
        )
    return found
