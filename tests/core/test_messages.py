"""Messages to chat models carry their mark, and what is said back is read."""

from __future__ import annotations

import pytest

from harness import Data, Example, Prompt, Task, TextToText
from harness.messages import message_prompt, read_code, read_paragraph
from harness.requests import Generate, GenerateAnswer, request_key

EXAMPLE = Example(id="1", columns={"de": "gut", "en": "good"}, target="good")
TASK = Task(
    id="toy/words",
    title="Words",
    summary="translate a word",
    data=Data(hub=None, folder="f"),
    problem=TextToText(source="de", target="en"),
    metrics=("accuracy",),
    prompts={
        "plain": Prompt(text="{de} means"),
        "chat": message_prompt(
            "Translate.\n\n{de}", parse=read_paragraph, max_tokens=9, source="our own"
        ),
    },
)


def asked(prompt: str, *shots: Example) -> Generate:
    (way,) = (way for way in TASK.formulations() if way.prompt == prompt)
    (request,) = way.requests(EXAMPLE, shots)
    assert isinstance(request, Generate)
    return request


def test_a_request_says_whether_its_prompt_is_a_message() -> None:
    assert [asked(name).is_message for name in TASK.prompts] == [False, True]


def test_a_message_is_another_request_than_the_same_text_to_go_on_with() -> None:
    text, message = (Generate(prompt="a", is_message=kind) for kind in (False, True))
    assert request_key(text) != request_key(message)


def test_nothing_stops_what_answers_a_message() -> None:
    assert (asked("chat").stop, asked("plain").stop) == ((), ("\n",))


def test_exemplars_of_a_message_stand_in_its_one_text() -> None:
    shot = Example(id="2", columns={"de": "rot"}, target="red")
    expected = "Translate.\n\nrot\n\nred\n\nTranslate.\n\ngut"
    assert asked("chat", shot).prompt == expected


def test_the_right_answer_to_a_message_is_the_target() -> None:
    (way,) = (way for way in TASK.formulations() if way.prompt == "chat")
    assert way.answer_for(EXAMPLE) == (GenerateAnswer(text="good"),)
    assert way.predict(EXAMPLE, way.answer_for(EXAMPLE)).value == "good"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Good.", "Good."),
        ("\n\nGood.\n\nI hope this helps!", "Good."),
        ("Here is the translation:\n\nGood.", "Good."),
        ("Sure:\nHere it is:\nGood.\nBad.", "Good.\nBad."),
        ("\u7ffb\u8bd1\uff1a\n\u597d", "\u597d"),
        ("These are the steps:", "These are the steps:"),
        ("a: b\nc", "a: b\nc"),
        ("", ""),
    ],
)
def test_the_first_paragraph_counts_that_announces_nothing(
    said: str, read: str
) -> None:
    assert read_paragraph(said, {}) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Sure:\n```java\nint f ( )\n{ }\n```\nIt adds.", "int f ( )\n{ }"),
        ("```c#\nint x;\n\nint y;", "int x;\n\nint y;"),
        ("```int x;```", "int x;"),
        ("```\n```", ""),
        ("```a = 1\n```\n```b\n```", "a = 1"),
        ("Here it is:\n\nint x;\n\nDone.", "int x;"),
        ("void f() {\n\n  g();\n \n}\n\nDone {.", "void f() {\n\n  g();\n\n}"),
    ],
)
def test_of_code_the_first_fence_counts_else_the_first_paragraph(
    said: str, read: str
) -> None:
    assert read_code(said, {}) == read
