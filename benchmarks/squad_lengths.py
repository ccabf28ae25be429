"""Windows as long as those that SQuAD is cut into, of words that mean nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness import TrainingExample
from harness.requests import Extract, ExtractAnswer

QUANTILES = (
    *(41, 88, 110, 120, 127, 133, 138, 144, 150, 156, 164),
    *(171, 179, 186, 196, 207, 219, 237, 264, 304, 384),
)
"""Tokens of a window at every twentieth of the distribution: SQuAD 1.1's validation
split under BERT's uncased WordPiece, windows of 384 with a stride of 128, question and
special tokens included. 10,784 windows of 10,570 questions; mean 176, deviation 65."""

QUESTION = 12
"""Tokens of the median question."""
SPECIAL = 3
"""Tokens that frame a question and its context."""


def draw_lengths(
    count: int,
    seed: int,
    longest: int = QUANTILES[-1],
    quantiles: Sequence[int] = QUANTILES,
) -> list[int]:
    """Draw lengths, as a line between each two quantiles has it.

    Args:
        count: how many.
        seed: of the draw.
        longest: longer ones are cut to this.
        quantiles: of the distribution, at equal steps; SQuAD's windows by default.
    """
    draw = random.Random(seed)
    return [min(_at(draw.random(), quantiles), longest) for _ in range(count)]


def make_examples(lengths: list[int], seed: int) -> list[TrainingExample]:
    """Make one example a window: a question, a context, an answer of two words.

    Words are numbers, so a tokenizer that takes words whole makes windows of exactly
    these lengths, QUESTION + SPECIAL + 2 at least.
    """
    draw = random.Random(seed)
    return [_example(length, draw) for length in lengths]


def _at(share: float, quantiles: Sequence[int]) -> int:
    place = share * (len(quantiles) - 1)
    low, high = quantiles[int(place)], quantiles[int(place) + 1]
    return round(low + (place - int(place)) * (high - low))


def _example(length: int, draw: random.Random) -> TrainingExample:
    words = [str(draw.randrange(100_000)) for _ in range(length - SPECIAL)]
    question, context = words[:QUESTION], words[QUESTION:]
    first = draw.randrange(len(context) - 1)
    answer = ExtractAnswer(
        text=" ".join(context[first : first + 2]),
        start=len(" ".join([*context[:first], ""])),
        score=0.0,
        no_answer_score=0.0,
    )
    asked = Extract(question=" ".join(question), context=" ".join(context))
    return TrainingExample(request=asked, answer=answer)
