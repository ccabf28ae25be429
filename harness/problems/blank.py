"""The word that was taken out of a text, of several candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.formulations import Candidates, FillBlank, Formulation, Rank
from harness.problems.baselines import draw_each, own_targets
from harness.requests import JsonValue
from harness.task import Example, Kind, Prompt, Row, Task, Template, pick, render


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """The word that was taken out of a text, of several candidates.

    Attributes:
        text: makes the text with ``{blank}`` in place of the word.
        inputs: the columns that the text is made of, with what each holds.
        candidates: what the answer is one of, given the row.
        answer: the column of the right word; where a data set comes without it, the
            split is unlabelled and can be answered, not scored.
    """

    text: Template
    inputs: Mapping[str, Kind]
    candidates: Candidates
    answer: str = "answer"

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The columns that every row must have."""
        return self.inputs

    @property
    def target_column(self) -> str:
        """The column of the right word."""
        return self.answer

    @property
    def labels(self) -> tuple[str, ...]:
        """Candidates are words of a row, no labels of the task."""
        return ()

    def read_target(self, row: Row) -> JsonValue:
        """Return the right word, None where it is hidden.

        Raises:
            ValueError: it is none of the candidates.
        """
        value = pick(row, self.answer)
        if value is None or value == "":
            return None
        candidates = self.candidates(row)
        if value not in candidates:
            raise ValueError(
                f"answer {value!r}, expected one of {len(candidates)} candidates, such "
                f"as {', '.join(candidates[:3])}"
            )
        return value

    def formulations(self, task: Task) -> list[Formulation]:
        """Return `cloze`, then `rank` for every prompt."""
        ranks: list[Formulation] = [
            Rank(prompt=name, wording=prompt, candidates=self.candidates)
            for name, prompt in task.prompts.items()
        ]
        wording = Prompt(text=self.text)
        return [FillBlank(wording=wording, candidates=self.candidates), *ranks]

    @property
    def learns_majority(self) -> bool:
        """The most frequent candidate is that of the texts themselves."""
        return False

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the candidate that stands most often in the texts of the set.

        Where it is no candidate of a row, the most frequent one that is.
        """
        counts: Counter[str] = Counter()
        for example in examples:
            counts.update(render(self.text, example.columns).split())
        return [
            max(self.candidates(example.columns), key=lambda word: counts[word])
            for example in examples
        ]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a candidate for every example."""
        return draw_each(
            examples, seed, lambda one, dice: dice.choice(self.candidates(one.columns))
        )

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the right words."""
        return own_targets(examples)
