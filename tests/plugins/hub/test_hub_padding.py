"""What transformers pads is counted: rows of a forward, and rows that have ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from torch import nn

from harness import Budget
from harness.requests import (
    Embed,
    Generate,
    GenerateAnswer,
    Likelihood,
    Request,
    Score,
)
from harness.selftest import sample_requests

Make = Callable[..., Any]
ROWS: list[Request] = [
    Embed(text="The cat sat on the mat."),
    Embed(text="The cat sat."),
]


def positions(model: Any, requests: list[Request]) -> tuple[int, int, int]:
    """Return positions held, computed, and what the word vectors met."""
    met: list[int] = []
    size = model.module.get_input_embeddings().num_embeddings
    words = [
        part
        for part in model.module.modules()
        if isinstance(part, nn.Embedding) and part.num_embeddings == size
    ]
    hooks = [
        each.register_forward_pre_hook(lambda _, ids: met.append(ids[0].numel()))
        for each in words
    ]
    session = model.session()
    list(session.answer(model.encode(requests), Budget(tokens=9999)))
    for hook in hooks:
        hook.remove()
    return (*session.positions, sum(met))


def answered(model: Any, request: Request) -> GenerateAnswer:
    session = model.session()
    ((_, answer),) = session.answer(model.encode([request]), Budget(tokens=99))
    assert isinstance(answer, GenerateAnswer)
    return answer


def test_shorter_rows_of_a_forward_are_padded(make: Make, open_model: Make) -> None:
    model = open_model(make("BertForMaskedLM").folder)
    longer, shorter = (len(item.ids) for item in model.encode(ROWS))
    positions(model, ROWS)  # looks first whether padding matters
    assert positions(model, ROWS) == (longer + shorter, 2 * longer, 2 * longer)
    assert shorter < longer


@pytest.mark.parametrize("ability", [Score, Likelihood])
def test_all_that_a_decoder_reads_is_counted(
    ability: type[Request], make: Make, open_model: Make
) -> None:
    model = open_model(make("OPTForCausalLM").folder)
    requests = sample_requests(ability, None)[:6]
    positions(model, requests)  # looks first whether padding matters
    held, computed, met = positions(model, requests)
    assert computed == met
    assert 0 < held < computed


@pytest.mark.parametrize(
    "architecture", ["GPT2LMHeadModel", "T5ForConditionalGeneration"]
)
def test_one_row_that_is_written_alone_has_no_padding(
    architecture: str, make: Make, open_model: Make
) -> None:
    model = open_model(make(architecture).folder)
    asked: list[Request] = [Generate(prompt="The cat sat on the mat.", max_tokens=8)]
    held, computed, met = positions(model, asked)
    assert held == computed == met


def test_a_row_that_has_ended_is_padding_until_all_have(
    make: Make, open_model: Make
) -> None:
    model = open_model(make("GPT2LMHeadModel").folder)
    asked = [Generate(prompt=text, max_tokens=8) for text in ("The cat", "A man is")]
    one, other = (answered(model, request).text for request in asked)
    stop = next(sign for sign in one if sign not in other)
    stopped: list[Request] = [replace(request, stop=(stop,)) for request in asked]
    positions(model, stopped)  # looks first whether padding matters
    held, computed, met = positions(model, stopped)
    prompts = [len(item.ids) for item in model.encode(asked)]
    written = answered(model, stopped[0]).written_tokens
    # of what is written the last token is not read
    assert held == sum(prompts) + (written - 1) + 7
    assert computed == met == 2 * max(prompts) + 2 * 7
