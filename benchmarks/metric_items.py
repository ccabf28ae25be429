"""Invented predictions and targets for every metric that the core registers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness import Example, Prediction
from harness.requests import JsonValue

LABELS = ("no", "yes")
TAGS = ("O", "B-PER", "I-PER", "B-LOC")
GROUP = 3
"""Answers of a question."""

Pairs = list[tuple[Prediction, Example]]
Values = tuple[JsonValue, JsonValue]
"""What is predicted, and what is right."""
Draw = Callable[[random.Random], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What is drawn.

    Attributes:
        words: of texts.
        shortest: words of a text at least.
        longest: words of a text at most.
        numbers: distinct numbers; None for as many as there are floats.
    """

    words: Sequence[str]
    shortest: int
    longest: int
    numbers: int | None

    def specs(self) -> dict[str, Draw]:
        """Return what each metric, as a task writes it, is scored on."""
        kinds: dict[Draw, str] = {
            self._label: "accuracy macro_f1 micro_f1 weighted_f1 matthews "
            "f1,positive=yes precision,positive=yes recall,average=macro "
            "question_f1,positive=yes question_exact_match,positive=yes pair_parity",
            self._number: "pearson spearman",
            self._written: "bleu chrf chrf++ ter rouge1 rouge2 rougeL rougeLsum "
            "code_bleu4 text_bleu smoothed_bleu4 exact_match line_exact_match "
            "edit_similarity codebleu,lang=java squad_f1 squad_exact_match "
            "mlqa_f1,language=de mlqa_exact_match,language=de",
            self._span: "squad2_f1 squad2_exact squad2_best_f1 squad2_best_exact "
            "squad2_f1,questions=answerable,threshold=2",
            self._tags: "entity_f1 entity_precision entity_recall tag_accuracy",
            self._likelihood: "word_perplexity byte_perplexity token_perplexity "
            "bits_per_byte document_perplexity greedy_accuracy",
            self._ranking: "map_at_r",
            self._found: "mrr",
            self._program: "token_accuracy",
        }
        return {spec: draw for draw, specs in kinds.items() for spec in specs.split()}

    def pairs(self, draw: Draw, dice: random.Random, count: int) -> Pairs:
        """Return predictions beside their examples, three examples to a group."""
        made = []
        for place in range(count):
            said, right = draw(dice)
            detail = {"no_answer": self._float(dice)}
            group = f"question {place // GROUP}"
            example = Example(id=str(place), columns={}, target=right, group=group)
            made.append((Prediction(id=str(place), value=said, detail=detail), example))
        return made

    def _label(self, dice: random.Random) -> Values:
        return dice.choice([*LABELS, *LABELS, None]), dice.choice(LABELS)

    def _number(self, dice: random.Random) -> Values:
        return self._float(dice), self._float(dice)

    def _written(self, dice: random.Random) -> Values:
        right = self._text(dice)
        references: list[JsonValue] = [right, self._text(dice)]
        return self._near(dice, right), references

    def _span(self, dice: random.Random) -> Values:
        right = self._text(dice)
        references: list[JsonValue] = [right, "a mat"]
        return self._near(dice, right), references if dice.random() < 0.5 else [""]

    def _tags(self, dice: random.Random) -> Values:
        count = dice.randrange(1, 6)
        said, right = (" ".join(dice.choices(TAGS, k=count)) for _ in range(2))
        return dice.choice([said, said, None]), right

    def _likelihood(self, dice: random.Random) -> Values:
        nats, is_greedy = -20 * dice.random(), dice.random() < 0.5
        return {"nats": nats, "tokens": 5, "is_greedy": is_greedy}, self._text(dice)

    def _ranking(self, dice: random.Random) -> Values:
        ids: list[JsonValue] = [str(number) for number in range(8)]
        return dice.sample(ids, 5), dice.sample(ids, 2)

    def _found(self, dice: random.Random) -> Values:
        ids: list[JsonValue] = [str(number) for number in range(8)]
        return dice.sample(ids, 5), dice.choice(ids)

    def _program(self, dice: random.Random) -> Values:
        right: list[JsonValue] = [*self._text(dice).split()]
        return [dice.choice([word, "a"]) for word in right], right

    def _float(self, dice: random.Random) -> float:
        is_free = self.numbers is None
        return dice.random() if is_free else float(dice.randrange(self.numbers or 1))

    def _text(self, dice: random.Random) -> str:
        count = dice.randrange(self.shortest, self.longest + 1)
        return " ".join(dice.choices(self.words, k=count))

    def _near(self, dice: random.Random, right: str) -> JsonValue:
        """Return the text with words changed, or nothing read."""
        words = right.split()
        for _ in range(dice.randrange(1, max(2, len(words) // 4))):
            words[dice.randrange(len(words))] = dice.choice(self.words)
        changed = " ".join(words)
        return dice.choice([right, changed, changed, "", None])
