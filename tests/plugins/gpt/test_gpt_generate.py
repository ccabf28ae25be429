"""What is written equals transformers' generate token by token, and ends as told."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from harness import Budget, CheckpointError, UsageError
from harness.requests import Generate, GenerateAnswer
from harness_gpt.adapter import GptAdapter
from harness_gpt.generate import Continuation
from harness_torch.tokenizers.byte_level import BOS, EOS, PAD
from tests.plugins.torch.writing import write

CPU = torch.device("cpu")
Case = tuple[str, dict[str, Any]]
Opened = Callable[..., GptAdapter]
WRITTEN = 12
ENDS = frozenset({EOS, *range(9, 260, 25)})  # many, so that some texts end


def prompts(count: int = 50) -> list[list[int]]:
    draw = random.Random(11)
    return [
        [draw.randrange(4, 260) for _ in range(draw.randint(1, 20))]
        for _ in range(count)
    ]


def theirs(model: Any, beams: int, penalty: float) -> list[list[int]]:
    """Generate for all prompts at once, padded on the left."""
    asked = prompts()
    longest = max(len(row) for row in asked)
    padded = [[PAD] * (longest - len(row)) + row for row in asked]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in asked]
    told = model.generate(
        torch.tensor(padded),
        attention_mask=torch.tensor(mask),
        max_new_tokens=WRITTEN,
        num_beams=beams,
        length_penalty=penalty,
        do_sample=False,
        eos_token_id=sorted(ENDS),
    )[:, longest:].tolist()
    ended = [next((i for i, x in enumerate(row) if x in ENDS), None) for row in told]
    return [row[:end] for row, end in zip(told, ended, strict=True)]


@pytest.mark.parametrize("at_once", [50, 7])
@pytest.mark.parametrize(("beams", "penalty"), [(1, 1.0), (3, 1.0), (2, 0.3)])
@torch.inference_mode()
def test_fifty_prompts_are_continued_as_by_transformers(
    architecture: Case,
    twins: Callable[..., Any],
    beams: int,
    penalty: float,
    at_once: int,
) -> None:
    pair = twins(*architecture, noise=0.5)
    asked = Generate(prompt="", max_tokens=WRITTEN, beams=beams, length_penalty=penalty)
    rows = Continuation(pair.ours, title="gpt", device=CPU)
    every = [asked] * 50
    ours = write(rows, prompts(), every, decode=str, end=ENDS, at_once=at_once)
    expected = theirs(pair.theirs, beams, penalty)
    assert [one.ids for one in ours] == expected
    assert sum(len(row) < WRITTEN for row in expected) > 0


def ask(model: GptAdapter, *requests: Generate, tokens: int = 999) -> list[Any]:
    encoded = model.encode(requests)
    answers = dict(model.session().answer(encoded, Budget(tokens=tokens)))
    return [answers[key] for key in range(len(requests))]


@pytest.fixture
def gpt2(saved: Callable[..., Any], cases: Any) -> Any:
    return saved(*cases["gpt2"])


def test_a_prompt_too_long_is_cut_on_the_left_and_counted(
    gpt2: Any, opened: Opened
) -> None:
    long, short = "0123456789" * 10, "0123456789"[-4:] + "0123456789" * 5
    requests = [Generate(prompt=text, max_tokens=10) for text in (long, short)]
    first, second = ask(opened(bos="off"), *requests)
    assert (first.tokens, first.truncated_tokens) == (54, 46)
    assert (second.tokens, second.truncated_tokens) == (54, 0)
    assert first.text == second.text


def test_a_prompt_keeps_half_of_the_length_and_less_is_written(
    gpt2: Any, opened: Opened
) -> None:
    model = opened(bos="off")
    (answer,) = ask(model, Generate(prompt="x" * 100, max_tokens=100))
    assert answer.tokens == 32
    assert answer.written_tokens <= 33
    assert answer.truncated_tokens == 68


def test_the_last_place_of_the_model_is_used(gpt2: Any, opened: Opened) -> None:
    model = opened(bos="off", length="8")
    (answer,) = ask(model, Generate(prompt="abcd", max_tokens=5))
    assert answer.written_tokens == 5 or answer.finish_reason == "end"


def test_an_empty_prompt_begins_after_the_first_token(
    gpt2: Any, opened: Opened
) -> None:
    for bos in ("off", "on"):
        (encoded,) = opened(bos=bos).encode([Generate(prompt="")])
        assert encoded.ids == [BOS]


def test_answers_do_not_depend_on_the_batch(gpt2: Any, opened: Opened) -> None:
    model = opened()
    requests = [
        Generate(prompt="a" * n, max_tokens=9, beams=b)
        for n in range(1, 20, 4)
        for b in (1, 2)
    ]
    together = ask(model, *requests)
    assert together == ask(model, *requests, tokens=1)


@pytest.mark.parametrize("ends", [EOS, [EOS, 7], None])
def test_the_end_stands_in_generation_config(
    gpt2: Any, opened: Opened, tmp_path: Path, ends: object
) -> None:
    from harness_gpt.ending import end_tokens

    file = tmp_path / "generation_config.json"
    file.write_text(json.dumps({"eos_token_id": ends}))
    model = opened()
    found = end_tokens(model._checkpoint, model.tokenizer)
    assert found == {EOS, 7} if isinstance(ends, list) else {EOS}


def test_an_end_that_is_no_id_is_refused(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": "</s>"}')
    with pytest.raises(CheckpointError, match="eos_token_id '</s>', expected a token"):
        opened()


TEMPLATE = "{{ bos_token }}[{{ messages[0]['content'] }}]"


def ids_of(model: GptAdapter, *prompts: str, is_message: bool = True) -> list[int]:
    asked = [Generate(prompt=prompt, is_message=is_message) for prompt in prompts]
    return [token for encoded in model.encode(asked) for token in encoded.ids]


def test_a_chat_template_goes_around_messages_where_there_is_one(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE)
    chat, plain = opened(), opened(chat="off")
    assert ids_of(chat, "hi") == ids_of(plain, "[hi]")
    assert ids_of(chat, "hi").count(BOS) == 1


def test_a_text_to_go_on_with_is_read_as_it_is_whatever_the_template(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE)
    chat, plain, every = opened(), opened(chat="off"), opened(chat="all")
    assert ids_of(chat, "hi", is_message=False) == ids_of(plain, "hi")
    assert ids_of(every, "hi", is_message=False) == ids_of(plain, "[hi]")


def test_messages_and_texts_keep_their_order_in_one_batch(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE)
    kinds = (True, False, False, True)
    asked = [Generate(prompt=f"p{n}", is_message=k) for n, k in enumerate(kinds)]
    read = [token for encoded in opened().encode(asked) for token in encoded.ids]
    assert read == ids_of(opened(chat="off"), "[p0]", "p1", "p2", "[p3]")


def test_a_chat_template_that_is_wanted_must_be_there(
    gpt2: Any, opened: Opened
) -> None:
    with pytest.raises(UsageError, match="has chat 'all' and no chat template"):
        opened(chat="all")


def test_a_stop_text_ends_the_answer(gpt2: Any, opened: Opened) -> None:
    model = opened()
    request = Generate(prompt="abc", max_tokens=12)
    (whole,) = ask(model, request)
    stop = whole.text[3]
    (cut,) = ask(model, replace(request, stop=(stop,)))
    assert cast(GenerateAnswer, cut).finish_reason == "stop"
    assert cut.text == whole.text[: whole.text.index(stop)]
