"""Items of the lengths that benchmarks have, made of real English sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Item = dict[str, Any]
SIDES = {"en-de": "en", "en-cs": "en", "de-en": "en", "zh-en": "en"}
"""Pairs of WMT23 and which side of them is English."""

GLUE = {
    "mrpc": (21, 5, 21, 5),
    "mnli": (19, 13, 10, 4),
    "qnli": (10, 4, 27, 13),
    "qqp": (11, 6, 11, 6),
    "rte": (43, 30, 9, 4),
    "cola": (8, 4, 0, 0),
    "sst2": (19, 9, 0, 0),
}
"""Words of first and second texts, mean and deviation each; 0 is no second text."""


def read_sentences(data: Path) -> list[str]:
    """Return the English sentences of WMT23's test sets, in order."""
    found = []
    for pair, side in SIDES.items():
        file = data / "wmt" / f"wmt23_{pair}" / "test.parquet"
        for row in pq.read_table(file).to_pylist():
            found += re.split(r"(?<=[.!?])\s+", row["translation"][side].strip())
    return [sentence for sentence in found if 3 <= len(sentence.split()) <= 60]


class Texts:
    """Draws texts from sentences, with a seed."""

    def __init__(self, sentences: Sequence[str], seed: int = 7) -> None:
        self._sentences = sentences
        self._draw = random.Random(seed)

    def about(self, mean: float, deviation: float, least: int) -> int:
        """Draw a number of words."""
        return max(least, round(self._draw.gauss(mean, deviation)))

    def passage(self, words: int) -> tuple[str, str]:
        """Return neighbouring sentences of so many words or more, and the next one."""
        place = self._draw.randrange(len(self._sentences) - 100)
        found: list[str] = []
        while sum(len(sentence.split()) for sentence in found) < words:
            found.append(self._sentences[place])
            place += 1
        return " ".join(found), self._sentences[place]

    def words(self, count: int) -> str:
        """Return so many words of sentences drawn at random."""
        found: list[str] = []
        while len(found) < count:
            found += self._draw.choice(self._sentences).split()
        return " ".join(found[:count])

    def opening(self, most: int) -> str:
        """Return a sentence's words, so many at most."""
        return " ".join(self._draw.choice(self._sentences).split()[:most])

    def hellaswag(self) -> Item:
        """Draw a context of 50 words or so and four endings of 32 at most."""
        context, following = self.passage(self.about(45, 18, 8))
        endings = [self.opening(self._draw.randint(8, 32)) for _ in range(4)]
        label = self._draw.randrange(4)
        endings[label] = " ".join(following.split()[:32])
        return _choice(context, endings, label)

    def arc(self) -> Item:
        """Draw a question and four choices of 1 to 6 words."""
        words = self.words(self.about(20, 8, 8)).split()
        cut = self._draw.randint(3, len(words) - 4)
        sizes = self._draw.choices([1, 2, 3, 4, 6], [2, 2, 1, 1, 1], k=4)
        choices = [self.words(size) for size in sizes]
        label = self._draw.randrange(4)
        choices[label] = " ".join(words[cut : cut + self._draw.randint(1, 4)])
        asked = f"Which words come next after: {' '.join(words[:cut])}?"
        return _choice(f"Question: {asked}\nAnswer:", choices, label)

    def boolq(self) -> Item:
        """Draw a passage of 95 words or so and a question that is no or yes."""
        passage, following = self.passage(self.about(95, 45, 30))
        asked = " ".join(following.split()[:9]).lower().rstrip(".")
        context = f"{passage}\nQuestion: {asked}?\nAnswer:"
        return _choice(context, ["no", "yes"], self._draw.randrange(2))

    def glue(self) -> Item:
        """Draw a text, or a pair, as long as those of one of GLUE's tasks."""
        first, wide, second, wide_second = self._draw.choice(list(GLUE.values()))
        pair = self.words(self.about(second, wide_second, 3)) if second else None
        return {"text": self.words(self.about(first, wide, 3)), "pair": pair}

    def squad(self) -> Item:
        """Draw a context of 110 words or so and a question of 11."""
        words = min(600, max(25, round(self._draw.lognormvariate(4.72, 0.42))))
        context, _ = self.passage(words)
        return {"question": self.words(self.about(11, 4, 3)), "context": context}

    def prompt(self) -> Item:
        """Draw a sentence to go on after, and how many tokens to write, 4 to 48."""
        length = min(48, max(4, round(self._draw.lognormvariate(3.1, 0.55))))
        return {"prompt": self._draw.choice(self._sentences), "max_tokens": length}


def with_shots(items: Sequence[Item], count: int) -> list[Item]:
    """Return the items behind the last ones as exemplars, which are left out."""
    exemplars = items[-count:]
    shots = "".join(
        f"{item['context']}{item['choices'][item['label']]}\n\n" for item in exemplars
    )
    return [{**item, "context": shots + item["context"]} for item in items[:-count]]


def read_copa(data: Path) -> list[Item]:
    """Return COPA's validation split, worded as lm-evaluation-harness words it."""
    rows = pq.read_table(data / "super_glue" / "copa" / "validation.parquet")
    joints = {"cause": "because", "effect": "therefore"}
    return [
        {
            "context": f"{row['premise'].strip()[:-1]} {joints[row['question']]}",
            "choices": [
                " " + row[name][0].lower() + row[name][1:]
                for name in ("choice1", "choice2")
            ],
            "label": row["label"],
        }
        for row in rows.to_pylist()
    ]


def read_mrpc(data: Path) -> list[Item]:
    """Return MRPC's training split."""
    rows = pq.read_table(data / "glue" / "mrpc" / "train.parquet").to_pylist()
    return [
        {"text": row["sentence1"], "pair": row["sentence2"], "label": row["label"]}
        for row in rows
    ]


def make_items(data: Path, count: int) -> Iterator[tuple[str, list[Item]]]:
    """Yield every file's name and its items."""
    texts = Texts(read_sentences(data))
    kinds: dict[str, Callable[[], Item]] = {
        "hellaswag": texts.hellaswag,
        "arc": texts.arc,
        "boolq": texts.boolq,
        "glue": texts.glue,
        "squad": texts.squad,
        "prompts": texts.prompt,
    }
    for name, make in kinds.items():
        items = [make() for _ in range(count)]
        yield name, items
        if name == "arc":
            yield "arc_5_shot", with_shots(items, 5)
    yield "copa", read_copa(data)
    yield "mrpc", read_mrpc(data)


def _choice(context: str, choices: Sequence[str], label: int) -> Item:
    return {
        "context": context,
        "choices": [f" {choice}" for choice in choices],
        "label": label,
    }
