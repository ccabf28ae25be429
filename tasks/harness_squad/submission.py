"""The files that the official scripts take: answers by id, and doubts by id."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness import DataError, Example, Prediction
from harness.requests import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """A JSON object with the answer to every question, by its id.

    An empty text says that there is no answer. A question that the file leaves out
    has no prediction: version 1.1 scores it 0, version 2.0 refuses the file.

    Attributes:
        name: the file's name.
        may_leave_out: whether questions may be left out.
    """

    name: str = field(default="predictions.json", init=False)
    may_leave_out: bool = False

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the object; a text that could not be read is written as empty.

        Raises:
            DataError: a prediction is no text.
        """
        answers: dict[str, JsonValue] = {}
        for prediction, example in zip(predictions, examples, strict=True):
            value = "" if prediction.value is None else prediction.value
            if not isinstance(value, str):
                raise DataError(
                    f"{self.name}: the prediction {value!r} of example {example.id!r} "
                    "is no text, expected the answer's text: predict texts"
                )
            answers[example.id] = value
        return json.dumps(answers, ensure_ascii=False, indent=0) + "\n"

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return a prediction for every example, in their order.

        Raises:
            DataError: it is no such object, or an id is unknown or missing.
        """
        answers = _read(self.name, text)
        _refuse_unknown(self.name, answers, examples)
        if not self.may_leave_out:
            _refuse_missing(self.name, answers, examples)
        for question, answer in answers.items():
            if not isinstance(answer, str):
                raise DataError(
                    f"{self.name}: question {question!r} has {answer!r}, expected the "
                    "answer's text, empty for none: correct the file"
                )
        return [Prediction(id=e.id, value=answers.get(e.id)) for e in examples]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtFile:
    """A JSON object with how likely it is that a question has no answer, by its id.

    Attributes:
        name: the file's name.
    """

    name: str = field(default="na_prob.json", init=False)

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str | None:
        """Return the object, None where no prediction says how much it is in doubt.

        Raises:
            DataError: some say it and some don't.
        """
        doubts = {p.id: p.detail["no_answer"] for p in predictions if _is_told(p)}
        if not doubts:
            return None
        _refuse_missing(self.name, doubts, examples)
        return json.dumps(doubts, indent=0) + "\n"

    def read(self, text: str, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Return the predictions with their doubts, in their order.

        The official script takes equal doubts in the order of the file, so each
        prediction keeps its place there.

        Raises:
            DataError: it is no such object, a value is no number, or an id is missing
                or unknown.
        """
        doubts = _read(self.name, text)
        _refuse_unknown(self.name, doubts, predictions)
        _refuse_missing(self.name, doubts, predictions)
        for question, doubt in doubts.items():
            if not isinstance(doubt, int | float) or isinstance(doubt, bool):
                raise DataError(
                    f"{self.name}: question {question!r} has {doubt!r}, expected a "
                    "number: correct the file"
                )
        places = {question: place for place, question in enumerate(doubts)}
        return [
            replace(
                p,
                detail={
                    **p.detail,
                    "no_answer": doubts[p.id],
                    "no_answer_place": places[p.id],
                },
            )
            for p in predictions
        ]


def _is_told(prediction: Prediction) -> bool:
    return prediction.detail.get("no_answer") is not None


def _read(name: str, text: str) -> dict[str, JsonValue]:
    try:
        found = json.loads(text, object_pairs_hook=_Pairs)
    except ValueError as error:
        raise DataError(
            f"{name} is no JSON ({error}), expected one object of values by question "
            "id: correct the file"
        ) from error
    if not isinstance(found, _Pairs):
        raise DataError(
            f"{name} holds a JSON {type(found).__name__}, expected one object of "
            "values by question id: correct the file"
        )
    values: dict[str, JsonValue] = {}
    for question, value in found:
        if question in values:
            raise DataError(
                f"{name} has question {question!r} twice, expected it once: remove one"
            )
        values[question] = value
    return values


class _Pairs(list[tuple[str, JsonValue]]):
    """The pairs of a JSON object, told from an array; a dict would hide repeated ids."""


def _refuse_unknown(
    name: str,
    found: Mapping[str, JsonValue],
    known: Sequence[Example] | Sequence[Prediction],
) -> None:
    ids = {item.id for item in known}
    unknown = [question for question in found if question not in ids]
    if unknown:
        raise DataError(
            f"{name} has unknown questions ({len(unknown)}, the first is "
            f"{unknown[0]!r}), expected the data's {len(ids)} alone: score the right "
            "split, or remove them"
        )


def _refuse_missing(
    name: str,
    found: Mapping[str, JsonValue],
    known: Sequence[Example] | Sequence[Prediction],
) -> None:
    missing = [item.id for item in known if item.id not in found]
    if missing:
        raise DataError(
            f"{name} lacks {len(missing)} of {len(known)} questions (the first is "
            f"{missing[0]!r}), expected every one: complete the file"
        )
