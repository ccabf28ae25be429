"""A plugin: a model that answers at once, so that what is measured is the harness."""

from __future__ import annotations

from collections.abc import Sequence

from harness import LoadSettings, ModelCard, ModelEntry, ModelName, hookimpl
from harness.requests import Answer, Request, Score, ScoreAnswer


class Cheap:
    """Takes the shortest choice for the most probable."""

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in order."""
        return [_answer(r.choices) for r in requests if isinstance(r, Score)]


def _answer(choices: Sequence[str]) -> ScoreAnswer:
    sizes = tuple(len(choice) for choice in choices)
    return ScoreAnswer(
        log_probabilities=tuple(-float(size) for size in sizes),
        is_greedy=(False,) * len(sizes),
        token_counts=sizes,
        byte_counts=sizes,
    )


def describe(name: ModelName) -> ModelCard:
    """Say what it can be asked."""
    return ModelCard(
        abilities=frozenset({Score}), fingerprint="cheap", prefers=("rank",)
    )


def load(name: ModelName, settings: LoadSettings) -> Cheap:
    """Make it."""
    return Cheap()


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register it."""
    return [
        ModelEntry(
            name="cheap",
            summary="answers at once",
            examples=("cheap:",),
            describe=describe,
            load=load,
        )
    ]
