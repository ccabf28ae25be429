"""Our side of a whole run: `harness run`, and then what it stored as one file.

python -m benchmarks.sides.harness_run MODEL DATA OUT
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

from harness import cli
from harness.requests import Score, request_key

HERE = Path(__file__).parent
TASK = "bench/choices"
SUITE = """\
title: choices
models: ["gpt:{model}"]
tasks:
  - {{id: {task}, formulation: rank}}
  - {{id: {task}, formulation: rank-normalised}}
regimes: [zero-shot]
data: {data}
device: cpu
"""
"""The second cell asks nothing that the first did not: its answers are in the store."""


def main() -> None:
    model, data, out = sys.argv[1:]
    suite, store = Path(out, "suite.yaml"), Path(out, "store.sqlite")
    suite.write_text(SUITE.format(model=model, task=TASK, data=data), "utf-8")
    plugin = str(HERE / "choices_task.py")
    words = ["run", str(suite), "--plugin", plugin, "--store", str(store)]
    sys.argv = ["harness", *words]
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            raise
    found = {"choices": read_choices(data, store), "scores": read_scores(store)}
    Path(out, "answers.json").write_text(json.dumps(found), "utf-8")


def read_choices(data: str, store: Path) -> list[list[tuple[float, bool]]]:
    """Return each item's log-probabilities and greedy flags, in the items' order."""
    with sqlite3.connect(store) as connection:
        answers = dict(connection.execute("SELECT request, content FROM answers"))
    lines = Path(data, "choices", "validation.jsonl").read_text("utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    asked = [Score(context=i["context"], choices=tuple(i["choices"])) for i in items]
    found = [json.loads(answers[request_key(request)]) for request in asked]
    return [
        list(zip(one["log_probabilities"], one["is_greedy"], strict=True))
        for one in found
    ]


def read_scores(store: Path) -> list[float]:
    """Return the accuracy by log-probability, then by log-probability a character."""
    with sqlite3.connect(store) as connection:
        rows = connection.execute(
            "SELECT cells.outcome, scores.value FROM cells "
            "JOIN scores ON scores.cell = cells.fingerprint"
        )
        scores = {json.loads(outcome)["formulation"]: value for outcome, value in rows}
    return [scores["rank"], scores["rank-normalised"]]


if __name__ == "__main__":
    main()
