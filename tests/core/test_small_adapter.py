"""Twenty lines in a file are a model: it runs on every task that it can be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODEL = """\
from harness import ModelCard, ModelEntry, hookimpl
from harness.requests import Score, ScoreAnswer

class Shortest:
    def answer(self, requests):
        return [self.score(request.choices) for request in requests]

    def score(self, choices):
        counts = tuple(len(choice) for choice in choices)
        return ScoreAnswer(log_probabilities=tuple(-1.0 * n for n in counts),
                           is_greedy=tuple(n == min(counts) for n in counts),
                           token_counts=counts, byte_counts=counts)

@hookimpl
def harness_models():
    card = ModelCard(abilities=frozenset({Score}), fingerprint="shortest-1")
    return [ModelEntry(name="shortest", summary="likes what is short",
                       examples=("shortest:",), describe=lambda name: card,
                       load=lambda name, settings: Shortest())]
"""


def test_an_adapter_of_twenty_lines_runs_from_a_plugin_file(
    tmp_path: Path, run_command: Callable[..., Any]
) -> None:
    lines = [line for line in MODEL.splitlines() if line]
    assert len(lines) <= 20
    (tmp_path / "shortest.py").write_text(MODEL)
    out, store = tmp_path / "page.json", tmp_path / "store.sqlite"
    outcome = run_command(
        *("run", "--plugin", str(tmp_path / "shortest.py"), "--model", "shortest:"),
        *("--task", "glue/rte", "--data", "sample", "--format", "json"),
        *("--store", str(store), "--out", str(out)),
    )
    assert outcome.code == 0
    text = out.read_text()
    assert "shortest:" in text
    assert json.loads(text)
