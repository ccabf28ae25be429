"""Encoders through `hub:`: blanks, vectors, spans and choices as transformers has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch

from harness import CheckpointError
from harness.agreement import ask
from harness.requests import Answer, Choose, Embed, Extract, Fill, Request
from harness.selftest import sample_requests
from harness.testing import check_adapter
from harness_hub.adapter import HubAdapter
from harness_hub.tokenizer import HubTokenizer

Make = Callable[..., Any]
Open = Callable[..., HubAdapter]
MASKED = ("DebertaV2ForMaskedLM", "ElectraForMaskedLM", "BertForMaskedLM")
CONTEXT = "The cat sat on the mat. A man is playing a guitar. " * 4
QUESTION = "Who is playing?"


def answers(adapter: HubAdapter, requests: Sequence[Request]) -> list[Any]:
    found: list[Answer] = ask(adapter, requests, 4096)
    return found


@pytest.mark.parametrize("architecture", MASKED)
@torch.inference_mode()
def test_a_blank_gets_the_probabilities_of_transformers(
    architecture: str, make: Make, open_model: Open
) -> None:
    made = make(architecture)
    words = ("a", "b", "7")  # a token each after a bracket
    ids = [made.tokenizer.encode(word, add_special_tokens=False)[0] for word in words]
    inputs = made.tokenizer("So it is (<mask>)", return_tensors="pt")
    place = inputs.input_ids[0].tolist().index(made.tokenizer.mask_token_id)
    logits = made.module(**inputs).logits[0, place, ids]
    asked = Fill(text="So it is ({blank})", candidates=words)
    (answer,) = answers(open_model(made.folder), [asked])
    assert answer.probabilities == pytest.approx(logits.softmax(0).tolist(), abs=1e-5)


@pytest.mark.parametrize("architecture", MASKED)
@pytest.mark.parametrize("ability", [Fill, Embed])
def test_answers_do_not_depend_on_the_batch(
    architecture: str, ability: type[Request], make: Make, open_model: Open
) -> None:
    requests = sample_requests(ability, None)[:6]
    check_adapter(open_model(make(architecture).folder), requests)


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
@torch.inference_mode()
def test_a_vector_is_pooled_as_asked(
    pooling: str, make: Make, open_model: Open
) -> None:
    made = make("ModernBertForMaskedLM")
    adapter = open_model(made.folder, pooling=pooling)
    (answer,) = answers(adapter, [Embed(text="The cat sat.")])
    inputs = made.tokenizer("The cat sat.", return_tensors="pt")
    states = made.module.model(**inputs).last_hidden_state[0]
    expected = {"mean": states.mean(0), "cls": states[0], "last": states[-1]}[pooling]
    assert answer.vector == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_sentence_transformers_folder_says_how_vectors_are_made(
    make: Make, open_model: Open, tmp_path: Path
) -> None:
    folder = copytree(make("ModernBertModel").folder, tmp_path / "model")
    steps = [{"type": f"x.{name}", "path": ""} for name in ("Transformer", "Normalize")]
    (folder / "modules.json").write_text(json.dumps(steps))
    (answer,) = answers(open_model(folder), [Embed(text="The cat sat.")])
    assert sum(value**2 for value in answer.vector) == pytest.approx(1.0)


@torch.inference_mode()
def test_the_best_span_is_that_of_transformers_scores(
    make: Make, open_model: Open
) -> None:
    made = make("ElectraForQuestionAnswering")
    context = "The cat sat on the mat."
    asked = Extract(question=QUESTION, context=context)
    (answer,) = answers(open_model(made.folder), [asked])
    inputs = made.tokenizer(QUESTION, context, return_tensors="pt")
    said = made.module(**inputs)
    starts, ends = said.start_logits[0], said.end_logits[0]
    own = [place for place, s in enumerate(inputs.sequence_ids(0)) if s == 1]
    best = max(float(starts[a] + ends[b]) for a in own for b in own if 0 <= b - a < 30)
    assert answer.score == pytest.approx(best, abs=1e-5)
    assert answer.no_answer_score == pytest.approx(float(starts[0] + ends[0]), abs=1e-5)
    assert answer.text == context[answer.start :][: len(answer.text)]


@pytest.mark.parametrize(
    "architecture", ["ElectraForQuestionAnswering", "BartForQuestionAnswering"]
)
def test_spans_in_long_contexts_do_not_depend_on_the_batch(
    architecture: str, make: Make, open_model: Open
) -> None:
    adapter = open_model(make(architecture).folder)
    contexts = (CONTEXT, "yes", CONTEXT[:80], "")
    asked = [Extract(question=QUESTION, context=context) for context in contexts]
    check_adapter(adapter, asked)
    assert len(adapter.encode(asked)[0].extra["windows"]) > 1


@torch.inference_mode()
def test_choices_get_the_scores_of_transformers(make: Make, open_model: Open) -> None:
    made = make("ElectraForMultipleChoice")
    asked = [
        Choose(context="The cat sat", choices=("on the mat", "and fell again", "no")),
        Choose(context="Prices rose in 1969", choices=("yes", "of course it is")),
    ]
    found: list[Any] = check_adapter(open_model(made.folder), asked)
    for request, answer in zip(asked, found, strict=True):
        first = [request.context] * len(request.choices)
        inputs = made.tokenizer(
            first, list(request.choices), padding=True, return_tensors="pt"
        )
        logits = made.module(**{k: v.unsqueeze(0) for k, v in inputs.items()}).logits
        assert answer.scores == pytest.approx(logits[0].tolist(), abs=1e-5)


def test_a_slow_tokenizer_is_refused_where_places_are_asked() -> None:
    class Slow:
        bos_token_id = None
        is_fast = False

    tokenizer = HubTokenizer(Slow(), length=8, bos="auto", title="hub:x")  # type: ignore[arg-type] # a slow one needs files of a model that we don't have
    with pytest.raises(CheckpointError, match="is a slow one \\(Slow\\)"):
        tokenizer.pieces(["yes"])


@pytest.mark.parametrize("text", ["", "<mask>", "</s>", " "])
def test_texts_of_nothing_or_of_special_tokens_have_vectors(
    text: str, make: Make, open_model: Open
) -> None:
    adapter = open_model(make("ElectraForMaskedLM").folder)
    check_adapter(adapter, [Embed(text=text), Embed(text="The cat sat.")])


def test_a_text_too_long_is_cut_and_counted(make: Make, open_model: Open) -> None:
    made = make("ElectraForMaskedLM")
    whole = made.tokenizer.encode("yes " * 80)
    (encoded,) = open_model(made.folder).encode([Embed(text="yes " * 80)])
    assert encoded.ids == [*whole[:63], 1]
    assert encoded.truncated_tokens == len(whole) - 64
