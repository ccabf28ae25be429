"""What a server can do is found out by asking it for a token, and told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from harness import ModelCard, ModelName, ServerError, UsageError
from harness.requests import Embed, Generate, Likelihood, Score
from harness_api.plugin import describe
from tests.plugins.api.toy_server import Refusal, ToyServer

EVERYTHING = {Generate, Score, Likelihood, Embed}


def card(server: ToyServer, options: str = "") -> ModelCard:
    return describe(ModelName.parse(f"api:{server.url},model=toy{options}"))


def refusal(message: str, status: int = 400) -> tuple[int, dict[str, str], str]:
    return status, {}, json.dumps({"error": {"message": message}})


def test_a_server_that_does_all_has_all_abilities(server: ToyServer) -> None:
    found = card(server)
    assert found.abilities == EVERYTHING
    assert (found.max_tokens, found.parameters) == (64, None)
    assert found.facts == {
        "weights": "unknown: a server's",
        "revision": "none",
        "key": "none sent",
        "endpoint": "/chat/completions",
        "log-probabilities": "a written token was read with the same; a text's first "
        "token has none, and Likelihood leaves it out",
    }


def test_each_ability_costs_one_token_or_two(server: ToyServer) -> None:
    card(server)
    paths = sorted(path for path, _ in server.requests)
    assert paths == [
        "/chat/completions",
        *["/completions"] * 3,
        "/embeddings",
        "/models",
    ]
    asked = [body for path, body in server.requests if path.endswith("completions")]
    assert {body["max_tokens"] for body in asked} == {1}


def test_a_token_that_is_too_likely_proves_little(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.plugins.api.toy_server.BEST", -0.125)
    assert Score in card(server).abilities
    assert [path for path, _ in server.requests].count("/completions") == 7


def test_a_server_that_ignores_echo_has_no_score(server: ToyServer) -> None:
    server.logprobs = "none"
    found = card(server)
    assert found.abilities == {Generate, Embed}
    assert found.facts["Score"] == "/completions: the prompt is not echoed"


def test_log_probabilities_that_are_shifted_by_one_are_refused(
    server: ToyServer,
) -> None:
    server.logprobs = "shifted"
    found = card(server)
    assert found.abilities == {Generate, Embed}
    assert "no log-probability of its own" in found.facts["Score"]


def test_log_probabilities_that_end_too_early_are_refused(server: ToyServer) -> None:
    server.logprobs = "short"
    why = card(server).facts["Score"]
    assert why == "/completions: the last token is not the one that was written"


def test_log_probabilities_that_change_when_read_are_refused(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = ToyServer.log_probabilities

    def only_written(server: ToyServer, text: str) -> dict[str, Any]:
        found = right(server, text)
        found["token_logprobs"][1:-1] = [-7.0] * (len(found["tokens"]) - 2)
        return found

    monkeypatch.setattr(ToyServer, "log_probabilities", only_written)
    assert "has -0.25 nats, and -7.00 when it is read" in card(server).facts["Score"]


def test_log_probabilities_are_not_trusted_unverified(server: ToyServer) -> None:
    server.written = 0
    assert "could not be verified" in card(server).facts["Score"]


def test_without_chat_the_prompt_is_completed(server: ToyServer) -> None:
    server.speaks.remove("/chat/completions")
    found = card(server)
    assert found.facts["endpoint"] == "/completions"
    assert found.prefers[-1] == "lm-eval"


def test_the_endpoint_can_be_chosen(server: ToyServer) -> None:
    assert card(server, ",endpoint=completions").facts["endpoint"] == "/completions"
    assert card(server).facts["endpoint"] == "/chat/completions"


def test_a_server_of_vectors_alone_says_why_it_does_not_write(
    server: ToyServer,
) -> None:
    server.speaks = {"/embeddings"}
    found = card(server)
    assert found.abilities == {Embed}
    assert "/chat/completions answers 404 (no such page)" in found.facts["Generate"]


def test_a_server_without_vectors_has_no_embed(server: ToyServer) -> None:
    server.speaks.remove("/embeddings")
    found = card(server)
    assert found.abilities == EVERYTHING - {Embed}
    assert found.facts["Embed"] == "/embeddings answers 404 (no such page)"


def test_a_server_that_wants_the_new_name_of_the_length_gets_it(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.speaks = {"/chat/completions"}
    words = "Unsupported parameter: use 'max_completion_tokens' instead"
    right = ToyServer.chat

    def picky(server: ToyServer, body: dict[str, Any]) -> dict[str, Any]:
        if "max_tokens" in body:
            raise Refusal(words)
        return right(server, body)

    monkeypatch.setattr(ToyServer, "chat", picky)
    assert Generate in card(server).abilities
    chats = [body for path, body in server.requests if path == "/chat/completions"]
    assert ["max_completion_tokens" in body for body in chats] == [False, True]


def test_a_model_that_the_server_does_not_have_is_refused(server: ToyServer) -> None:
    server.speaks = {"/models"}
    message = (
        "can't be asked for 'toy': .*no such page.* check the address and model= "
        "\\(the server lists toy\\)"
    )
    with pytest.raises(ServerError, match=message):
        card(server)


def test_an_unreachable_server_is_refused_in_a_line_within_seconds() -> None:
    started = time.monotonic()
    message = "http://127.0.0.1:9/v1/models can't be reached \\(.*\\): start the server"
    with pytest.raises(ServerError, match=message) as caught:
        describe(ModelName.parse("api:http://127.0.0.1:9/v1,model=x"))
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 5


def test_a_server_that_never_answers_is_refused(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness_api.probe.REACH_TIMEOUT_S", 0.2)
    server.scripted = [(0, {}, "")]
    with pytest.raises(ServerError, match=r"models failed once \(no answer in time"):
        card(server)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_named_and_not_shown(
    status: int, server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "sk-secret-key")
    server.scripted = [refusal("Incorrect API key provided: sk-secret-key", status)]
    message = f"refuses the key of MINE \\(status {status}\\): set the right key"
    with pytest.raises(ServerError, match=message) as caught:
        card(server, ",key_env=MINE")
    assert "secret" not in str(caught.value)


def test_a_request_without_a_key_says_how_to_send_one(server: ToyServer) -> None:
    server.scripted = [refusal("no key", 401)]
    with pytest.raises(ServerError, match="refuses a request without a key"):
        card(server)


def test_a_server_that_is_too_busy_to_be_probed_is_no_server_without_abilities(
    server: ToyServer,
) -> None:
    server.scripted = [refusal("busy", 429)] * 60
    with pytest.raises(ServerError, match=r"failed 3 times \(status 429: busy\)"):
        card(server)


def test_a_list_of_models_is_not_needed(server: ToyServer) -> None:
    server.speaks.remove("/models")
    assert card(server).max_tokens is None


def test_the_fingerprint_holds_what_changes_an_answer(server: ToyServer) -> None:
    same = {card(server, o).fingerprint for o in ("", ",concurrency=2,price_in=1")}
    other = [",revision=2", ",endpoint=completions", ",reasoning_tokens=8"]
    prints = {card(server, options).fingerprint for options in other}
    assert len(same) == 1
    assert len(prints | same) == 4


def test_the_fingerprint_does_not_hold_the_key(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = card(server)
    monkeypatch.setenv("MINE", "sk-secret")
    keyed = card(server, ",key_env=MINE")
    assert keyed.fingerprint == bare.fingerprint
    assert keyed.facts["key"] == "from MINE"
    assert server.headers[-1]["Authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(keyed)


def test_a_declared_revision_and_prices_are_told(server: ToyServer) -> None:
    found = card(server, ",revision=2026-05,price_in=0.5,price_out=2")
    assert found.facts["revision"] == "2026-05 (declared)"
    assert found.token_prices == (0.5, 2.0)
    assert found.facts["prices"] == "0.5 a million tokens read, 2 written"


def test_without_httpx_the_message_says_what_to_install() -> None:
    code = """
import sys
sys.modules["httpx"] = None
from harness import ModelName, UsageError
from harness_api.plugin import describe
try:
    describe(ModelName.parse("api:http://127.0.0.1:9/v1,model=x"))
except UsageError as error:
    print(error)
"""
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "api: models need httpx, which is not installed: run pip install" in told


def test_an_unknown_option_is_refused_before_the_server_is_asked(
    server: ToyServer,
) -> None:
    with pytest.raises(UsageError, match="unknown option 'colour'"):
        card(server, ",colour=red")
    assert server.requests == []
