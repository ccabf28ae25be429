"""The official text form of a system's output up to 2020: a line a segment, in order."""

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
        name: the file's name, such as ``wmt14.en-de.hyp.de``.
    """

    name: str

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return one line a translation.

        Raises:
            DataError: a prediction is no text.
        """
        breaks = str.maketrans("\r\n", "  ")
        pairs = zip(predictions, examples, strict=True)
        texts = [translation_of(*pair, self.name) for pair in pairs]
        lines = [text.replace("\r\n", " ").translate(breaks) for text in texts]
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


def translation_of(prediction: Prediction, example: Example, name: str) -> str:
    """Return a prediction as the text that it must be.

    Raises:
        DataError: it is none; names the file and the example.
    """
    if not isinstance(prediction.value, str):
        raise DataError(
            f"{name}: the prediction for {example.id!r} is "
            f"{prediction.value!r:.60}, expected a translation: correct it, or "
            "hand in an empty text"
        )
    return prediction.value
