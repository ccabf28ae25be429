"""Letting the model write the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.formulations.base import Exemplars
from harness.formulations.prompted import Prompted, answer_text
from harness.model import TrainingExample
from harness.requests import Answer, Generate, GenerateAnswer, JsonValue, Request
from harness.task import Example, Prediction, Row, render


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateText(Prompted):
    """Let the model write the answer and parse it back."""

    @property
    def name(self) -> str:
        return "generate"

    @property
    def asks(self) -> type[Request]:
        return Generate

    def requests(
        self, example: Example, exemplars: Exemplars = ()
    ) -> tuple[Request, ...]:
        return (self._request(example, exemplars),)

    def predict(self, example: Example, answers: Sequence[Answer]) -> Prediction:
        (answer,) = answers
        assert isinstance(answer, GenerateAnswer)
        value = self._parse(answer.text, example.columns)
        return Prediction(id=example.id, value=value, detail={"text": answer.text})

    def answer_for(self, example: Example) -> tuple[Answer, ...]:
        return (GenerateAnswer(text=answer_text(self.wording, example)),)

    def target(self, example: Example) -> tuple[TrainingExample, ...]:
        text = self.wording.delimiter + answer_text(self.wording, example)
        request, answer = self._request(example), GenerateAnswer(text=text)
        return (TrainingExample(request=request, answer=answer),)

    def _request(self, example: Example, exemplars: Exemplars = ()) -> Generate:
        contexts = self._contexts(example, exemplars)
        return Generate(
            prompt=contexts[0],
            shorter=contexts[1:],
            stop=self.wording.stop,
            max_tokens=self.wording.max_tokens,
            beams=self.wording.beams,
            length_penalty=self.wording.length_penalty,
            is_message=self.wording.is_message,
        )

    def _parse(self, text: str, columns: Row) -> JsonValue:
        if self.wording.parse:
            return self.wording.parse(text.strip(), columns)
        if not self.wording.answers:
            return text.strip()
        for label, wording in self.wording.answers.items():
            if render(wording, columns).strip() == text.strip():
                return label
        return None
