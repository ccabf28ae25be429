"""The prediction files of CodeXGLUE: written, read back, and refused by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from harness import DataError, Example, Prediction, SubmissionFile, Task
from harness.requests import JsonValue
from harness_baselines.predictors import Oracle, Random
from harness_codexglue.plugin import harness_tasks
from tests.places import SHARED

TASKS = {task.id.removeprefix("codexglue/"): task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
CASES = SHARED / "golden" / "codexglue"


def _file(task: str) -> SubmissionFile:
    found = TASKS[task].submission
    assert found is not None
    return found


def _examples(task: Task) -> list[Example]:
    data, read = task.data, task.problem.read_target
    assert data.sample is not None
    rows = data.sample(data.evaluate, 1)[:12]
    return [
        Example(id=str(row[str(data.id_column)]), columns=row, target=read(row))
        for row in rows
    ]


def _predictions(
    examples: Sequence[Example], values: Sequence[JsonValue]
) -> list[Prediction]:
    pairs = zip(examples, values, strict=True)
    return [Prediction(id=example.id, value=value) for example, value in pairs]


def _known(*ids: str, **columns: JsonValue) -> list[Example]:
    return [Example(id=each, columns={**columns}, target=None) for each in ids]


def _refusal(act: Callable[[], object]) -> str:
    with pytest.raises(DataError) as error:
        act()
    return str(error.value)


@EVERY_TASK
@pytest.mark.parametrize("baseline", [Oracle(), Random(seed=1)])
def test_what_is_written_reads_back(task: Task, baseline: Oracle | Random) -> None:
    examples = _examples(task)
    given = _predictions(examples, baseline.predict(task, examples, []))
    assert task.submission is not None
    text = task.submission.write(given, examples)
    assert task.submission.read(text, examples) == given


def test_clone_pairs_are_named_by_both_methods() -> None:
    # Code-Code/Clone-detection-BigCloneBench/evaluator: id1, id2 and label by tabs
    examples = _known("0", id1=13653451, id2=21955002)
    text = _file("clone-detection/bigclonebench").write(
        _predictions(examples, ["clone"]), examples
    )
    assert text == "13653451\t21955002\t1\n"


def test_a_cloze_answer_stands_behind_its_official_separator() -> None:
    # Code-Code/ClozeTesting-all/evaluator: all-1<CODESPLIT>token1
    examples = _known("all-1")
    text = _file("cloze-all/go").write(_predictions(examples, ["size"]), examples)
    assert text == "all-1<CODESPLIT>size\n"


def test_rankings_are_objects_of_index_and_answers() -> None:
    # Code-Code/Clone-detection-POJ-104/README.md, "Input predictions"
    examples = _known("0")
    text = _file("clone-detection/poj104").write(
        _predictions(examples, [["3", "2"]]), examples
    )
    assert text == '{"index": "0", "answers": ["3", "2"]}\n'


def test_code_search_names_urls_and_numbers() -> None:
    # Text-Code/NL-code-search-Adv/README.md, "Input predictions"
    examples = _known("10", url="url0")
    text = _file("code-search/advtest").write(
        _predictions(examples, [["10", "11"]]), examples
    )
    assert json.loads(text) == {"url": "url0", "answers": [10, 11]}


def test_a_summary_loses_tabs_and_line_breaks() -> None:
    file, examples = _file("code-summarisation/go"), _known("7")
    text = file.write(_predictions(examples, ["sum\tof\nall"]), examples)
    assert text == "7\tsum of all\n"


def test_a_summary_is_read_up_to_its_first_tab() -> None:
    # computeMaps of Code-Text/code-to-text/evaluator/evaluator.py
    (found,) = _file("code-summarisation/go").read("7\tsum of\tall\n", _known("7"))
    assert found.value == "sum of"


def test_lines_of_documentation_end_where_codecs_ends_them() -> None:
    # golden/README.md: text-to-text reads lines with codecs
    file, examples = _file("documentation-translation/da-en"), _known("1", "2")
    assert [p.value for p in file.read("a\u2028b\n", examples)] == ["a", "b"]
    text = file.write(_predictions(examples, ["a\u2028b", "c"]), examples)
    assert text == "a b\nc\n"


def test_an_unreadable_prediction_is_an_empty_line() -> None:
    examples = _known("1", "2")
    text = _file("code-repair/small").write(
        _predictions(examples, [None, "x"]), examples
    )
    assert text == "\nx\n"


def test_lines_end_where_open_ends_them() -> None:
    # golden/README.md: text files are read with open, which keeps U+2028 and form feeds
    file, examples = _file("code-translation/java-cs"), _known("1", "2")
    found = file.read("a\u2028b\x0c\r\nc", examples)
    assert [each.value for each in found] == ["a\u2028b\x0c", "c"]


def test_tokens_have_no_spaces_and_empty_ones_are_unknown() -> None:
    file = _file("code-completion-token/java")
    examples = _known("1", code=["a", "b", "c"])
    text = file.write(_predictions(examples, [["x y", "", "z"]]), examples)
    assert text == "xy <unk> z\n"


def test_labels_outside_the_task_are_refused() -> None:
    file, examples = _file("defect-detection"), _known("1")
    assert _refusal(lambda: file.write(_predictions(examples, [None]), examples)) == (
        "Code-Code/Defect-detection/predictions.txt: the prediction None of example "
        "'1' is no label, expected one of sound, defective: correct the prompt, or "
        "predict a label"
    )


@pytest.mark.parametrize("line", ["1\t2", "1", "1 0"])
def test_a_malformed_line_is_named(line: str) -> None:
    file, examples = _file("defect-detection"), _known("0", "1")
    assert _refusal(lambda: file.read(f"0\t1\n{line}\n", examples)) == (
        f"Code-Code/Defect-detection/predictions.txt, line 2: {line!r}, expected "
        "'id\\t0|1': correct the line"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "0\t1\n0\t1\n",
            ", line 2: '0' is there twice, expected each id once: correct",
        ),
        ("0\t1\n9\t1\n", ", line 2: '9' is no id of this split, expected each id once"),
        ("0\t1\n", " has no prediction for '1' (1 in all), expected one for each exam"),
    ],
)
def test_ids_must_be_those_of_the_split(text: str, what: str) -> None:
    file, examples = _file("defect-detection"), _known("0", "1")
    assert what in _refusal(lambda: file.read(text, examples))


def test_the_number_of_lines_must_be_that_of_the_split() -> None:
    file, examples = _file("text-to-code"), _known("0", "1")
    assert _refusal(lambda: file.read("a\n", examples)) == (
        "Text-Code/text-to-code/predictions.txt has 1 lines, expected 2, one for each "
        "example: check that it is a file of this split"
    )


def test_the_number_of_tokens_must_be_that_of_the_example() -> None:
    file = _file("code-completion-token/java")
    examples = _known("1", code=["a", "b"])
    assert "line 1: 1 tokens, expected 2, one for each of example '1'" in _refusal(
        lambda: file.read("a\n", examples)
    )
    assert "is no list of 2 tokens" in _refusal(
        lambda: file.write(_predictions(examples, [["a"]]), examples)
    )


@pytest.mark.parametrize("line", ["[1]", "{", '{"index": "0"}', '{"answers": 1}'])
def test_a_line_that_is_no_ranking_is_named(line: str) -> None:
    file = _file("clone-detection/poj104")
    assert "expected an object of 'index' and a list 'answers'" in _refusal(
        lambda: file.read(line, _known("0"))
    )


def test_a_ranking_must_be_a_list_of_ids() -> None:
    file, examples = _file("code-search/advtest"), _known("1", url="u")
    assert "is no list, expected ids, best first" in _refusal(
        lambda: file.write(_predictions(examples, ["1"]), examples)
    )
    assert "has the id 'x', expected a whole number" in _refusal(
        lambda: file.write(_predictions(examples, [["x"]]), examples)
    )


def test_a_text_must_be_a_text() -> None:
    file, examples = _file("text-to-code"), _known("1")
    assert _refusal(lambda: file.write(_predictions(examples, [["x"]]), examples)) == (
        "Text-Code/text-to-code/predictions.txt: the prediction ['x'] of example '1' is "
        "no text, expected one line: correct the prediction"
    )


@pytest.mark.parametrize(
    ("case", "task", "ids", "columns"),
    [
        ("defect_accuracy-real-example", "defect-detection", "01234", {}),
        (
            "webquery-real-example",
            "code-search/webquery",
            [f"webquery-test-{n}" for n in range(1, 6)],
            {},
        ),
        ("poj104_map_at_r-real-example", "clone-detection/poj104", "012345", {}),
    ],
)
def test_official_example_files_are_read(
    case: str, task: str, ids: Sequence[str], columns: dict[str, JsonValue]
) -> None:
    path = CASES / f"{case}.json"
    if not path.exists():
        pytest.skip("there is no ../shared/golden")
    files = json.loads(path.read_text(encoding="utf-8"))["inputs"]["files"]
    (text,) = (text for name, text in files.items() if name.startswith("predictions"))
    found = _file(task).read(text, _known(*ids, **columns))
    assert [prediction.id for prediction in found] == [*ids]
