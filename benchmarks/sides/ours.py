"""Our side: one adapter, asked a file of items through the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch

from benchmarks.beside.worker import Settings, Work, read_items, serve
from harness import LoadSettings, ModelName
from harness.engine.engine import Engine
from harness.model import Adapter, Budget
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    Extract,
    ExtractAnswer,
    Generate,
    GenerateAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness_bert.adapter import load_bert
from harness_gpt.adapter import load_gpt
from harness_t5.adapter import load_t5

LOADERS: Mapping[str, Callable[[ModelName, LoadSettings], Adapter]] = {
    "bert": load_bert,
    "gpt": load_gpt,
    "t5": load_t5,
}
LABELS = ("LABEL_0", "LABEL_1")


class NoCache:
    """Knows no earlier answer, so every turn does all of the work."""

    def find(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        """Know nothing."""
        return {}

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Forget."""


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    name = ModelName.parse(settings["model"])
    load = LoadSettings(dtype=settings.get("dtype", "fp32"))
    adapter = LOADERS[name.adapter](name, load)
    ask, say = KINDS[settings["ask"]]
    items = read_items(settings)
    budget = Budget(tokens=settings.get("batch_tokens", 2048))

    def work() -> object:
        requests = [ask(item, settings) for item in items]
        return [say(a) for a in Engine(adapter, NoCache(), budget).answer(requests)]

    return work


def _score(item: Mapping[str, Any], settings: Settings) -> Request:
    return Score(context=item["context"], choices=tuple(item["choices"]))


def _choices(answer: Answer) -> object:
    given = cast(ScoreAnswer, answer)
    return list(zip(given.log_probabilities, given.is_greedy, strict=True))


def _classify(item: Mapping[str, Any], settings: Settings) -> Request:
    return Classify(text=item["text"], pair=item.get("pair"), labels=LABELS)


def _probabilities(answer: Answer) -> object:
    return list(cast(ClassifyAnswer, answer).probabilities)


def _tokens(answer: Answer) -> object:
    return answer.tokens


def _extract(item: Mapping[str, Any], settings: Settings) -> Request:
    return Extract(question=item["question"], context=item["context"])


def _span(answer: Answer) -> object:
    given = cast(ExtractAnswer, answer)
    return given.text, given.start, given.score, given.no_answer_score


def _generate(item: Mapping[str, Any], settings: Settings) -> Request:
    return Generate(
        prompt=item["prompt"],
        max_tokens=item["max_tokens"],
        beams=settings.get("beams", 1),
    )


def _text(answer: Answer) -> object:
    return cast(GenerateAnswer, answer).text


KINDS: Mapping[
    str,
    tuple[
        Callable[[Mapping[str, Any], Settings], Request],
        Callable[[Answer], object],
    ],
] = {
    "score": (_score, _choices),
    "classify": (_classify, _probabilities),
    "classify-tokens": (_classify, _tokens),
    "extract": (_extract, _span),
    "generate": (_generate, _text),
}
"""For each kind of request: how an item is asked, and what is compared of its answer."""

if __name__ == "__main__":
    serve(prepare)
