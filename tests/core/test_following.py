"""Following: one prediction a word, and baselines."""

from __future__ import annotations

from harness import Data, Example, Following, Task
from harness.requests import Follow, FollowAnswer
from harness.testing import check_task

PROBLEM = Following(words="code", specials=("<s>",))
TASK = Task(
    id="toy/follow",
    title="Follow",
    summary="say the next word",
    data=Data(hub=None, folder="f"),
    problem=PROBLEM,
    metrics=("accuracy",),
)
WORDS = ["<s>", "import", "a"]
EXAMPLE = Example(id="1", columns={"code": [*WORDS]}, target=[*WORDS])


def test_all_words_are_asked_at_once() -> None:
    (way,) = TASK.formulations()
    assert way.requests(EXAMPLE) == (Follow(words=("<s>", "import", "a")),)


def test_a_prediction_has_a_word_for_each() -> None:
    (way,) = TASK.formulations()
    answer = FollowAnswer(predictions=("x", "import", "b"))
    assert way.predict(EXAMPLE, (answer,)).value == ["x", "import", "b"]


def test_the_task_keeps_the_contract() -> None:
    check_task(TASK, [EXAMPLE])


def test_a_trained_model_learns_the_words() -> None:
    (way,) = TASK.formulations()
    (example,) = way.target(EXAMPLE)
    assert example.answer == FollowAnswer(predictions=("<s>", "import", "a"))


def test_majority_is_the_most_frequent_training_word_that_counts() -> None:
    train = [["<s>", "x", ";"], ["<s>", ";"], ["<s>"]]
    assert PROBLEM.majority([EXAMPLE], [[*t] for t in train]) == [[";", ";", ";"]]


def test_majority_of_skipped_words_alone_is_an_empty_word() -> None:
    assert PROBLEM.majority([EXAMPLE], [["<s>"]]) == [["", "", ""]]


def test_a_guess_shuffles_the_words() -> None:
    guess = PROBLEM.guess([EXAMPLE], 1)[0]
    assert isinstance(guess, list)
    assert sorted(map(str, guess)) == sorted(WORDS)


def test_the_oracle_says_all_words() -> None:
    assert PROBLEM.perfect([EXAMPLE]) == [WORDS]


def test_no_words_are_no_target() -> None:
    assert PROBLEM.read_target({"code": []}) is None
