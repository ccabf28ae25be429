"""One of several candidates after a context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.data.checks import shorten
from harness.errors import PluginError
from harness.formulations import ChooseHead, FillBlank, Formulation, GenerateText, Rank
from harness.problems.baselines import draw_each, most_frequent, own_targets
from harness.requests import JsonValue
from harness.task import (
    Example,
    Kind,
    Prompt,
    Row,
    Task,
    Template,
    pick,
    render,
    word_choice,
)

UNLABELLED = -1
"""What Hub data sets write where the answer is hidden."""
PLAIN = "{choice}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleChoice:
    """One of several candidates after a context.

    Attributes:
        inputs: the text columns of the context.
        choices: columns of one candidate each, whose names are then the labels; or
            the one column (a dotted path where it is nested) of a list of candidates,
            of which each row may have another number.
        context: what a head reads before every candidate: a template.
        choice: what a head reads of a candidate: a template of the columns and of
            ``{choice}``, the candidate's own text.
        target: the column of the answer: a place among the candidates from 0, a
            label, the answer's text, or a list of acceptable texts. A missing value,
            -1 or an empty list is hidden.
        more: other columns that templates use, with what each holds.
        simplest: what the majority baseline says of a row where candidates are a
            list; the first candidate where it is None.
    """

    inputs: tuple[str, ...]
    choices: tuple[str, ...] | str
    context: Template
    choice: Template = PLAIN
    target: str = "label"
    more: Mapping[str, Kind] = field(default_factory=dict)
    simplest: Callable[[Row], str] | None = None

    def __post_init__(self) -> None:
        count = len(set(self.choices))
        if isinstance(self.choices, tuple) and not 2 <= count == len(self.choices):
            raise PluginError(
                f"a multiple choice has two or more different columns of candidates, "
                f"or the name of one list column, not {self.choices!r}: correct the "
                "task's choices"
            )

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The columns that every row must have."""
        columns: dict[str, Kind] = dict.fromkeys((*self.inputs, *self.labels), "text")
        if isinstance(self.choices, str):
            columns[self.choices] = "texts"
        return {**columns, **self.more}

    @property
    def target_column(self) -> str:
        """The column that holds the answer."""
        return self.target

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns of candidates, empty where candidates are a list."""
        return self.choices if isinstance(self.choices, tuple) else ()

    def candidates(self, row: Row) -> tuple[str, ...]:
        """Return what the answer is one of: the labels, or the list without repeats."""
        if isinstance(self.choices, tuple):
            return self.choices
        texts = pick(row, self.choices)
        return tuple(dict.fromkeys(map(str, texts if isinstance(texts, list) else ())))

    def read_target(self, row: Row) -> JsonValue:
        """Return the answer's label or text, or the list of texts; None where hidden.

        Raises:
            ValueError: it is none of these, or no place among the candidates.
        """
        value = pick(row, self.target)
        if value is None or value == [] or (value == UNLABELLED and _is_place(value)):
            return None
        if isinstance(value, int) and _is_place(value):
            return self._at(row, value)
        if isinstance(value, str) and (self._is_list or value in self.labels):
            return value
        if isinstance(value, list) and self._is_list and _are_texts(value):
            return list(dict.fromkeys(value))
        wanted = "a text or a list of texts" if self._is_list else "a label"
        raise ValueError(
            f"answer {shorten(value)}, expected a place among the "
            f"{len(self.candidates(row))} candidates from 0, {wanted}, or -1 for none"
        )

    def formulations(self, task: Task) -> list[Formulation]:
        """Return the head, then `rank`, `rank-normalised`, `generate` and `cloze`.

        Each but the head for the prompts that are asked by it.
        """
        wordings = {name: self._word(prompt) for name, prompt in task.prompts.items()}
        ranks: list[Formulation] = [
            Rank(
                prompt=name,
                wording=wording,
                candidates=self.candidates,
                is_normalised=is_normalised,
            )
            for is_normalised in (False, True)
            for name, wording in wordings.items()
            if "rank" in wording.asked_by
        ]
        generated: list[Formulation] = [
            GenerateText(prompt=name, wording=wording)
            for name, wording in wordings.items()
            if "generate" in wording.asked_by
        ]
        blanks: list[Formulation] = [
            FillBlank(prompt=name, wording=wording, candidates=self.candidates)
            for name, wording in wordings.items()
            if "cloze" in wording.asked_by
        ]
        head = ChooseHead(
            context=self.context, candidates=self.candidates, texts=self._texts
        )
        return [head, *ranks, *generated, *blanks]

    @property
    def learns_majority(self) -> bool:
        """The most frequent label is that of training, where there are labels."""
        return not self._is_list

    def majority(
        self, examples: Sequence[Example], train_targets: Sequence[JsonValue]
    ) -> list[JsonValue]:
        """Return the most frequent label, or what is simplest of each row."""
        if not self._is_list:
            return [most_frequent(train_targets, self.labels)] * len(examples)
        simplest = self.simplest or self._first
        return [simplest(example.columns) for example in examples]

    def guess(self, examples: Sequence[Example], seed: int) -> list[JsonValue]:
        """Draw a candidate for every example."""
        return draw_each(
            examples, seed, lambda one, dice: dice.choice(self.candidates(one.columns))
        )

    def perfect(self, examples: Sequence[Example]) -> list[JsonValue]:
        """Return the targets, the first of several acceptable ones."""
        return own_targets(examples)

    @property
    def _is_list(self) -> bool:
        return isinstance(self.choices, str)

    def _first(self, row: Row) -> str:
        return self.candidates(row)[0]

    def _at(self, row: Row, place: int) -> str:
        candidates = self.candidates(row)
        if self._is_list:
            texts = pick(row, str(self.choices))
            candidates = tuple(map(str, texts if isinstance(texts, list) else ()))
        if 0 <= place < len(candidates):
            return candidates[place]
        raise ValueError(
            f"answer {place}, expected a place from 0 to {len(candidates) - 1} among "
            "the candidates, or -1 for none"
        )

    def _texts(self, row: Row) -> tuple[str, ...]:
        """Return what a head reads of every candidate."""
        own = [
            candidate if self._is_list else str(row[candidate])
            for candidate in self.candidates(row)
        ]
        return tuple(render(self.choice, {**row, "choice": text}) for text in own)

    def _word(self, prompt: Prompt) -> Prompt:
        """Complete a prompt: labels are worded by their columns, wordings read back."""
        if not self._is_list:
            columns = {label: f"{{{label}}}" for label in self.labels}
            return replace(prompt, answers={**columns, **prompt.answers})
        if prompt.parse or prompt.choice == PLAIN:
            return prompt

        def read_back(text: str, row: Row) -> JsonValue:
            worded = (
                (candidate, word_choice(prompt, candidate, row).strip())
                for candidate in self.candidates(row)
            )
            return next((c for c, wording in worded if wording == text.strip()), None)

        return replace(prompt, parse=read_back)


def _is_place(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(values: Sequence[JsonValue]) -> bool:
    return all(isinstance(value, str) for value in values)
