"""The wordings of GLUE equal the published ones and can be read back."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from harness import Classification, DataError, Example, Task
from harness.formulations import Formulation
from harness.requests import Generate, GenerateAnswer, Score
from harness_glue.plugin import harness_tasks
from harness_glue.prompts import read_score, write_score
from tests.places import SHARED

TASKS = {task.id: task for task in harness_tasks()}
CASES = [
    (task, formulation)
    for task in TASKS.values()
    for formulation in task.formulations()
]
NAMES = [f"{task.id} {way.name} {way.prompt or ''}".strip() for task, way in CASES]
COLUMNS = {
    name: f"Some {{{name}}} of text"
    for name in ("sentence", "sentence1", "sentence2", "question", "premise")
} | {"question1": "Why?", "question2": "How?", "hypothesis": "It is so"}


def _formulation(task: str, name: str, prompt: str) -> Formulation:
    ways = TASKS[task].formulations()
    (way,) = [way for way in ways if (way.name, way.prompt) == (name, prompt)]
    return way


def _question(task: str, prompt: str, **columns: str) -> str:
    example = Example(id="0", columns=columns, target=None)
    (request,) = _formulation(task, "generate", prompt).requests(example)
    assert isinstance(request, Generate)
    return request.prompt


def _written(task: Task) -> list[str]:
    """Return the prompts whose answer is written."""
    return [name for name, p in task.prompts.items() if "generate" in p.asked_by]


def _examples(task: Task) -> list[Example]:
    labels = task.problem.labels or (0.0, 1.8, 5.0)
    return [Example(id=str(x), columns=COLUMNS, target=x) for x in labels]


@pytest.mark.parametrize(("task", "way"), CASES, ids=NAMES)
def test_right_answer_is_read_back_as_the_target(task: Task, way: Formulation) -> None:
    for example in _examples(task):
        assert way.predict(example, way.answer_for(example)).value == example.target


@pytest.mark.parametrize(("task", "way"), CASES, ids=NAMES)
def test_values_are_inserted_as_they_are(task: Task, way: Formulation) -> None:
    (request,) = way.requests(_examples(task)[0])
    text = str(request)
    # LM-BFF makes a first letter small and a last character a question mark
    kept = slice(1, -1) if way.name == "cloze" else slice(None)
    for column in task.problem.columns:
        assert str(COLUMNS[column])[kept] in text


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_no_braces_are_left_over(task: Task) -> None:
    plain = dict.fromkeys(COLUMNS, "text")
    for prompt in _written(task):
        assert not set("{}") & set(_question(task.id, prompt, **plain))


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_prompts_of_a_task_differ(task: Task) -> None:
    words = {name: str(text) for name, text in COLUMNS.items()}
    asked = [_question(task.id, prompt, **words) for prompt in _written(task)]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_answers_of_a_prompt_differ(task: Task) -> None:
    for prompt in task.prompts.values():
        if isinstance(task.problem, Classification):
            assert prompt.answers.keys() == set(task.problem.labels)
            assert len(set(prompt.answers.values())) == len(prompt.answers)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_prompts_say_where_they_are_published(task: Task) -> None:
    for prompt in task.prompts.values():
        known = ("lm-evaluation-harness", "Raffel", "Gao")
        assert any(name in prompt.source for name in known)


def test_lm_eval_has_no_wording_of_a_similarity() -> None:
    assert TASKS["glue/stsb"].prompts.keys() == {"t5"}


@pytest.mark.parametrize("name", ["rank", "generate"])
def test_the_diagnostic_set_is_asked_as_mnli_first(name: str) -> None:
    ways = [way for way in TASKS["glue/ax"].formulations() if way.name == name]
    example = Example(id="0", columns=COLUMNS, target="neutral")
    mnli = _formulation("glue/mnli/matched", name, "lm-eval")
    assert ways[0].prompt == "lm-eval"
    assert ways[0].requests(example) == mnli.requests(example)


@pytest.mark.parametrize("name", ["sst2", "rte", "wnli"])
def test_lm_eval_prompts_equal_those_that_lm_eval_sent(name: str) -> None:
    # the first 12 digits of the SHA-1 of every prompt of lm-eval 0.4.13
    golden = SHARED / "models" / "golden" / f"smollm2-{name}.json"
    if not golden.exists():
        pytest.skip("needs the shared folder's record of an lm-eval run")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path = SHARED / "data" / "glue" / name / "validation.parquet"
    rows = parquet.read_table(path).to_pylist()
    for item in json.loads(golden.read_text())["items"]:
        text = _question(f"glue/{name}", "lm-eval", **rows[item["doc_id"]])
        assert hashlib.sha1(text.encode()).hexdigest()[:12] == item["context_sha1"]


@pytest.mark.parametrize(
    ("hypothesis", "worded"),
    [("He left ", "He left."), ("He left.", "He left."), ("Did he?", "Did he?.")],
)
def test_lm_eval_ends_mnli_hypotheses_in_a_full_stop(
    hypothesis: str, worded: str
) -> None:
    # lm_eval/tasks/glue/mnli/utils.py strips the hypothesis and not the premise
    text = _question(
        "glue/mnli/matched", "lm-eval", premise="He ran ", hypothesis=hypothesis
    )
    assert text == f"He ran \nQuestion: {worded} True, False or Neither?\nAnswer:"


def test_lm_eval_choices_follow_the_label_order() -> None:
    way = _formulation("glue/mnli/matched", "rank", "lm-eval")
    (request,) = way.requests(Example(id="0", columns=COLUMNS, target=None))
    assert isinstance(request, Score)
    assert request.choices == (" True", " Neither", " False")


@pytest.mark.parametrize(
    ("task", "columns", "worded"),
    [
        ("glue/cola", {"sentence": "He ran."}, "cola sentence: He ran."),
        (
            "glue/mnli/matched",
            {"premise": "He ran.", "hypothesis": "He moved."},
            "mnli hypothesis: He moved. premise: He ran.",
        ),
        (
            "glue/ax",
            {"premise": "He ran.", "hypothesis": "He moved."},
            "mnli hypothesis: He moved. premise: He ran.",
        ),
        (
            "glue/qqp",
            {"question1": "Why?", "question2": "How?"},
            "qqp question1: Why? question2: How?",
        ),
        (
            "glue/qnli",
            {"question": "Who ran?", "sentence": "He ran."},
            "qnli question: Who ran? sentence: He ran.",
        ),
        (
            "glue/stsb",
            {"sentence1": "He ran.", "sentence2": "He moved."},
            "stsb sentence1: He ran. sentence2: He moved.",
        ),
    ],
)
def test_t5_names_the_task_and_its_columns_in_order(
    task: str, columns: dict[str, str], worded: str
) -> None:
    # preprocessors.glue: the task, then "column: text" with columns sorted by name
    assert _question(task, "t5", **columns) == worded


@pytest.mark.parametrize("target", [0.0, 0.5, 1.7, 1.8, 2.5, 2.75, 3.1, 3.75, 4.9, 5.0])
def test_t5_words_scores_as_32_bit_floats_round(target: float) -> None:
    # preprocessors.stsb: as_string(round(label * 5) / 5, precision=1) in float32
    fifths = np.round(np.float32(target) * np.float32(5)) / np.float32(5)
    assert write_score(target, {}) == f"{fifths:.1f}"


def test_t5_words_half_a_fifth_to_even() -> None:
    assert (write_score(1.7, {}), write_score(2.5, {}), write_score(3.5, {})) == (
        "1.6",
        "2.4",
        "3.6",
    )


def test_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match=r"the similarity 'high' is no number: check"):
        write_score("high", {})


@pytest.mark.parametrize(
    ("text", "value"),
    [("3.8", 3.8), ("5", 5.0), ("-2", -2.0), ("7.5", 7.5), ("", None), ("nan", None)],
)
def test_score_is_read_as_t5_reads_it(text: str, value: float | None) -> None:
    # postprocessors.string_to_float keeps numbers beyond the range of the labels
    assert read_score(text, {}) == value


@pytest.mark.parametrize(
    ("task", "text"), [("glue/cola", "acceptably"), ("glue/stsb", "very similar")]
)
def test_text_that_cannot_be_read_predicts_none(task: str, text: str) -> None:
    way = _formulation(task, "generate", "t5")
    example = Example(id="0", columns=COLUMNS, target=None)
    assert way.predict(example, [GenerateAnswer(text=text)]).value is None
