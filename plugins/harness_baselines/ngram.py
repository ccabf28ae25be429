"""The baseline `ngram:`: the likelihood of a text by an n-gram model of its words.

The model is one over whole texts, so that its byte perplexity stands beside that of
any other model: it says words (runs of letters, digits and ``_``, or one other mark),
the gaps between them, and the end, and its probabilities of all texts sum to no more
than one.

- Words follow one another by interpolated Kneser-Ney (see `kneser_ney`). A word of
  training that was seen once counts as unknown, so that unknown words have a
  probability that training tells.
- An unknown word is then spelled: its bytes and its end follow one another by the same
  method, learnt from those that were seen once.
- A gap (one space, mostly) depends on whether words or marks stand around it; one that
  training did not have is spelled in bytes that are all equally probable.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness import DataError, Example, LanguageModelling, Task, UsageError
from harness.requests import JsonValue
from harness_baselines.kneser_ney import KneserNey

UNKNOWN, END = 0, 1
"""The numbers of what is no word; words follow."""
SPELLING_ORDER = 5
BYTE_VALUES = 256
SPELLED_END = BYTE_VALUES
_WORD = re.compile(r"\w+|[^\w\s]")
Around = tuple[str, str]
"""What stands before a gap and after it: ``word``, ``mark`` or ``edge``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ngram:
    """Learns from the training texts and says the likelihood of others.

    Attributes:
        order: the longest n-gram, in words.
    """

    order: int

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return nats and counts of every example; the end of a text is a token.

        Raises:
            UsageError: the task is over no texts.
            DataError: the training split holds no word.
        """
        problem = task.problem
        if not isinstance(problem, LanguageModelling) or problem.is_pseudo:
            raise UsageError(f"ngram of {task.id}: {refuse(task)}")
        texts = [problem.reading(str(target)) for target in train_targets]
        try:
            model = TextModel(texts, order=self.order)
        except ValueError as error:
            raise DataError(
                f"ngram of {task.id}: the training split has {error}, expected text: "
                "check the data's training split"
            ) from error
        read = [problem.reading(str(example.target)) for example in examples]
        return [
            {"nats": model.log_likelihood(text), "tokens": len(words(text)) + 1}
            for text in read
        ]


def refuse(task: Task) -> str | None:
    """Say why the baseline can't answer a task, None where it can."""
    if isinstance(task.problem, LanguageModelling) and not task.problem.is_pseudo:
        return None
    return "it says the likelihood of texts, expected a perplexity task"


class TextModel:
    """A probability for every text.

    Args:
        texts: what to learn from.
        order: the longest n-gram, in words.

    Raises:
        ValueError: there is no text.
    """

    def __init__(self, texts: Sequence[str], *, order: int) -> None:
        counts = Counter(word for text in texts for word in words(text))
        known = sorted(word for word, count in counts.items() if count > 1)
        self._numbers = {word: number for number, word in enumerate(known, END + 1)}
        self.order = order
        self.words = KneserNey(
            map(self._sequence, texts), order=order, size=len(known) + 2
        )
        rare = [word for word, count in counts.items() if count == 1] or known
        self.spelling = KneserNey(
            map(_spelled, rare or [""]), order=SPELLING_ORDER, size=BYTE_VALUES + 1
        )
        self._gaps: defaultdict[Around, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for around, gap in gaps(text):
                self._gaps[around][gap] += 1

    def log_likelihood(self, text: str) -> float:
        """Return the natural logarithm of a text's probability."""
        nats = sum(math.log(self._gap(around, gap)) for around, gap in gaps(text))
        nats += _chain(self.words, self._sequence(text))
        for word in words(text):
            if word not in self._numbers:
                nats += _chain(self.spelling, _spelled(word))
        return nats

    def _sequence(self, text: str) -> list[int]:
        return [*(self._numbers.get(word, UNKNOWN) for word in words(text)), END]

    def _gap(self, around: Around, gap: str) -> float:
        """Return a gap's probability: as seen, with one more for all of them."""
        seen = self._gaps[around]
        spelled = (BYTE_VALUES + 1.0) ** -(len(_bytes(gap)) + 1)
        return (seen[gap] + spelled) / (seen.total() + 1)


def words(text: str) -> list[str]:
    """Return the words and marks of a text."""
    return _WORD.findall(text)


def gaps(text: str) -> Iterator[tuple[Around, str]]:
    """Yield every gap of a text, empty ones too, with what stands around it."""
    before, end = "edge", 0
    for match in _WORD.finditer(text):
        after = "word" if re.match(r"\w", match[0]) else "mark"
        yield (before, after), text[end : match.start()]
        before, end = after, match.end()
    yield (before, "edge"), text[end:]


def _chain(model: KneserNey, sequence: Sequence[int]) -> float:
    """Return the log-probability of a sequence, item by item."""
    reach = model.order - 1
    return sum(
        math.log(model.probability(item, sequence[max(0, place - reach) : place]))
        for place, item in enumerate(sequence)
    )


def _spelled(word: str) -> list[int]:
    return [*_bytes(word), SPELLED_END]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
