"""The api adapter against real servers.

`transformers serve` is started here with a tiny random model. A llama-cpp-python server
(``python -m llama_cpp.server --logits_all true``) is asked where one runs, named by the
environment variable HARNESS_TEST_LLAMA_SERVER, such as http://localhost:8000/v1.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch

from harness import Budget, LoadSettings, ModelName
from harness.requests import (
    Answer,
    Generate,
    GenerateAnswer,
    Likelihood,
    Request,
    Score,
    ScoreAnswer,
)
from harness_api.plugin import describe, load

TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
STARTS_S = 60.0
LLAMA = os.environ.get("HARNESS_TEST_LLAMA_SERVER")


def make_model(folder: Path) -> None:
    """Save a tiny random decoder of bytes, with a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: place for place, letter in enumerate([*letters, "<end>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        eos_token_id=len(letters),
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served")
    make_model(path)
    return path


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    pytest.importorskip("fastapi", reason="transformers serve needs fastapi")
    pytest.importorskip("uvicorn", reason="transformers serve needs uvicorn")
    pytest.importorskip("openai", reason="transformers serve needs openai")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from transformers.cli.transformers import main; main()"
    words = ["serve", str(folder), "--port", str(port), "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words, "--device", "cpu"],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + STARTS_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            httpx.get(url, timeout=1.0)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"transformers serve did not start (exit code {process.poll()})")


def name(url: str, model: object, options: str = "") -> ModelName:
    return ModelName.parse(f"api:{url},model={model}{options}")


def ask(name: ModelName, *requests: Request) -> list[Answer]:
    adapter = load(name, LoadSettings())
    stream = adapter.session().answer(adapter.encode(requests), Budget(tokens=1))
    answers = dict(stream)
    return [answers[key] for key in range(len(requests))]


def written(folder: Path, prompt: str, count: int) -> str:
    """Return what transformers itself writes greedily."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    inputs = tokenizer(prompt, return_tensors="pt")
    ids = model.generate(**inputs, do_sample=False, max_new_tokens=count)
    new = ids[0, inputs["input_ids"].shape[1] :]
    return str(tokenizer.decode(new, skip_special_tokens=True))


@pytest.mark.slow
def test_transformers_serve_writes_and_gives_no_log_probabilities(
    url: str, folder: Path
) -> None:
    card = describe(name(url, folder))
    assert card.abilities == {Generate}
    assert card.facts["endpoint"] == "/chat/completions"
    assert card.facts["Score"] == "/completions: the prompt is not echoed"


@pytest.mark.slow
def test_transformers_serve_completes_what_transformers_writes(
    url: str, folder: Path
) -> None:
    model = name(url, folder, ",endpoint=completions")
    (answer,) = ask(model, Generate(prompt="Hello there", max_tokens=6))
    text = written(folder, "Hello there", 6)
    assert answer == GenerateAnswer(
        text=text, finish_reason="length", tokens=11, written_tokens=6
    )


@pytest.mark.slow
def test_transformers_serve_answers_a_chat_by_its_template(
    url: str, folder: Path
) -> None:
    (answer,) = ask(name(url, folder), Generate(prompt="Hi", max_tokens=6))
    assert isinstance(answer, GenerateAnswer)
    assert answer.text == written(folder, "<user>Hi<assistant>", 6).strip()


@pytest.mark.slow
def test_transformers_serve_stops_at_a_stop_text(url: str, folder: Path) -> None:
    whole = written(folder, "Hello there", 6)
    model = name(url, folder, ",endpoint=completions")
    asked = Generate(prompt="Hello there", max_tokens=6, stop=(whole[3],))
    (answer,) = ask(model, asked)
    assert isinstance(answer, GenerateAnswer)
    kept = whole[: whole.index(whole[3])]
    assert (answer.text, answer.finish_reason) == (kept, "stop")


needs_llama = pytest.mark.skipif(
    LLAMA is None, reason="HARNESS_TEST_LLAMA_SERVER names no llama-cpp-python server"
)


@pytest.mark.slow
@needs_llama
def test_a_llama_server_is_scored_or_says_why_not() -> None:
    """With a beginning-of-text token it is right; without, a token off and refused."""
    card = describe(name(str(LLAMA), "llama", ",concurrency=1"))
    assert Generate in card.abilities
    assert (Score in card.abilities) != ("Score" in card.facts)


@pytest.mark.slow
@needs_llama
def test_a_llama_server_knows_the_capital_of_france() -> None:
    model = name(str(LLAMA), "llama", ",concurrency=1")
    if Score not in describe(model).abilities:
        pytest.skip("this server's log-probabilities were refused")
    asked = Score(context="The capital of France is", choices=(" Paris", " London"))
    answer, _ = ask(model, asked, Likelihood(text="The capital of France is Paris."))
    assert isinstance(answer, ScoreAnswer)
    assert answer.is_greedy == (True, False)
    assert answer.log_probabilities[0] > answer.log_probabilities[1] + 3
