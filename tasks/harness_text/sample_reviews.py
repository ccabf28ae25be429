"""Made-up long film reviews: the sum of many graded remarks, some of them denied.

No word gives the label away, and no sentence alone: a review praises some things and
blames others, and is positive where praise outweighs.
"""

from __future__ import annotations

import random

from harness import Row
from harness_text.drawing import draw

LEANING = 0.8
"""How often a remark is on the label's side."""
DENIED = 0.1
SIZES = {"train": 1000, "test": 250}
PARTS = (
    "plot",
    "cast",
    "music",
    "camera work",
    "dialogue",
    "ending",
    "pacing",
    "lighting",
    "humour",
    "costume design",
)
WORDS = {
    2: ("outstanding", "magnificent", "unforgettable", "thrilling"),
    1: ("pleasant", "solid", "likeable", "decent", "fresh"),
    -1: ("bland", "clumsy", "predictable", "thin", "stale"),
    -2: ("unbearable", "atrocious", "insulting", "hopeless"),
}
REMARKS = (
    "I found the {part} {word}.",
    "The {part} is {word} from the first minute to the last.",
    "My sister called the {part} {word}, and I agree.",
    "As for the {part}, {word} is the word that comes to mind.",
    "Such {word} {part} is seldom seen.",
    "Anyone who has seen the trailer knows how {word} the {part} is.",
)
DENIALS = (
    "I can't say that the {part} was {word}.",
    "People told me the {part} would be {word}; it was anything but.",
    "Nobody could call the {part} {word}.",
)
ASIDES = (
    "We saw it on a rainy Sunday with six other people in the room.",
    "It runs for a little over two hours.",
    "The director has made three films before this one.",
    "The story takes place in a harbour town in the fifties.",
    "I had read the book on which it is based years ago.",
    "The popcorn was cold, but that is not the film's fault.",
)
VERDICTS = (
    "So much for my two cents.",
    "Make of that what you will.",
    "That is all there is to say.",
    "See for yourself.",
)


def make_reviews(split: str, seed: int) -> list[Row]:
    """Make the rows of a split: 45 % negative, 55 % positive, in the order drawn."""
    labels = {each: _labels(each, seed) for each in SIZES}

    def make(generator: random.Random, each: str, place: int) -> tuple[str, Row]:
        label = labels[each][place]
        text = _review(generator, label)
        return text, {"text": text, "label": label}

    return draw("text/imdb", make, SIZES, split, seed)


def _labels(split: str, seed: int) -> list[int]:
    size = SIZES[split]
    labels = [int(place >= 0.45 * size) for place in range(size)]
    random.Random(f"labels:{split}:{seed}").shuffle(labels)
    return labels


def _review(generator: random.Random, label: int) -> str:
    while True:
        parts = generator.sample(PARTS, generator.randint(4, 7))
        remarks = [_remark(generator, part, label) for part in parts]
        total = sum(grade for _, grade in remarks)
        if total and (total > 0) == bool(label):
            break
    sentences = [text for text, _ in remarks]
    for aside in generator.sample(ASIDES, 2):
        sentences.insert(generator.randrange(len(sentences)), aside)
    return " ".join([*sentences, generator.choice(VERDICTS)])


def _remark(generator: random.Random, part: str, label: int) -> tuple[str, int]:
    """Return a remark and its grade, which leans to the label's side."""
    is_praise = (generator.random() < LEANING) == bool(label)
    is_denied = generator.random() < DENIED
    size = generator.choice((1, 2))
    grade = size if is_praise != is_denied else -size
    template = generator.choice(DENIALS if is_denied else REMARKS)
    text = template.format(part=part, word=generator.choice(WORDS[grade]))
    return text, -grade if is_denied else grade
