"""Bodies and answers of the chat, completions and embeddings dialect.

Their shapes are those of OpenAI's API reference (chat/create, completions/create,
embeddings/create) and of vLLM's (`stop_reason`, `max_model_len`).
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.requests import Generate, GenerateAnswer
from harness_api.dialect import (
    NEW_LENGTH,
    Dialect,
    read_embedding,
    read_models,
    seed,
)
from harness_api.retry import Garbage

CHAT = Dialect(model="m", is_chat=True)
PLAIN = Dialect(model="m", is_chat=False)
ASKED = Generate(prompt="p", stop=("\n",), max_tokens=7)


def message(content: object, finish: str = "stop", **more: object) -> dict[str, Any]:
    choice = {"message": {"content": content}, "finish_reason": finish, **more}
    return {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def read(reply: object, request: Generate = ASKED) -> GenerateAnswer:
    return CHAT.read(reply, request)


def test_a_chat_sends_one_user_message() -> None:
    assert CHAT.body(ASKED) == {
        "model": "m",
        "messages": [{"role": "user", "content": "p"}],
        "max_tokens": 7,
        "temperature": 0.0,
        "stop": ["\n"],
    }


def test_a_completion_sends_the_prompt_as_it_is() -> None:
    body = PLAIN.body(Generate(prompt=" p ", max_tokens=1))
    expected = {"model": "m", "prompt": " p ", "max_tokens": 1, "temperature": 0.0}
    assert body == expected


def test_a_draw_is_seeded_by_prompt_and_sample_alone() -> None:
    drawn = Generate(prompt="p", temperature=0.5, top_p=0.9, sample=1)
    body = PLAIN.body(drawn)
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert body["seed"] == seed(Generate(prompt="p", sample=1, max_tokens=99))
    assert body["seed"] != seed(Generate(prompt="p", sample=2))
    assert 0 <= body["seed"] < 2**31


def test_reasoning_has_tokens_of_its_own() -> None:
    dialect = Dialect(
        model="m", is_chat=True, length_field=NEW_LENGTH, reasoning_tokens=100
    )
    assert dialect.body(ASKED)["max_completion_tokens"] == 107


def test_at_most_four_stop_texts_are_sent_and_all_are_cut() -> None:
    asked = Generate(prompt="p", stop=("1", "2", "3", "4", "5"))
    assert CHAT.body(asked)["stop"] == ["1", "2", "3", "4"]
    assert read(message("ab5c", "length"), asked) == GenerateAnswer(
        text="ab", finish_reason="stop", tokens=3, written_tokens=2
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (message("yes\nno"), ("yes", "stop")),
        (message("yes", "length"), ("yes", "length")),
        (message("yes", stop_reason=None), ("yes", "end")),
        (message("yes", stop_reason="\n"), ("yes", "stop")),
        (message("yes"), ("yes", "stop")),
        (message("y", "content_filter"), ("y", "filter")),
        (message(None, "tool_calls"), ("", "stop")),
        (message("", "length"), ("", "length")),
        (message("<think>\nhm</think>\n\nyes"), ("yes", "stop")),
        (message("<think>hm", "length"), ("", "length")),
        (message("a < b <think>"), ("a < b <think>", "stop")),
    ],
)
def test_texts_and_reasons_are_read(
    reply: dict[str, Any], expected: tuple[str, str]
) -> None:
    answer = read(reply)
    assert (answer.text, answer.finish_reason) == expected


def test_without_stop_texts_a_stop_is_the_models_own_end() -> None:
    assert read(message("yes"), Generate(prompt="p")).finish_reason == "end"


def test_an_empty_stop_text_stops_nothing() -> None:
    asked = Generate(prompt="p", stop=("",))
    assert "stop" not in CHAT.body(asked)
    assert read(message("yes"), asked).text == "yes"


def test_usage_may_be_missing() -> None:
    reply = {"choices": [{"text": "yes"}], "usage": None}
    assert PLAIN.read(reply, ASKED).tokens == 0


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ([], "the answer is of type list, expected an object"),
        ({}, "choices is missing, expected a list with an item"),
        ({"choices": []}, "choices is of type list, expected a list with an item"),
        ({"choices": ["x"]}, "choices\\[0\\] is of type str, expected an object"),
        ({"choices": [{}]}, "choices\\[0\\].message is missing, expected an object"),
        (message(3), "the field content is of type int, expected a text"),
    ],
)
def test_garbage_says_where_and_what(reply: object, text: str) -> None:
    with pytest.raises(Garbage, match=text):
        read(reply)


def test_a_vector_is_read() -> None:
    reply = {"data": [{"embedding": [1, -0.5]}], "usage": {"prompt_tokens": 4}}
    answer = read_embedding(reply)
    assert (answer.vector, answer.tokens) == ((1.0, -0.5), 4)


@pytest.mark.parametrize("vector", [None, [], ["x"], [float("nan")], [True], "AAAA"])
def test_what_is_no_vector_is_garbage(vector: object) -> None:
    with pytest.raises(Garbage, match="embedding is no list of numbers"):
        read_embedding({"data": [{"embedding": vector}]})


@pytest.mark.parametrize("reply", [None, {}, {"data": 3}, {"data": [3, {"id": 4}]}])
def test_a_list_of_models_may_be_anything(reply: object) -> None:
    assert read_models(reply) == {}


def test_the_longest_input_is_read_where_told() -> None:
    listed = {"data": [{"id": "a", "max_model_len": 8}, {"id": "b"}]}
    assert read_models(listed) == {"a": 8, "b": None}
