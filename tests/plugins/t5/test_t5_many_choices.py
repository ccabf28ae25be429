"""Many choices of one context are decoded in parts, and score as they would at once."""

from __future__ import annotations

import time

import pytest

from harness.agreement import ask
from harness.engine.simple import as_full
from harness.model import Adapter, LoadSettings, ModelName
from harness.requests import Score, ScoreAnswer
from harness_t5 import targets
from harness_t5.plugin import load


@pytest.fixture
def tiny() -> Adapter:
    return as_full(load(ModelName.parse("t5:tiny"), LoadSettings()))


def _scores(adapter: Adapter, requests: list[Score]) -> list[list[float]]:
    answers = ask(adapter, requests, 10**6)
    return [list(a.log_probabilities) for a in answers if isinstance(a, ScoreAnswer)]


def test_parts_score_as_the_whole_does(
    tiny: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [
        Score(context="max of a and", choices=(" b", "", " longer one", " c", " d")),
        Score(context="a", choices=(" x", " y y")),
    ]
    whole = _scores(tiny, requests)
    monkeypatch.setattr(targets, "_READ_AT_ONCE", 12)
    for parts, together in zip(_scores(tiny, requests), whole, strict=True):
        assert parts == pytest.approx(together, abs=1e-4)


@pytest.mark.slow
def test_a_thousand_choices_take_seconds(tiny: Adapter) -> None:
    choices = tuple(f" choice number {number}" for number in range(1000))
    start = time.process_time()
    (scores,) = _scores(tiny, [Score(context="which", choices=choices)])
    assert len(scores) == 1000
    assert time.process_time() - start < 10  # about 1.3 s; all at once it is 25 s
