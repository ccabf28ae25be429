"""The official files of SQuAD: answers and doubts, written and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import DataError, Example, Prediction
from harness.builtin import harness_metrics
from harness.cli import main
from harness.stats import score
from harness_squad.sample import make_sample
from harness_squad.submission import AnswerFile, DoubtFile

ANSWERS, DOUBTS = AnswerFile(), DoubtFile()
EXAMPLES = [
    Example(id="q1", columns={}, target=["Zürich"]),
    Example(id="q2", columns={}, target=[""]),
]
PREDICTIONS = [
    Prediction(id="q1", value="Zürich", detail={"no_answer": -1.5}),
    Prediction(id="q2", value=None, detail={"no_answer": 2}),
]


def refusal(text: str) -> str:
    with pytest.raises(DataError) as error:
        ANSWERS.read(text, EXAMPLES)
    return str(error.value)


def doubt_refusal(text: str) -> str:
    with pytest.raises(DataError) as error:
        DOUBTS.read(text, PREDICTIONS)
    return str(error.value)


def test_answers_stand_by_id_and_what_was_not_read_is_empty() -> None:
    text = ANSWERS.write(PREDICTIONS, EXAMPLES)
    assert json.loads(text) == {"q1": "Zürich", "q2": ""}
    assert "Zürich" in text


def test_answers_are_read_in_the_order_of_the_examples() -> None:
    read = ANSWERS.read('{"q2": "", "q1": "Bern"}', EXAMPLES)
    assert [(p.id, p.value) for p in read] == [("q1", "Bern"), ("q2", "")]


def test_version_1_may_leave_questions_out() -> None:
    read = AnswerFile(may_leave_out=True).read('{"q2": "Bern"}', EXAMPLES)
    assert [p.value for p in read] == [None, "Bern"]


def test_a_prediction_that_is_no_text_is_not_written() -> None:
    with pytest.raises(DataError) as error:
        ANSWERS.write([Prediction(id="q1", value=3)], EXAMPLES[:1])
    assert str(error.value) == (
        "predictions.json: the prediction 3 of example 'q1' is no text, expected the "
        "answer's text: predict texts"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '["Bern"]',
            "predictions.json holds a JSON list, expected one object of values by "
            "question id: correct the file",
        ),
        (
            '{"q1": "a", "q1": "b"}',
            "predictions.json has question 'q1' twice, expected it once: remove one",
        ),
        (
            '{"q1": "a"}',
            "predictions.json lacks 1 of 2 questions (the first is 'q2'), expected "
            "every one: complete the file",
        ),
        (
            '{"q1": "a", "q2": "b", "q3": "c"}',
            "predictions.json has unknown questions (1, the first is 'q3'), expected "
            "the data's 2 alone: score the right split, or remove them",
        ),
        (
            '{"q1": "a", "q2": null}',
            "predictions.json: question 'q2' has None, expected the answer's text, "
            "empty for none: correct the file",
        ),
    ],
)
def test_a_malformed_file_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


def test_what_is_no_json_is_refused() -> None:
    assert refusal("q1\tBern").startswith("predictions.json is no JSON (")


def test_doubts_are_written_and_read_back() -> None:
    text = DOUBTS.write(PREDICTIONS, EXAMPLES)
    assert text is not None
    bare = [Prediction(id=p.id, value=p.value) for p in PREDICTIONS]
    assert [p.detail["no_answer"] for p in DOUBTS.read(text, bare)] == [-1.5, 2]


@pytest.mark.parametrize(
    ("text", "best"), [('{"q1": 1, "q2": 1}', 1.0), ('{"q2": 1, "q1": 1}', 0.5)]
)
def test_equal_doubts_count_in_the_order_of_their_file(text: str, best: float) -> None:
    """As the golden cases `squad_v2-tie-order-matters-a` and `-b` have it."""
    said = [Prediction(id="q1", value="Zürich"), Prediction(id="q2", value="Bern")]
    (entry,) = [e for e in harness_metrics() if e.name == "squad2_best_exact"]
    metric = entry.make((), {})
    assert score(metric, metric.statistics(DOUBTS.read(text, said), EXAMPLES)) == best


def test_no_doubts_make_no_file() -> None:
    assert DOUBTS.write([Prediction(id="q1", value="a")], EXAMPLES[:1]) is None


def test_doubts_for_some_questions_only_are_not_written() -> None:
    with pytest.raises(DataError) as error:
        DOUBTS.write([PREDICTIONS[0], Prediction(id="q2", value="")], EXAMPLES)
    assert str(error.value) == (
        "na_prob.json lacks 1 of 2 questions (the first is 'q2'), expected every one: "
        "complete the file"
    )


def test_a_doubt_that_is_no_number_is_refused() -> None:
    assert doubt_refusal('{"q1": 0.5, "q2": "high"}') == (
        "na_prob.json: question 'q2' has 'high', expected a number: correct the file"
    )


def test_both_official_files_are_scored_without_a_model(
    run_command: Callable[..., Any], tmp_path: Path
) -> None:
    rows = make_sample(2, "validation", 1)
    said = {str(row["id"]): "the mill" for row in rows}
    doubts = {str(row["id"]): float(not row["answers"]["text"]) for row in rows}  # type: ignore[call-overload, index]
    answers, beside = tmp_path / "answers.json", tmp_path / "doubts.json"
    answers.write_text(json.dumps(said))
    beside.write_text(json.dumps(doubts))
    words = ["squad/v2", str(answers), "--beside", str(beside), "--data", "sample"]
    found = json.loads(run_command("score", *words, "--json").out)["scores"]
    values = {score["metric"]: score["value"] for score in found}
    assert (values["squad2_exact"], values["squad2_best_exact"]) == (0, 0.5)


def test_scores_that_need_the_doubts_say_which_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.txt").write_text("x\n" * 300)
    words = ["score", "squad/v2", str(tmp_path / "p.txt"), "--format", "lines"]
    monkeypatch.setattr("sys.argv", ["harness", *words, "--data", "sample"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.endswith(
        "some scores need a further file, na_prob.json: add it with --beside\n"
    )
