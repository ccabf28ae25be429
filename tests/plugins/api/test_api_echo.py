"""Log-probabilities of an echoed prompt: found, added up, or refused.

The shape is that of OpenAI's API reference (completions/create, ``echo`` with
``logprobs``); how tokens look that are parts of characters is as OpenAI's models
(``bytes:\\xe2``), vLLM (a replacement character) and llama-cpp-python (nothing) write
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness_api.dialect import Usage
from harness_api.echo import Echo, locate, read_echo, score_after
from harness_api.retry import Garbage

BROKEN = "\N{REPLACEMENT CHARACTER}"


def reply(
    text: str,
    tokens: Sequence[str],
    values: Sequence[float | None],
    *,
    written: int = 1,
) -> dict[str, Any]:
    tops = [None if v is None else {"best": -1.0, "x": v} for v in values]
    logprobs = {
        "tokens": list(tokens),
        "token_logprobs": list(values),
        "top_logprobs": tops,
    }
    choice = {"text": text, "logprobs": logprobs}
    usage = {"prompt_tokens": 2, "completion_tokens": written}
    return {"choices": [choice], "usage": usage}


def echo(prompt: str, tokens: Sequence[str], values: Sequence[float | None]) -> Echo:
    return read_echo(reply("".join(tokens), tokens, values), prompt)


def starts(text: str, *tokens: str) -> list[int]:
    return [start for start, _, _ in locate(text, tokens)]


def test_tokens_stand_one_after_the_other() -> None:
    assert locate("ab c", ["a", "b", " c"]) == [
        (0, 1, False),
        (1, 2, False),
        (2, 4, False),
    ]


def test_a_special_token_at_the_beginning_stands_nowhere() -> None:
    assert locate("ab", ["<s>", "ab"]) == [(0, 0, False), (0, 2, False)]


def test_a_token_may_lack_the_blank_before_it() -> None:
    assert locate("a b", ["a", "b"]) == [(0, 1, False), (1, 3, False)]


@pytest.mark.parametrize("part", ["", BROKEN, "bytes:\\xe4"])
def test_parts_of_a_character_share_its_place(part: str) -> None:
    places = locate("a\u4e2d b", ["a", part, part, part, " b"])
    assert places[1:4] == [(1, 2, True)] * 3
    assert places[4] == (2, 4, False)


def test_a_special_token_that_is_not_spelt_has_its_place() -> None:
    places = locate("a <|end|> b", ["a", " ", "", " b"])
    assert places[2:] == [(2, 9, True), (9, 11, False)]


def test_a_run_of_parts_may_end_the_text() -> None:
    assert locate("a\u4e2d", ["a", BROKEN, BROKEN])[1:] == [(1, 2, True)] * 2


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["a", "x", "c"], "token 1 is not where the text has it"),
        (["a", "x"], "token 1 is not where the text has it"),
        (["a"], "the tokens end before the text does"),
        (["a", BROKEN, "zzz", "c"], "token 2 is not where the text has it"),
    ],
)
def test_tokens_that_are_not_the_text_are_refused(
    tokens: list[str], message: str
) -> None:
    with pytest.raises(Garbage, match=message):
        locate("abc", tokens)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.text("ab \n\u00e9\u4e2d", min_size=1, max_size=3), max_size=8))
def test_any_text_is_found_in_its_own_pieces(tokens: list[str]) -> None:
    ends = [end for _, end, _ in locate("".join(tokens), tokens)]
    lengths = [len("".join(tokens[: i + 1])) for i in range(len(tokens))]
    assert ends == lengths


def test_the_tokens_after_a_boundary_are_added_up() -> None:
    found = echo("a b c", ["a", " b", " c", " z"], [None, -1.0, -2.0, -9.0])
    assert (found.written, found.usage) == (" z", Usage(2, 1))
    assert score_after(found, 1, 5) == (-3.0, False, 2)
    assert score_after(found, 1, 3) == (-1.0, True, 1)


@pytest.mark.parametrize("end", ["", "</s>"])
def test_the_end_that_was_written_is_not_the_prompts(end: str) -> None:
    found = read_echo(reply("a b", ["a", " b", end], [None, -1.0, -9.0]), "a b")
    assert score_after(found, 1, 3) == (-1.0, True, 1)


@pytest.mark.parametrize("text", ["", BROKEN])
def test_a_part_that_was_written_is_not_the_prompts(text: str) -> None:
    tokens, values = ["a", BROKEN, BROKEN, BROKEN], [None, -1.0, -1.0, -9.0]
    found = read_echo(reply(f"a\u4e2d{text}", tokens, values), "a\u4e2d")
    assert score_after(found, 1, 2) == (-2.0, True, 2)


def test_a_last_token_that_was_not_written_is_garbage() -> None:
    answer = reply("a b c", ["a", " b", " d"], [None, -1.0, -1.0])
    with pytest.raises(Garbage, match="the last token is not the one that was writt"):
        read_echo(answer, "a b")


def test_a_token_that_straddles_the_boundary_belongs_to_what_follows() -> None:
    found = echo("a bc", ["a", " bc"], [None, -2.0])
    assert score_after(found, 3, 4) == (-2.0, False, 1)


def test_after_a_special_token_the_whole_text_can_be_scored() -> None:
    found = read_echo(reply("ab", ["<s>", "a", "b"], [None, -1.0, -0.5]), "ab")
    assert score_after(found, 0, 2) == (-1.5, True, 2)


def test_the_first_token_has_no_log_probability_even_where_one_is_given() -> None:
    found = echo("a b", ["a", " b"], [-5.0, -1.0])
    with pytest.raises(Garbage, match="the text's first token has no log-probability"):
        score_after(found, 0, 3)


def test_a_boundary_among_parts_of_characters_is_refused() -> None:
    tokens, values = ["a", *[BROKEN] * 4], [None, -1.0, -1.0, -1.0, -1.0]
    text = "a\u4e2d\u56fd"
    found = read_echo(reply(text, tokens, values, written=0), text)
    with pytest.raises(Garbage, match="begins among parts of characters"):
        score_after(found, 2, 3)


def spoilt(**changes: object) -> dict[str, Any]:
    whole = reply("a b", ["a", " b"], [None, -1.0])
    whole["choices"][0]["logprobs"].update(changes)
    return whole


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"choices": [{"text": "c"}]}, "the prompt is not echoed"),
        ({"choices": [{"text": "a b c", "logprobs": None}]}, "are missing"),
        (spoilt(tokens=["a", 3]), "tokens holds what is no text"),
        (spoilt(tokens=None), "logprobs.tokens is no list with one item a token"),
        (spoilt(token_logprobs=[None]), "token_logprobs is no list with one item"),
        (spoilt(top_logprobs=None), "top_logprobs is no list with one item a token"),
        (spoilt(token_logprobs=[None, None]), "token_logprobs\\[1\\] is no log-prob"),
        (spoilt(token_logprobs=[None, 0.5]), "token_logprobs\\[1\\] is no log-prob"),
        (spoilt(top_logprobs=[None, {}]), "top_logprobs\\[1\\] is no object of numb"),
    ],
)
def test_what_does_not_cover_the_prompt_is_garbage(
    answer: dict[str, Any], message: str
) -> None:
    with pytest.raises(Garbage, match=message):
        read_echo(answer, "a b")
