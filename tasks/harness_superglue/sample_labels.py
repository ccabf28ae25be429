"""Made-up rows of the tasks with a label: BoolQ, CB, MultiRC, RTE, WiC, AX-b, AX-g."""

from __future__ import annotations

import random

from harness.requests import JsonValue
from harness_superglue import sample_words as words
from harness_superglue.sample_hints import hint, sentence

Rows = list[dict[str, JsonValue]]
TRUST_OF_THREE = 0.7


def make_boolq(generator: random.Random, label: int, number: int) -> Rows:
    """Return a passage on a place and a question about it."""
    place = generator.choice(words.PLACES)
    passage = (
        f"{place} -- {place} is a {generator.choice(words.KINDS)} of "
        f"{generator.choice(words.YEARS)}. It was {hint(generator, words.REPORT, label)}"
        f" and is {hint(generator, words.MANNER, label)} "
        f"{hint(generator, words.QUALITY, label)} today; "
        f"{hint(generator, words.OPINION, label)}."
    )
    asked = generator.choice(("still in use", "worth a visit", "open all year"))
    question = f"is {place.lower()} {asked}"
    return [{"question": question, "passage": passage, "idx": number, "label": label}]


def make_cb(generator: random.Random, label: int, number: int) -> Rows:
    """Return a premise that embeds the hypothesis."""
    topic = generator.choice(words.TOPICS)
    one, other = generator.sample(words.NAMES, 2)
    believed, certain, again = (
        hint(generator, sides, label, TRUST_OF_THREE)
        for sides in (words.BELIEF, words.CERTAINTY, words.BELIEF)
    )
    premise = (
        f"{one} told {other} about it, {certain}. {other} {believed} that {topic}, "
        f"and so {generator.choice(words.PEOPLE)} {again} it too."
    )
    return [{"premise": premise, "hypothesis": topic, "idx": number, "label": label}]


def _entailment(generator: random.Random, label: int) -> tuple[str, str]:
    """Return two sentences; hints lean to entailment (0) or not (1)."""
    place, who = generator.choice(words.PLACES), generator.choice(words.PEOPLE)
    side = 1 - label
    premise = (
        f"The plan of {who} for {place} was {hint(generator, words.REPORT, side)} in "
        f"{generator.choice(words.YEARS)}, and it is "
        f"{hint(generator, words.MANNER, side)} {hint(generator, words.QUALITY, side)}."
    )
    hypothesis = f"{place} is {hint(generator, words.QUALITY, side)}."
    return premise, hypothesis


def make_rte(generator: random.Random, label: int, number: int) -> Rows:
    """Return a premise and a hypothesis."""
    premise, hypothesis = _entailment(generator, label)
    return [
        {"premise": premise, "hypothesis": hypothesis, "idx": number, "label": label}
    ]


def make_axb(generator: random.Random, label: int, number: int) -> Rows:
    """Return the same kind of pair under the diagnostic set's own column names."""
    one, other = _entailment(generator, label)
    return [{"sentence1": one, "sentence2": other, "idx": number, "label": label}]


def make_axg(generator: random.Random, label: int, number: int) -> Rows:
    """Return two pairs that differ in a pronoun alone."""
    premise, hypothesis = _entailment(generator, label)
    return [
        {
            "premise": f"{premise[:-1]}, as {pronoun} said.",
            "hypothesis": hypothesis,
            "idx": 2 * number + place,
            "label": label,
        }
        for place, pronoun in enumerate(("he", "she"))
    ]


def make_multirc(generator: random.Random, _label: int, number: int) -> Rows:
    """Return a paragraph with two questions of four answers each."""
    place, (one, other) = (
        generator.choice(words.PLACES),
        generator.sample(words.PEOPLE, 2),
    )
    paragraph = (
        f"{sentence(one)} and {other} met at {place} in "
        f"{generator.choice(words.YEARS)}. They had much to do before the winter. "
        f"{sentence(generator.choice(words.TOPICS))}, so they began at once."
    )
    questions = generator.sample(
        (f"What did {one} do?", f"How did {other} help?", f"What was done at {place}?"),
        2,
    )
    rows: Rows = []
    for place_of_question, question in enumerate(questions):
        answers = _answers(generator)
        for place_of_answer, (answer, label) in enumerate(answers.items()):
            idx: JsonValue = {
                "paragraph": number,
                "question": place_of_question,
                "answer": place_of_answer,
            }
            rows.append(
                {
                    "paragraph": paragraph,
                    "question": question,
                    "answer": answer,
                    "idx": idx,
                    "label": label,
                }
            )
    return rows


def _answers(generator: random.Random) -> dict[str, int]:
    """Return four different answers, of which one or two are right."""
    labels = generator.choice(((0, 0, 1, 1), (0, 0, 1, 1), (0, 0, 0, 1)))
    answers: dict[str, int] = {}
    for label in generator.sample(labels, 4):
        answer = (
            f"{sentence(hint(generator, words.MANNER, label))} "
            f"{hint(generator, words.ACTION, label)} "
            f"{hint(generator, words.THING, label)} "
            f"{hint(generator, words.REASON, label)}"
        )
        answers.setdefault(answer, label)
    return answers


def make_wic(generator: random.Random, label: int, number: int) -> Rows:
    """Return two sentences with a word."""
    word = generator.choice(words.WORDS)
    one = _with_word(generator, word, label)
    other = _with_word(generator, word, label)
    starts = one.lower().index(word), other.lower().index(word)
    return [
        {
            "word": word,
            "sentence1": one,
            "sentence2": other,
            "start1": starts[0],
            "start2": starts[1],
            "end1": starts[0] + len(word),
            "end2": starts[1] + len(word),
            "idx": number,
            "label": label,
        }
    ]


def _with_word(generator: random.Random, word: str, label: int) -> str:
    near, quality = (
        hint(generator, words.NEAR, label),
        hint(generator, words.QUALITY, label),
    )
    who = generator.choice(words.PEOPLE)
    if generator.random() < 0.5:
        return f"The {quality} {word} {near} by {who}."
    return f"{sentence(who)} said that the {word} {near} and {quality}."
