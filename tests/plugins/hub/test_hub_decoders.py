"""Decoders through `hub:` say what transformers says of one text without padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from harness import CheckpointError, PluginError
from harness.agreement import ask
from harness.requests import (
    Answer,
    Embed,
    Fill,
    Follow,
    Generate,
    Likelihood,
    Request,
    Score,
)
from harness.selftest import sample_requests
from harness.testing import check_adapter
from harness_hub.adapter import HubAdapter
from harness_hub.output_rows import OutputRows

Make = Callable[..., Any]
Open = Callable[..., HubAdapter]
OURS = "GPT2LMHeadModel"
OTHERS = ("OPTForCausalLM", "GPTNeoXForCausalLM", "Gemma2ForCausalLM")
ABILITIES: tuple[type[Request], ...] = (
    Score,
    Generate,
    Likelihood,
    Embed,
    Fill,
    Follow,
)
CHOICES = (" yes", " of course", "")


def answers(adapter: HubAdapter, requests: Sequence[Request]) -> list[Any]:
    found: list[Answer] = ask(adapter, requests, 4096)
    return found


def log_probability(made: Any, context: list[int], continuation: list[int]) -> float:
    logits = made.module(torch.tensor([context + continuation])).logits[0]
    rows = logits[len(context) - 1 : -1].double().log_softmax(-1)
    return float(rows[range(len(continuation)), continuation].sum())


@pytest.mark.parametrize("architecture", [OURS, *OTHERS])
@torch.inference_mode()
def test_choices_get_the_log_probabilities_of_transformers(
    architecture: str, make: Make, open_model: Open
) -> None:
    made = make(architecture)
    contexts = ["The cat sat", "Prices rose in 1969 and a man is playing"]
    scored = answers(
        open_model(made.folder), [Score(context=c, choices=CHOICES) for c in contexts]
    )
    encode = made.tokenizer.encode
    expected = [
        log_probability(made, encode(text), encode(text + choice)[len(encode(text)) :])
        for text in contexts
        for choice in CHOICES
    ]
    found = [value for answer in scored for value in answer.log_probabilities]
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("architecture", [OURS, *OTHERS])
@pytest.mark.parametrize("ability", ABILITIES)
def test_answers_do_not_depend_on_the_batch(
    architecture: str, ability: type[Request], make: Make, open_model: Open
) -> None:
    requests = sample_requests(ability, None)[:8]
    check_adapter(open_model(make(architecture).folder), requests)


def prompts(count: int) -> list[str]:
    generator = torch.Generator().manual_seed(8)
    words = ("cat", "yes", "1969", "guitar", "prices", "fell", "again;", "two")
    return [
        " ".join(
            words[int(i)]
            for i in torch.randint(
                8,
                (int(torch.randint(1, 9, (1,), generator=generator)),),
                generator=generator,
            )
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("beams", [1, 3])
@torch.inference_mode()
def test_fifty_prompts_are_continued_as_transformers_does_one_by_one(
    beams: int, make: Make, open_model: Open
) -> None:
    made = make("GPTNeoXForCausalLM")
    texts = prompts(50)
    requests = [Generate(prompt=t, max_tokens=6, beams=beams) for t in texts]
    expected = []
    for text in texts:
        ids = torch.tensor([made.tokenizer.encode(text)])
        written = made.module.generate(
            ids, max_new_tokens=6, num_beams=beams, do_sample=False
        )
        new = written[0, ids.shape[1] :]
        expected.append(made.tokenizer.decode(new, skip_special_tokens=True))
    found = answers(open_model(made.folder), requests)
    assert [answer.text for answer in found] == expected


def test_a_stop_text_ends_the_text_before_it(make: Make, open_model: Open) -> None:
    adapter = open_model(make("OPTForCausalLM").folder)
    (whole,) = answers(adapter, [Generate(prompt="The cat", max_tokens=12)])
    stop = whole.text[4:6]
    asked = Generate(prompt="The cat", max_tokens=12, stop=(stop,))
    (cut,) = answers(adapter, [asked])
    assert (cut.text, cut.finish_reason) == (whole.text.split(stop)[0], "stop")
    assert whole.finish_reason == "length"


def test_the_tokens_written_are_counted_without_what_fills_rows_up(
    make: Make, open_model: Open
) -> None:
    adapter = open_model(make("OPTForCausalLM").folder)
    texts = ("The cat", "two prices")
    whole = answers(adapter, [Generate(prompt=t, max_tokens=12) for t in texts])
    assert [answer.written_tokens for answer in whole] == [12, 12]
    asked = [
        Generate(prompt=t, max_tokens=12, stop=(whole[0].text[4:6],)) for t in texts
    ]
    together = answers(adapter, asked)
    alone = [answers(adapter, [one])[0] for one in asked]
    assert together == alone
    assert together[0].written_tokens < 12


def test_draws_depend_on_prompt_and_sample_alone(make: Make, open_model: Open) -> None:
    adapter = open_model(make("OPTForCausalLM").folder)
    asked = [
        Generate(prompt=prompt, max_tokens=8, temperature=1.0, sample=sample)
        for prompt in ("yes", "Prices rose in")
        for sample in (0, 1)
    ]
    texts = [answer.text for answer in check_adapter(adapter, asked)]  # type: ignore[attr-defined] # all are GenerateAnswers
    assert len(set(texts)) == 4


@torch.inference_mode()
def test_a_long_text_rolls_over_windows_that_score_each_token_once(
    make: Make, open_model: Open
) -> None:
    made = make("GPTNeoXForCausalLM")
    text = "The cat sat on the mat. " * 30
    ids = made.tokenizer.encode(text)
    (answer,) = answers(open_model(made.folder), [Likelihood(text=text)])
    nats, start = log_probability(made, [0], ids[:64]), 64
    while start < len(ids):
        end = min(start + 64, len(ids))
        nats += log_probability(made, ids[end - 65 : start], ids[start:end])
        start = end
    assert answer.nats == pytest.approx(nats, rel=1e-6)
    assert (answer.token_count, answer.truncated_tokens) == (len(ids), 0)


@torch.inference_mode()
def test_candidates_are_compared_by_their_whole_texts(
    make: Make, open_model: Open
) -> None:
    made = make("GPTNeoXForCausalLM")
    asked = Fill(text="The {blank} sat.", candidates=("cat", "guitar"))
    (answer,) = answers(open_model(made.folder), [asked])
    nats = torch.tensor(
        [
            log_probability(made, [0], made.tokenizer.encode(f"The {word} sat."))
            for word in asked.candidates
        ]
    )
    assert answer.probabilities == pytest.approx(nats.softmax(0).tolist(), abs=1e-5)


@torch.inference_mode()
def test_a_vector_is_the_mean_of_the_last_states(make: Make, open_model: Open) -> None:
    made = make("OPTForCausalLM")
    (answer,) = answers(open_model(made.folder), [Embed(text="The cat sat.")])
    ids = torch.tensor([made.tokenizer.encode("The cat sat.")])
    states = made.module.model(ids).last_hidden_state[0]
    assert answer.vector == pytest.approx(states.mean(0).tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("architecture", "way"),
    [
        ("OPTForCausalLM", OutputRows._hidden),
        ("Gemma2ForCausalLM", OutputRows._narrowed),
    ],
)
def test_no_logits_are_computed_that_are_not_asked(
    architecture: str, way: object, make: Make, open_model: Open
) -> None:
    adapter = open_model(make(architecture).folder)
    rows = []
    layer = adapter.module.get_output_embeddings()
    assert isinstance(layer, torch.nn.Module)
    asked = [Score(context="The cat sat on the mat", choices=(" yes", " no"))] * 3
    answers(adapter, asked)  # finds the way
    layer.register_forward_hook(lambda *a: rows.append(a[2].shape[:-1].numel()))
    answers(adapter, asked)
    assert adapter._abilities[Score]._scorer._rows._way is way  # type: ignore[union-attr] # how is no part of the protocol
    assert sum(rows) <= 4


def test_choices_of_one_token_share_one_reading(make: Make, open_model: Open) -> None:
    adapter = open_model(make("OPTForCausalLM").folder)
    asked = Score(context="The cat sat", choices=("a", "b", "c"))
    (encoded,) = adapter.encode([asked])
    length = len(make("OPTForCausalLM").tokenizer.encode("The cat sat"))
    assert encoded.cost == length


def test_a_context_too_long_is_cut_on_its_left_and_counted(
    make: Make, open_model: Open
) -> None:
    made = make("OPTForCausalLM")
    text = "yes " * 80
    whole = len(made.tokenizer.encode(text.rstrip())) + 2
    asked = Score(context=text.rstrip(), choices=("ab",))
    (encoded,) = open_model(made.folder).encode([asked])
    assert (len(encoded.ids), encoded.truncated_tokens) == (64, whole - 65)


@pytest.mark.parametrize("text", ["", "</s>", "<pad>", " "])
def test_texts_of_nothing_or_of_special_tokens_are_answered(
    text: str, make: Make, open_model: Open
) -> None:
    requests: list[Request] = [
        Score(context=text, choices=(" yes", " no")),
        Generate(prompt=text, max_tokens=3),
        Likelihood(text=text),
        Embed(text=text),
    ]
    check_adapter(open_model(make("OPTForCausalLM").folder), requests)


def test_a_model_that_reads_ahead_is_refused(make: Make, open_model: Open) -> None:
    adapter = open_model(make("XLNetLMHeadModel").folder)
    with pytest.raises(CheckpointError, match="reads tokens ahead"):
        answers(adapter, [Score(context="The cat sat", choices=(" yes", " no"))])


def test_bos_can_be_asked_for_and_stands_once(make: Make, open_model: Open) -> None:
    adapter = open_model(make("OPTForCausalLM").folder, bos="on")
    plain, opened = adapter.encode([Generate(prompt="yes"), Generate(prompt="<s>yes")])
    assert plain.ids == opened.ids
    assert list(plain.ids).count(0) == 1


@pytest.mark.parametrize("ability", ABILITIES)
def test_an_answer_that_is_no_number_is_refused(
    ability: type[Request], make: Make, open_model: Open
) -> None:
    adapter = open_model(make(OURS).folder)
    with torch.no_grad():
        adapter.module.get_parameter("transformer.ln_f.weight").fill_(torch.nan)
    with pytest.raises(CheckpointError, match="values that are no numbers"):
        answers(adapter, sample_requests(ability, None)[:2])


BAD_BLANKS = (
    Fill(text="no blank", candidates=("a",)),
    Fill(text="{blank} and {blank}", candidates=("a",)),
    Fill(text="{blank}", candidates=()),
)


@pytest.mark.parametrize("request_", BAD_BLANKS)
def test_a_text_without_one_blank_or_candidates_is_refused(
    make: Make, open_model: Open, request_: Fill
) -> None:
    with pytest.raises(PluginError, match=r"has [012] times \{blank\} and [01] cand"):
        open_model(make(OURS).folder).encode([request_])
