"""Multiple choice: candidates in columns or in a list, baselines, ways to ask."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness import Data, Example, MultipleChoice, PluginError, Prompt, Row, Task
from harness.formulations import Formulation
from harness.requests import (
    Choose,
    ChooseAnswer,
    Generate,
    GenerateAnswer,
    JsonValue,
    Score,
    ScoreAnswer,
)
from harness.testing import check_task

COLUMNS = MultipleChoice(
    inputs=("premise",), choices=("one", "two"), context="{premise} So?"
)
LIST = MultipleChoice(
    inputs=("query",),
    choices="found.names",
    context="Who?",
    choice="{query} {choice}",
    target="answers",
)
PREMISE: Row = {"premise": "It rains.", "one": "We run.", "two": "We sing.", "label": 1}
QUERY: Row = {
    "query": "X ran.",
    "found": {"names": ["Ann", "Bob", "Ann", "Eve Hill"]},
    "answers": ["Bob", "Eve Hill"],
}


def task(problem: MultipleChoice, **prompts: Prompt) -> Task:
    data = Data(hub=None, folder="f")
    metrics = ("accuracy",)
    return Task(
        id="toy/choice",
        title="Choice",
        summary="choose",
        data=data,
        problem=problem,
        metrics=metrics,
        prompts=prompts,
    )


IN_COLUMNS = task(COLUMNS, plain=Prompt(text="{premise}"))
IN_LIST = task(
    LIST,
    free=Prompt(text="{query} Who?"),
    filled=Prompt(text="Which?", choice=lambda row: f"- {row['choice']} ran."),
)


def example(problem: MultipleChoice, row: Row) -> Example:
    return Example(id="1", columns=row, target=problem.read_target(row))


def way(of: Task, name: str, prompt: str | None = None) -> Formulation:
    (found,) = [f for f in of.formulations() if (f.name, f.prompt) == (name, prompt)]
    return found


def scores(*log_probabilities: float) -> ScoreAnswer:
    count = len(log_probabilities)
    return ScoreAnswer(
        log_probabilities=log_probabilities,
        is_greedy=(False,) * count,
        token_counts=(1,) * count,
        byte_counts=(1,) * count,
    )


def test_columns_of_candidates_name_the_labels() -> None:
    assert COLUMNS.labels == ("one", "two")
    assert COLUMNS.read_target(PREMISE) == "two"


def test_a_head_reads_the_context_with_the_text_of_every_column() -> None:
    (request,) = way(IN_COLUMNS, "head").requests(example(COLUMNS, PREMISE))
    assert request == Choose(context="It rains. So?", choices=("We run.", "We sing."))


def test_a_head_reads_the_wording_of_every_listed_candidate() -> None:
    (request,) = way(IN_LIST, "head").requests(example(LIST, QUERY))
    assert isinstance(request, Choose)
    assert request.choices == ("X ran. Ann", "X ran. Bob", "X ran. Eve Hill")


def test_the_highest_score_of_a_head_wins() -> None:
    asked = example(LIST, QUERY)
    answer = ChooseAnswer(scores=(0.1, -2.0, 0.4))
    assert way(IN_LIST, "head").predict(asked, [answer]).value == "Eve Hill"


def test_columns_word_their_own_labels() -> None:
    (request,) = way(IN_COLUMNS, "rank", "plain").requests(example(COLUMNS, PREMISE))
    assert isinstance(request, Score)
    assert request.choices == (" We run.", " We sing.")


def test_a_prompt_may_word_a_listed_candidate_in_a_sentence() -> None:
    (request,) = way(IN_LIST, "rank", "filled").requests(example(LIST, QUERY))
    assert isinstance(request, Score)
    assert request.choices[1] == " - Bob ran."


def test_length_counts_only_in_the_normalised_rank() -> None:
    asked, answers = example(LIST, QUERY), [scores(-3.0, -4.0, -5.0)]
    plain = way(IN_LIST, "rank", "free").predict(asked, answers)
    by_length = way(IN_LIST, "rank-normalised", "free").predict(asked, answers)
    # per character: -3/3, -4/3, -5/8
    assert (plain.value, by_length.value) == ("Ann", "Eve Hill")


@pytest.mark.parametrize(
    ("prompt", "text", "value"),
    [("free", " Zoe", "Zoe"), ("filled", "- Bob ran.", "Bob"), ("filled", "Bob", None)],
)
def test_written_text_is_read_back(prompt: str, text: str, value: JsonValue) -> None:
    formulation = way(IN_LIST, "generate", prompt)
    answer = GenerateAnswer(text=text)
    assert formulation.predict(example(LIST, QUERY), [answer]).value == value


@pytest.mark.parametrize("of", [IN_COLUMNS, IN_LIST], ids=["columns", "list"])
def test_the_task_keeps_the_contract(of: Task) -> None:
    rows: Sequence[Row] = [PREMISE, {**PREMISE, "premise": "It snows.", "label": 0}]
    if of is IN_LIST:
        rows = [QUERY]
    problem = of.problem
    check_task(
        of,
        [
            Example(id=str(n), columns=row, target=problem.read_target(row))
            for n, row in enumerate(rows)
        ],
    )


def test_training_shows_a_head_the_first_right_candidate() -> None:
    (shown,) = way(IN_LIST, "head").target(example(LIST, QUERY))
    assert shown.answer == ChooseAnswer(scores=(0.0, 1.0, 1.0))


def test_training_leaves_out_an_example_without_a_right_candidate() -> None:
    row: Row = {**QUERY, "answers": ["Zoe"]}
    assert way(IN_LIST, "head").target(example(LIST, row)) == ()


@pytest.mark.parametrize("hidden", [None, -1, []])
def test_hidden_answers_are_no_target(hidden: JsonValue) -> None:
    assert LIST.read_target({**QUERY, "answers": hidden}) is None


@pytest.mark.parametrize(
    ("value", "target"), [(2, "Ann"), (3, "Eve Hill"), ("Zoe", "Zoe"), (0, "Ann")]
)
def test_a_listed_answer_is_a_place_or_a_text(value: JsonValue, target: str) -> None:
    assert LIST.read_target({**QUERY, "answers": value}) == target


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (4, "answer 4, expected a place from 0 to 3 among the candidates"),
        (1.5, "answer 1.5, expected a place among the 3 candidates from 0, a text or"),
        ([1], r"answer \[1\], expected a place among"),
    ],
)
def test_a_wrong_answer_says_what_was_expected(value: JsonValue, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LIST.read_target({**QUERY, "answers": value})


def test_a_label_of_no_column_says_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"answer 'three', .* candidates from 0, a la"):
        COLUMNS.read_target({**PREMISE, "label": "three"})


@pytest.mark.parametrize("choices", [("one",), ("one", "one"), ()])
def test_too_few_columns_of_candidates_are_refused(choices: tuple[str, ...]) -> None:
    with pytest.raises(PluginError, match="two or more different columns"):
        MultipleChoice(inputs=("premise",), choices=choices, context="{premise}")


def test_majority_of_columns_is_the_most_frequent_label() -> None:
    asked = [example(COLUMNS, PREMISE)] * 2
    assert COLUMNS.majority(asked, ["one", "two", "one"]) == ["one", "one"]
    assert COLUMNS.learns_majority


def test_majority_of_a_list_looks_at_the_row_alone() -> None:
    assert LIST.majority([example(LIST, QUERY)], []) == ["Ann"]
    assert not LIST.learns_majority


def test_a_guess_is_a_candidate() -> None:
    asked = example(LIST, QUERY)
    drawn = {LIST.guess([asked], seed)[0] for seed in range(50)}
    assert drawn == {"Ann", "Bob", "Eve Hill"}


def test_the_perfect_answer_is_the_first_acceptable_one() -> None:
    assert LIST.perfect([example(LIST, QUERY)]) == ["Bob"]


def test_generation_asks_the_prompt_itself() -> None:
    (request,) = way(IN_LIST, "generate", "free").requests(example(LIST, QUERY))
    assert isinstance(request, Generate)
    assert request.prompt == "X ran. Who?"
