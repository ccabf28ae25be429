"""The official text form of a system's output: a line a segment, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import DataError, Example, Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    r"""One pair's translations: what the folder ``txt/system-outputs`` of a year holds.

    A line break within a translation becomes a space, which no tokenizer of BLEU
    tells from it. Lines end in ``\n`` alone, so that other separators stay what they
    are within a segment.

    Attributes:
        name: the file's name, such as ``wmt23.en-de.hyp.de``.
    """

    name: str

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return one line a translation.

        Raises:
            DataError: a prediction is no text.
        """
        lines = []
        for prediction, example in zip(predictions, examples, strict=True):
            if not isinstance(prediction.value, str):
                raise DataError(
                    f"{self.name}: the prediction for {example.id!r} is "
                    f"{prediction.value!r:.60}, expected a translation: correct it, or "
                    "hand in an empty text"
                )
            breaks = str.maketrans("\r\n", "  ")
            lines.append(prediction.value.replace("\r\n", " ").translate(breaks))
        return "".join(f"{line}\n" for line in lines)

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction a line.

        Raises:
            DataError: there are more or fewer lines than segments.
        """
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        if len(lines) != len(examples):
            raise DataError(
                f"{self.name} has {len(lines)} lines, expected {len(examples)}, one a "
                "segment: check for line breaks within a translation and for lines "
                "left out"
            )
        return [
            Prediction(id=example.id, value=line.removesuffix("\r"))
            for example, line in zip(examples, lines, strict=True)
        ]
