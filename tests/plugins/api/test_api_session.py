"""Many requests in flight: answers, retries, limits, errors, and nothing left hanging."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterable, Sequence

import pytest

from harness import (
    Budget,
    LoadSettings,
    ModelName,
    PluginError,
    ServerError,
    UsageError,
)
from harness.requests import (
    Answer,
    Embed,
    EmbedAnswer,
    Generate,
    GenerateAnswer,
    Likelihood,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
    Tag,
)
from harness.testing import check_adapter
from harness_api.adapter import ApiAdapter
from harness_api.plugin import load
from tests.plugins.api.toy_server import (
    BEST,
    Reply,
    ToyServer,
    follower,
    log_probability,
    split,
)

BUSY: Reply = (429, {"Retry-After": "0"}, "busy")
BROKEN: Reply = (500, {}, "<html>broken</html>")
GARBAGE: Reply = (200, {}, "<html>a page</html>")
HANGS: Reply = (0, {}, "")


def adapter(server: ToyServer, options: str = "") -> ApiAdapter:
    name = ModelName.parse(f"api:{server.url},model=toy{options}")
    loaded = load(name, LoadSettings())
    server.requests.clear()
    return loaded


def ask(adapter: ApiAdapter, requests: Sequence[Request]) -> list[Answer]:
    stream = adapter.encode(requests)
    answers = dict(adapter.session().answer(iter(stream), Budget(tokens=64)))
    return [answers[key] for key in range(len(requests))]


def prompts(count: int) -> list[Generate]:
    return [Generate(prompt=f"number {n}", max_tokens=2) for n in range(count)]


def expected_sum(context: str, choice: str) -> float:
    tokens = split(context + choice)
    values = [log_probability(b, a) for a, b in itertools.pairwise(tokens)]
    return sum(values[-len(split(choice)) :])


# Answers


def test_every_ability_conforms_whatever_the_batch(server: ToyServer) -> None:
    requests: list[Request] = [
        *prompts(2),
        Score(context="the cat", choices=(" sat", " on a mat")),
        Likelihood(text="the cat sat on a mat"),
        Embed(text="a cat"),
    ]
    check_adapter(adapter(server), requests)


def test_scores_are_those_of_the_servers_distribution(server: ToyServer) -> None:
    best = follower(" cat")
    request = Score(context="the cat", choices=(best, " slept on it", "", best))
    (answer,) = ask(adapter(server), [request])
    assert answer == ScoreAnswer(
        log_probabilities=(BEST, expected_sum("the cat", " slept on it"), 0.0, BEST),
        is_greedy=(True, False, True, True),
        token_counts=(1, 3, 0, 1),
        byte_counts=(len(best), 12, 0, len(best)),
        tokens=8,
        written_tokens=2,
    )


def test_blanks_that_end_a_context_are_the_choices(server: ToyServer) -> None:
    (one, other) = ask(
        adapter(server),
        [
            Score(context="the cat ", choices=("sat",)),
            Score(context="the cat", choices=(" sat",)),
        ],
    )
    assert isinstance(one, ScoreAnswer)
    assert isinstance(other, ScoreAnswer)
    assert one.log_probabilities == other.log_probabilities
    assert one.token_counts == (1,)


def test_a_likelihood_leaves_the_first_token_out(server: ToyServer) -> None:
    text = "the cat sat"
    (answer,) = ask(adapter(server), [Likelihood(text=text)])
    assert answer == LikelihoodAnswer(
        nats=expected_sum("the", " cat sat"),
        token_count=2,
        word_count=3,
        byte_count=11,
        tokens=3,
        written_tokens=1,
    )


def test_a_likelihood_holds_all_tokens_after_a_special_one(server: ToyServer) -> None:
    server.has_beginning = True
    (answer,) = ask(adapter(server), [Likelihood(text="the cat sat")])
    assert isinstance(answer, LikelihoodAnswer)
    assert answer.token_count == 3
    after = expected_sum("the", " cat sat")
    assert answer.nats == log_probability("the", "<s>") + after


def test_an_empty_text_has_a_likelihood_of_nothing(server: ToyServer) -> None:
    (answer,) = ask(adapter(server), [Likelihood(text="")])
    assert isinstance(answer, LikelihoodAnswer)
    assert (answer.nats, answer.token_count, server.requests) == (0.0, 0, [])


def test_an_empty_context_says_what_is_missing(server: ToyServer) -> None:
    message = "the choice ' cat' after '' can't be scored .* so that a context comes"
    with pytest.raises(ServerError, match=message):
        ask(adapter(server), [Score(context="", choices=(" cat",))])


def test_an_empty_context_is_scored_after_a_special_token(server: ToyServer) -> None:
    server.has_beginning = True
    (answer,) = ask(adapter(server), [Score(context="", choices=("cat",))])
    assert isinstance(answer, ScoreAnswer)
    assert answer.log_probabilities == (log_probability("cat", "<s>"),)


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
def test_texts_are_written_and_counted(endpoint: str, server: ToyServer) -> None:
    one = follower(" cat")
    request = Generate(prompt="the cat", max_tokens=2)
    (answer,) = ask(adapter(server, f",endpoint={endpoint}"), [request])
    assert answer == GenerateAnswer(
        text=one + follower(one), finish_reason="length", tokens=2, written_tokens=2
    )


def test_a_stop_text_ends_what_is_written(server: ToyServer) -> None:
    one = follower(" cat")
    request = Generate(prompt="the cat", max_tokens=9, stop=(follower(one),))
    (answer,) = ask(adapter(server), [request])
    assert isinstance(answer, GenerateAnswer)
    assert (answer.text, answer.finish_reason) == (one, "stop")


def test_a_vector_is_the_servers(server: ToyServer) -> None:
    (answer,) = ask(adapter(server), [Embed(text="abc")])
    assert answer == EmbedAnswer(vector=(3.0, -0.5), tokens=3)


# Requests that are refused


def test_a_beam_search_is_refused(server: ToyServer) -> None:
    with pytest.raises(UsageError, match="beam search of width 4, which servers do"):
        adapter(server).encode([Generate(prompt="x", beams=4)])


def test_what_the_server_cannot_do_is_refused(server: ToyServer) -> None:
    with pytest.raises(PluginError, match="was asked a Tag request: the server answ"):
        adapter(server).encode([Tag(words=("a",), labels=("b",))])


def test_a_request_that_is_too_long_is_named_by_its_beginning(
    server: ToyServer,
) -> None:
    long = adapter(server, ",concurrency=1")
    told = "This model's maximum context length is 64 tokens."
    server.scripted = [(400, {}, json.dumps({"error": {"message": told}}))]
    message = (
        "answers 400 \\(This model's maximum context length is 64 tokens.\\) to the "
        "request that begins 'word word .*'\\.\\.\\.: it may be too long: ask with fewer"
    )
    with pytest.raises(ServerError, match=message):
        ask(long, [Generate(prompt="word " * 99)])


def test_a_request_that_is_refused_is_not_tried_again(server: ToyServer) -> None:
    refusing = adapter(server)
    server.scripted = [(422, {}, '{"detail": "no such field"}')]
    with pytest.raises(ServerError, match=r"answers 422 .*no such field.* to the requ"):
        ask(refusing, prompts(1))
    assert len(server.requests) == 1


# Retries


@pytest.mark.parametrize("fault", [BUSY, BROKEN, GARBAGE, (200, {}, '{"choices": 3}')])
def test_what_may_pass_is_tried_again(fault: Reply, server: ToyServer) -> None:
    patient = adapter(server)
    server.scripted = [fault, fault]
    (answer,) = ask(patient, prompts(1))
    assert isinstance(answer, GenerateAnswer)
    assert len(server.requests) == 3


def test_a_server_that_hangs_is_tried_again(server: ToyServer) -> None:
    patient = adapter(server, ",timeout=0.2")
    server.scripted = [HANGS]
    assert len(ask(patient, prompts(1))) == 1


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (BUSY, "status 429: busy"),
        (BROKEN, "status 500: <html>broken</html>"),
        (GARBAGE, "no JSON but '<html>a page</html>'"),
        ((200, {}, "{}"), "choices is missing, expected a list with an item"),
    ],
)
def test_what_does_not_pass_is_one_error(
    fault: Reply, cause: str, server: ToyServer
) -> None:
    tired = adapter(server, ",retries=1")
    server.scripted = [fault, fault]
    with pytest.raises(ServerError) as caught:
        ask(tired, prompts(1))
    begins = "/chat/completions failed 2 times for the request that begins 'number 0'"
    assert f"{begins} ({cause}): look into" in str(caught.value)


def test_the_server_may_say_how_long_to_wait(server: ToyServer) -> None:
    patient = adapter(server)
    server.scripted = [(429, {"Retry-After": "0.3"}, "")]
    started = time.monotonic()
    ask(patient, prompts(1))
    assert time.monotonic() - started > 0.3


def test_a_server_that_asks_to_wait_for_hours_is_given_up(server: ToyServer) -> None:
    patient = adapter(server)
    server.scripted = [(429, {"Retry-After": "7200"}, "")]
    with pytest.raises(
        ServerError, match=r"asks to wait 7200 s .* again later, or set"
    ):
        ask(patient, prompts(1))


def test_a_server_that_has_gone_says_so(server: ToyServer) -> None:
    left = adapter(server, ",retries=1")
    server.shutdown()
    server.server_close()
    with pytest.raises(ServerError, match="can't be reached"):
        ask(left, prompts(1))


# Limits


def test_as_many_requests_are_in_flight_as_allowed(server: ToyServer) -> None:
    wide = adapter(server, ",concurrency=3")
    server.pause_s, server.most_in_flight = 0.05, 0
    ask(wide, prompts(9))
    assert server.most_in_flight == 3


def test_the_rate_limit_spreads_requests(server: ToyServer) -> None:
    slow = adapter(server, ",requests_per_minute=600")
    started = time.monotonic()
    ask(slow, prompts(4))
    assert time.monotonic() - started > 0.3


def test_requests_are_taken_from_the_stream_as_there_is_room(
    server: ToyServer,
) -> None:
    two = adapter(server, ",concurrency=2")
    taken: list[int] = []

    def stream() -> Iterable[object]:
        for item in two.encode(prompts(9)):
            taken.append(item.key)
            yield item

    answers = two.session().answer(stream(), Budget(tokens=1))  # type: ignore[arg-type] # Encoded
    next(answers)
    assert len(taken) == 2
    answers.close()  # type: ignore[attr-defined] # a generator


# What is left behind


def own_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "harness-api"]


def test_a_session_that_is_left_early_leaves_nothing_hanging(
    server: ToyServer,
) -> None:
    left = adapter(server)
    server.scripted = [(200, {}, json.dumps(server.chat(left_body()))), *[HANGS] * 7]
    started = time.monotonic()
    answers = left.session().answer(left.encode(prompts(20)), Budget(tokens=1))
    next(answers)
    answers.close()  # type: ignore[attr-defined] # a generator
    assert (own_threads(), time.monotonic() - started < 5) == ([], True)


def left_body() -> dict[str, object]:
    return {"messages": [{"content": "x"}], "max_tokens": 1}


def test_an_interrupt_leaves_nothing_hanging(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = adapter(server)
    server.scripted = [HANGS] * 8

    def interrupt(_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness_api.background._take", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ask(stopped, prompts(8))
    assert own_threads() == []


def test_what_is_in_flight_is_answered_before_a_failure_is_raised(
    server: ToyServer,
) -> None:
    failing = adapter(server, ",concurrency=4")
    server.scripted, server.pause_s = [(400, {}, "no")], 0.05
    answers = failing.session().answer(failing.encode(prompts(20)), Budget(tokens=1))
    answered: list[int] = []
    with pytest.raises(ServerError, match="answers 400"):
        answered.extend(key for key, _ in answers)
    assert len(server.requests) - 1 == len(answered) < 19


def test_a_session_runs_beside_another_event_loop(server: ToyServer) -> None:
    import asyncio

    async def in_a_notebook() -> int:
        return len(ask(adapter(server), prompts(2)))

    assert asyncio.run(in_a_notebook()) == 2


def test_a_key_that_a_server_repeats_is_not_shown(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "sk/secret+key")
    keyed = adapter(server, ",key_env=MINE,retries=0")
    bodies = ["sk/secret+key", '{"error": "sk\\/secret+key"}', "sk%2Fsecret%2Bkey"]
    for status, body in itertools.product((400, 500, 200), bodies):
        server.scripted = [(status, {}, body)]
        with pytest.raises(ServerError) as caught:
            ask(keyed, prompts(1))
        assert "secret" not in str(caught.value)
