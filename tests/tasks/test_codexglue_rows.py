"""The CodeXGLUE rows as the paper and the Hub data sets have them."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import pytest

from harness import Benchmark, Blank, Example, HubData, Row, Task
from harness.data import load_split, open_source
from harness.formulations import Formulation
from harness.plugins import load_plugins
from harness.requests import Embed, Fill, Follow, Generate, JsonValue, Score
from harness.task import matches
from harness_codexglue.cloze_words import read_words
from harness_codexglue.plugin import harness_benchmarks, harness_tasks
from harness_codexglue.prompts import read_java_line, read_python_line
from tests.places import SHARED

TASKS = {task.id: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
# the data sets of the paper's table 1 with how many rows each has
PAPER = {
    "clone-detection/bigclonebench": 1,
    "clone-detection/poj104": 1,
    "defect-detection": 1,
    "cloze-all": 6,
    "cloze-maxmin": 6,
    "code-completion-token": 2,
    "code-completion-line": 2,
    "code-repair": 2,
    "code-translation": 2,
    "code-search/advtest": 1,
    "code-search/webquery": 1,
    "text-to-code": 1,
    "code-summarisation": 6,
    "documentation-translation": 4,
}


def _way(task: str, name: str, prompt: str | None = None) -> Formulation:
    ways = TASKS[f"codexglue/{task}"].formulations()
    return next(w for w in ways if (w.name, w.prompt) == (name, prompt))


def _first(task: str) -> Example:
    rows = TASKS[f"codexglue/{task}"]
    source = open_source("sample", load_plugins([]).data_sources)
    return next(iter(load_split(rows, source, rows.data.evaluate)))


def _shared_splits() -> list[tuple[Task, str]]:
    """Return every split of every task that the shared folder has."""
    return [
        (task, split)
        for task in TASKS.values()
        for split in dict.fromkeys(
            (task.data.train, task.data.evaluate, task.data.submit)
        )
        if split and (SHARED / "data" / task.data.folder / f"{split}.parquet").exists()
    ]


def test_every_data_set_of_the_paper_has_its_rows() -> None:
    found = {
        name: sum(matches(f"codexglue/{name}", task) for task in TASKS)
        for name in PAPER
    }
    assert found == PAPER
    assert len(TASKS) == sum(PAPER.values())


def test_the_benchmark_shows_every_task_and_has_no_overall_score() -> None:
    (benchmark,) = harness_benchmarks()
    assert benchmark.tasks == tuple(TASKS)
    assert benchmark.aggregate(dict.fromkeys(TASKS, 1.0)) is None


def test_a_benchmark_without_groups_has_no_aggregate() -> None:
    assert Benchmark(id="x", title="X", tasks=("x/a",), groups=()).aggregate({}) is None


@EVERY_TASK
def test_hub_data_sets_and_folders_have_the_same_names(task: Task) -> None:
    hub = task.data.hub
    assert isinstance(hub, HubData)
    name = hub.path.removeprefix("google/code_x_glue_")
    assert task.data.folder == "/".join(filter(None, ["code_x_glue", name, hub.config]))


@EVERY_TASK
def test_a_headline_is_one_metric(task: Task) -> None:
    assert len(task.headline_metrics) == 1


@EVERY_TASK
def test_submission_files_lie_in_the_official_folders(task: Task) -> None:
    assert task.submission is not None
    folder = task.submission.name.partition("/")[0]
    assert folder in ("Code-Code", "Code-Text", "Text-Code", "Text-Text")


def test_no_two_tasks_share_a_submission_file() -> None:
    names = [task.submission.name for task in TASKS.values() if task.submission]
    assert len(set(names)) == len(TASKS)


def test_the_candidates_are_the_930_of_the_official_file() -> None:
    # Code-Code/ClozeTesting-all/README.md: "ClozeTest-all contains 930 words"
    words = read_words()
    assert len(set(words)) == len(words) == 930
    assert (words[0], words[-1]) == ("Column", "padding")


def test_a_cloze_text_is_docstring_and_code_with_one_blank() -> None:
    row: dict[str, JsonValue] = {
        "nl_tokens": ["the", "max"],
        "pl_tokens": ["a", "=", "<mask>", "(", "\n", ")"],
    }
    problem = TASKS["codexglue/cloze-maxmin/go"].problem
    assert isinstance(problem, Blank)
    example = Example(id="1", columns={**row}, target="max")
    assert _way("cloze-maxmin/go", "cloze").requests(example) == (
        Fill(text="the max a = {blank} ( )", candidates=("max", "min")),
    )
    assert _way("cloze-maxmin/go", "rank", "left").requests(example) == (
        Score(context="the max a =", choices=(" max", " min")),
    )
    assert _way("cloze-maxmin/go", "rank", "whole").requests(example) == (
        Score(context="the max a =", choices=(" max ( )", " min ( )")),
    )
    assert _way("cloze-maxmin/go", "rank", "t5").requests(example) == (
        Score(
            context="the max a = <extra_id_0> ( )",
            choices=(" <extra_id_0> max", " <extra_id_0> min"),
        ),
    )


@pytest.mark.parametrize(
    ("task", "starts"),
    [
        ("code-repair/small", "refine small: public int METHOD_"),
        ("code-translation/java-cs", "translate java-cs: public int "),
        ("code-translation/cs-java", "translate cs-java: public int "),
        ("text-to-code", "concode: "),
        ("code-summarisation/ruby", "summarize ruby: def "),
        ("defect-detection", "defect: int "),
    ],
)
def test_prompts_for_t5_are_those_of_codet5(task: str, starts: str) -> None:
    # convert_examples_to_features in salesforce/CodeT5 _utils.py
    (request,) = _way(task, "generate", "t5").requests(_first(task))
    assert isinstance(request, Generate)
    assert request.prompt.startswith(starts)
    assert "\n" not in request.prompt


def test_codet5_says_true_of_a_defective_function() -> None:
    wording = TASKS["codexglue/defect-detection"].prompts["t5"]
    assert wording.answers == {"sound": "false", "defective": "true"}


def test_code_search_embeds_docstring_and_code() -> None:
    example = _first("code-search/advtest")
    docstring, code = _way("code-search/advtest", "embed").requests(example)
    assert isinstance(docstring, Embed)
    assert isinstance(code, Embed)
    assert docstring.text == example.columns["docstring"]
    assert code.text.startswith("def Func")


def test_token_completion_follows_the_whole_file() -> None:
    example = _first("code-completion-token/python")
    (request,) = _way("code-completion-token/python", "follow").requests(example)
    assert isinstance(request, Follow)
    assert [*request.words] == example.target


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("owner , int x ) ; return", "owner , int x ) ;"),
        ("( int i ) { return", "( int i )"),
        ("x } ;", "x }"),
        ("a\n b", "a b"),
        ("", ""),
    ],
)
def test_a_java_line_ends_as_the_task_defines(text: str, line: str) -> None:
    # Code-Code/CodeCompletion-line/README.md: until the first ; or } (with it) or {
    assert read_java_line(text, {}) == line


def test_a_python_line_ends_before_its_mark() -> None:
    assert read_python_line("cpu in x : <EOL> y", {}) == "cpu in x :"


def test_an_unfinished_file_is_shown_as_lines() -> None:
    example = Example(
        id="1", columns={"input": "<s> import a <EOL> x = <EOL>"}, target="y"
    )
    for prompt, text in (
        ("plain", "import a\nx =\n"),
        ("tokens", "<s> import a <EOL> x = <EOL>"),
    ):
        way = _way("code-completion-line/python", "generate", prompt)
        (request,) = way.requests(example)
        assert isinstance(request, Generate)
        assert request.prompt == text


def test_clone_pairs_are_read_from_booleans() -> None:
    problem = TASKS["codexglue/clone-detection/bigclonebench"].problem
    assert [problem.read_target({"label": value}) for value in (False, True)] == [
        "different",
        "clone",
    ]


def test_hidden_answers_are_no_targets() -> None:
    hidden: dict[str, Row] = {
        "code-search/webquery": {"label": -1},
        "text-to-code": {"code": ""},
        "code-completion-line/java": {"gt": ""},
        "cloze-all/go": {},
    }
    for task, row in hidden.items():
        assert TASKS[f"codexglue/{task}"].problem.read_target(row) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "split"),
    _shared_splits()
    or [pytest.param(None, None, marks=pytest.mark.skip("there is no ../shared/data"))],
    ids=lambda value: getattr(value, "id", value),
)
def test_the_shared_files_fit_their_rows(task: Task, split: str) -> None:
    source = open_source(str(SHARED / "data"), load_plugins([]).data_sources)
    loaded = load_split(task, source, split)
    is_hidden = "cloze" in task.id or (
        split == "test" and task.data.evaluate == "validation"
    )
    assert loaded.is_labelled is not is_hidden
    for example in islice(loaded, 50):
        for way in task.formulations():
            assert way.requests(example)


@pytest.mark.parametrize("task", ["code-repair/small", "code-translation/java-cs"])
def test_references_lose_their_line_ends(task: str) -> None:
    target = _first(task).target
    assert isinstance(target, str)
    assert target == target.strip()


class Published(NamedTuple):
    """Sizes that the data set's README states."""

    task: str
    split: str
    size: int


@pytest.mark.slow
@pytest.mark.parametrize(
    "published",
    [
        Published("clone-detection/poj104", "test", 12_000),
        Published("code-repair/small", "test", 5_835),
        Published("code-repair/medium", "test", 6_545),
        Published("code-translation/java-cs", "test", 1_000),
        Published("code-search/webquery", "test", 1_046),
        Published("text-to-code", "test", 2_000),
    ],
)
def test_whole_splits_have_their_published_sizes(published: Published) -> None:
    if not (SHARED / "data").is_dir():
        pytest.skip("there is no ../shared/data")
    task = TASKS[f"codexglue/{published.task}"]
    source = open_source(str(SHARED / "data"), load_plugins([]).data_sources)
    assert load_split(task, source, published.split).size == published.size
