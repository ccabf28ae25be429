"""Whole runs by recipes that save adapters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.slow
def test_a_run_trains_an_adapter_and_names_it_with_its_base(
    run_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("run", "--model", "bert:tiny", "--task", "glue/cola", "--data", "sample")
    regime = "finetune:lora,max_examples=64,epochs=1"
    command = (*words, "--regime", regime, "--seed", "7", "--out", "page.json")
    first = run_command(*command)
    assert first.code == 0, first.error
    again = run_command(*command)
    assert "1 in the store already" in again.out
    told = json.loads((tmp_path / "page.json").read_text())
    (cell,) = [cell for cell in told["cells"] if cell["status"] == "done"]
    name = cell["provenance"]["checkpoint"]
    assert name.startswith("tiny+")
    _names_the_same_answers(run_command, name, cell["scores"], tmp_path)


def _names_the_same_answers(
    run_command: Run, name: str, scores: object, place: Path
) -> None:
    command = ("run", "--model", f"bert:{name}", "--task", "glue/cola")
    done = run_command(*command, "--data", "sample", "--out", "named.json")
    assert done.code == 0, done.error
    told = json.loads((place / "named.json").read_text())
    assert [c["scores"] for c in told["cells"] if c["model"] != "bert:tiny"] == [scores]


def test_recipes_are_listed_with_what_they_save(run_command: Run) -> None:
    listed = run_command("list", "recipes").out
    for recipe in ("full", "lora", "adapter", "prompt-tuning", "linear-probe"):
        assert recipe in listed
