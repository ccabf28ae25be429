"""What formulations over a prompt share."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import PluginError
from harness.formulations.base import Exemplars, PerExample
from harness.model import Head, TrainingExample
from harness.requests import Generate, GenerateAnswer
from harness.task import Example, Prompt, render, word_choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted(PerExample):
    """What formulations over a prompt share."""

    prompt: str
    wording: Prompt

    @property
    def head(self) -> Head:
        return Head(kind="language")

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        prompt = render(self.wording.text, example.columns)
        text = self.wording.delimiter + answer_text(self.wording, example)
        request = self._generate((prompt,))
        return (TrainingExample(request=request, answer=GenerateAnswer(text=text)),)

    def _contexts(self, example: Example, exemplars: Exemplars) -> tuple[str, ...]:
        """Return the context with all exemplars, then with one less each."""
        wording = self.wording
        question = render(wording.text, example.columns)
        shots = [
            render(wording.text, shot.columns)
            + wording.delimiter
            + answer_text(wording, shot)
            for shot in exemplars
        ]
        starts = range(len(shots) + 1)
        return tuple(
            wording.description + wording.between.join([*shots[start:], question])
            for start in starts
        )

    def _generate(self, contexts: tuple[str, ...]) -> Generate:
        return Generate(
            prompt=contexts[0],
            shorter=contexts[1:],
            stop=self.wording.stop,
            max_tokens=self.wording.max_tokens,
            beams=self.wording.beams,
            length_penalty=self.wording.length_penalty,
            is_message=self.wording.is_message,
        )


def answer_text(wording: Prompt, example: Example) -> str:
    """Word an example's target as the prompt would have it answered.

    Of several acceptable targets it is the first.

    Raises:
        PluginError: the prompt has no wording for the target.
    """
    if wording.write:
        return wording.write(example.target, example.columns)
    target = example.target
    if isinstance(target, list) and target:
        target = target[0]
    is_worded = not wording.answers or target in wording.answers
    if isinstance(target, str) and is_worded:
        return word_choice(wording, target, example.columns)
    raise PluginError(
        f"the prompt has no wording for the target {target!r}, expected one of "
        f"{', '.join(wording.answers) or 'a text'}: add it to the prompt's answers"
    )
