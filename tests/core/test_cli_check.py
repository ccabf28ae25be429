"""`harness check models` shows how a model agrees with itself, `show` how it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLUGIN = """
from harness import LoadSettings, ModelCard, ModelEntry, ModelName, hookimpl
from harness.requests import Embed, EmbedAnswer, Generate, GenerateAnswer

class Model:
    def __init__(self, slip):
        self.slip = slip

    def answer(self, requests):
        return [self.reply(request, len(requests)) for request in requests]

    def reply(self, request, beside):
        if isinstance(request, Generate):
            return GenerateAnswer(text=request.prompt[::-1])
        return EmbedAnswer(vector=(1.0, len(request.text) + self.slip * beside))

def make(name, slips):
    def load(model, settings):
        return Model(slips[settings.dtype])
    return ModelEntry(
        name=name, summary="embeds", examples=(f"{name}:",), load=load,
        describe=lambda model: ModelCard(
            abilities=frozenset({Embed, Generate}), fingerprint=name,
            facts={"chat_template": "applied to Generate requests"},
        ),
        worded=lambda model, asked: f"<user>{asked.prompt}</user>",
    )

@hookimpl
def harness_models():
    return [
        make("steady", {"fp32": 0.0, "bf16": 0.01, "fp16": 0.0}),
        make("sloppy", {"fp32": 0.001, "bf16": 0.0, "fp16": 0.0}),
        make("lost", dict.fromkeys(("fp32", "bf16", "fp16"), float("nan"))),
    ]
"""
Run = Callable[..., Any]


@pytest.fixture
def plugin(tmp_path: Path) -> str:
    path = tmp_path / "models_of_this_test.py"
    path.write_text(PLUGIN)
    return str(path)


def test_a_model_that_agrees_with_itself_passes(run_command: Run, plugin: str) -> None:
    outcome = run_command("check", "models", "steady:", "--plugin", plugin)
    assert outcome.code == 0
    lines = [line.split() for line in outcome.out.splitlines()]
    assert [
        "Embed",
        "fp32",
        "0.0e+00",
        *["ok,", "0%", "of", "the", "tolerance"],
    ] in lines
    assert [
        "Generate",
        "fp32",
        "0.0e+00",
        *["ok,", "0%", "of", "the", "tolerance"],
    ] in lines


def test_a_terminal_sees_what_is_going_on(
    run_command: Run, plugin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = run_command("check", "models", "steady:", "--plugin", plugin).error
    assert "steady:: asking Generate in bf16" in shown


def test_a_log_is_told_of_nothing_but_results(run_command: Run, plugin: str) -> None:
    assert run_command("check", "models", "steady:", "--plugin", plugin).error == ""


def test_another_precision_is_shown_and_does_not_fail(
    run_command: Run, plugin: str
) -> None:
    outcome = run_command("check", "models", "steady:", "--plugin", plugin, "--json")
    found = {(a["ability"], a["dtype"]): a for a in json.loads(outcome.out)["steady:"]}
    # 12 requests together against one alone: 11 times the slip of 0.01
    assert found["Embed", "bf16"]["batches"]["largest"] == pytest.approx(0.11)
    assert found["Embed", "bf16"]["drift"]["largest"] == pytest.approx(0.12)
    assert found["Embed", "fp32"]["drift"] is None


def test_a_model_whose_answers_depend_on_the_batch_fails(
    run_command: Run, plugin: str
) -> None:
    outcome = run_command("check", "models", "sloppy:", "--plugin", plugin)
    assert outcome.code == 1
    lines = [line.split() for line in outcome.out.splitlines()]
    assert ["Embed", "fp32", "1.1e-02", "FAIL,"] in [line[:4] for line in lines]
    assert [
        "Generate",
        "fp32",
        "0.0e+00",
        *["ok,", "0%", "of", "the", "tolerance"],
    ] in lines


def test_a_difference_that_is_no_number_is_null_in_json(
    run_command: Run, plugin: str
) -> None:
    outcome = run_command("check", "models", "lost:", "--plugin", plugin, "--json")
    (embed, _, _, _) = json.loads(outcome.out, parse_constant=pytest.fail)["lost:"]
    assert (embed["ability"], embed["batches"]["largest"]) == ("Embed", None)
    assert outcome.code == 1


def test_a_baseline_is_refused(run_command: Run) -> None:
    outcome = run_command("check", "models", "majority:")
    assert outcome.code == 2
    assert outcome.error == (
        "error: majority: is a baseline, which sees examples and answers no requests: "
        "name a model, such as bert:tiny\n"
    )


def test_an_unknown_precision_is_refused(run_command: Run) -> None:
    outcome = run_command("check", "models", "bert:tiny", "--dtype", "int8")
    assert outcome.error == (
        "error: --dtype is 'int8', expected fp32, bf16, fp16: name one of these\n"
    )


def test_show_tells_how_a_model_reads_a_prompt(run_command: Run, plugin: str) -> None:
    outcome = run_command(
        *("show", "glue/rte", "--prompt", "t5", "--formulation", "generate"),
        *("--count", "1", "--model", "steady:", "--plugin", plugin),
    )
    assert "model: steady:\n  chat_template: applied to Generate" in outcome.out
    assert "    as the model reads it:\n      | <user>rte sentence1: " in outcome.out


def test_show_tells_that_a_baseline_reads_nothing(run_command: Run) -> None:
    outcome = run_command("show", "glue/rte", "--count", "1", "--model", "majority:")
    assert "model: majority:\n  kind: a baseline, which reads no request" in outcome.out
