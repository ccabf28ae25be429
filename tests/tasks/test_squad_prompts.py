"""SQuAD's wordings are those of the published protocols, and read back."""

from __future__ import annotations

import pytest

from harness import Example, Row
from harness.formulations import Formulation
from harness.requests import Generate, GenerateAnswer, JsonValue
from harness_squad import prompts
from harness_squad.rows import V1, V2

ROW: Row = {
    "title": "Super_Bowl_50",
    "question": "Which team won?",
    "context": "The Broncos\nwon 24\u201310 (at Levi's Stadium).",
}


def way(task: object, prompt: str) -> Formulation:
    assert task in (V1, V2)
    rows = V1 if task is V1 else V2
    (found,) = (f for f in rows.formulations() if f.prompt == prompt)
    return found


def example(target: JsonValue) -> Example:
    return Example(id="q", columns=ROW, target=target)


def asked(formulation: Formulation, shots: tuple[Example, ...] = ()) -> Generate:
    (request,) = formulation.requests(example(["The Broncos"]), shots)
    assert isinstance(request, Generate)
    return request


def test_the_wording_is_that_of_lm_evaluation_harness() -> None:
    """As `SQuAD2.doc_to_text` of its release 0.4.13 words it."""
    request = asked(way(V2, "lm-eval"))
    assert request.prompt == (
        "Title: Super_Bowl_50\n\nBackground: The Broncos\nwon 24\u201310 (at Levi's "
        "Stadium).\n\nQuestion: Which team won?\n\nAnswer:"
    )
    assert (request.stop, request.max_tokens) == (("\n",), 256)


def test_exemplars_have_two_spaces_before_the_answer() -> None:
    """`doc_to_target` there begins with a space, and the delimiter is another."""
    shots = (example([""]),)
    assert (
        "\n\nAnswer:  unanswerable\n\nTitle: "
        in asked(way(V2, "lm-eval"), shots).prompt
    )


def test_the_wording_is_that_of_t5() -> None:
    """Appendix D of the T5 paper: ASCII punctuation stands between spaces."""
    assert asked(way(V1, "t5")).prompt == (
        "question: Which team won ? context: The Broncos won 24\u201310 ( at Levi ' s "
        "Stadium ) ."
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Levi ' s Stadium", "Levi's Stadium"),
        ("Broncos won", "Broncos\nwon"),
        ("( at", "(at"),
        ("the Patriots", "the Patriots"),
        ("", ""),
    ],
)
def test_what_t5_writes_is_read_as_the_words_of_the_context(
    written: str, read: str
) -> None:
    answer = (GenerateAnswer(text=written),)
    assert way(V1, "t5").predict(example(["x"]), answer).value == read


@pytest.mark.parametrize("name", ["lm-eval", "t5-style"])
def test_unanswerable_is_no_answer_in_version_2(name: str) -> None:
    answer = (GenerateAnswer(text=" unanswerable"),)
    assert way(V2, name).predict(example([""]), answer).value == ""


def test_a_chat_model_is_told_to_copy_the_shortest_span() -> None:
    assert asked(way(V1, "chat")).prompt == (
        "Answer the question with the shortest span of the passage that answers it. "
        "Copy the span word for word and write nothing else.\n\nPassage: The Broncos\n"
        "won 24\u201310 (at Levi's Stadium).\n\nQuestion: Which team won?"
    )


def test_only_what_a_chat_model_is_told_is_a_message() -> None:
    kinds = {
        way.prompt: asked(way).is_message for way in V1.formulations() if way.prompt
    }
    assert kinds == {"lm-eval": False, "t5": False, "chat": True}


def test_a_chat_model_is_told_what_to_write_where_there_is_no_answer() -> None:
    (one, two) = (asked(way(task, "chat")).prompt for task in (V1, V2))
    added = " If the passage does not answer it, write unanswerable."
    assert two.replace(added, "") == one != two


@pytest.mark.parametrize(
    ("written", "first", "second"),
    [
        ("The Broncos", "The Broncos", "The Broncos"),
        ('\n\n "The Broncos"\nThey won.', "The Broncos", "The Broncos"),
        ("**24\u201310**", "24\u201310", "24\u201310"),
        ("Unanswerable.", "Unanswerable.", ""),
        ("\n", "", ""),
    ],
)
def test_of_what_a_chat_model_writes_the_first_line_counts(
    written: str, first: str, second: str
) -> None:
    answer = (GenerateAnswer(text=written),)
    read = [way(t, "chat").predict(example(["x"]), answer).value for t in (V1, V2)]
    assert read == [first, second]


def test_what_t5_is_trained_to_say_has_its_punctuation_apart() -> None:
    (trained,) = way(V1, "t5").target(example(["Levi's Stadium"]))
    assert trained.answer == GenerateAnswer(text=" Levi ' s Stadium")


def test_the_t5_format_of_version_2_is_labelled_as_a_convention() -> None:
    assert "t5" not in prompts.V2
    assert "T5-style: the paper has no SQuAD 2.0" in prompts.V2["t5-style"].source
