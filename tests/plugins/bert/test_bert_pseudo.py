"""Pseudo-likelihoods are sums of transformers' log-probabilities at one mask each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import CheckpointError, Example, ModelName
from harness.errors import UsageError
from harness.formulations import TextPseudoLikelihood
from harness.requests import (
    Likelihood,
    LikelihoodAnswer,
    PseudoLikelihood,
    PseudoLikelihoodAnswer,
    request_key,
)
from harness.selftest import sample_requests
from harness.testing import check_adapter
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe
from harness_torch.tokenizers.protocol import SpecialIds
from harness_torch.tokenizers.word_hash import WordHashTokenizer

Make = Callable[..., Any]
MASK = 3  # of hashed words
SHORT = "it is good today"
LONG = " ".join(f"w{i}" for i in range(30))


@pytest.fixture(scope="module", params=["bert", "roberta", "albert", "distilbert"])
def pair(
    request: pytest.FixtureRequest,
    reference: Make,
    saved: Make,
    opened: Make,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Any, BertAdapter]:
    """Return a model of transformers with ours."""
    model = reference(request.param, "ForMaskedLM")
    return model, opened(saved(model, tmp_path_factory.mktemp(request.param)))


@torch.inference_mode()
def at_mask(model: Any, ids: list[int], place: int) -> float:
    masked = torch.tensor([[*ids[:place], MASK, *ids[place + 1 :]]])
    logits = model(masked).logits[0, place]
    return float(logits.log_softmax(-1)[ids[place]])


def asked(text: str) -> PseudoLikelihood:
    return PseudoLikelihood(text=text)


def test_each_token_is_masked_in_turn(pair: tuple[Any, BertAdapter], ask: Make) -> None:
    model, adapter = pair
    (pieces,) = adapter.tokenizer.pieces([SHORT])
    ids = adapter.tokenizer.wrap(pieces.ids).ids
    expected = sum(at_mask(model, ids, place) for place in range(1, 5))
    (answer,) = ask(adapter, [asked(SHORT)])
    assert answer.nats == pytest.approx(expected, abs=1e-4)
    assert (answer.token_count, answer.word_count, answer.byte_count) == (4, 4, 16)
    assert answer.tokens == 4 * 6


def test_a_long_text_is_read_where_most_stands_on_both_sides(
    reference: Make, saved: Make, opened: Make, ask: Make, tmp_path: Path
) -> None:
    model = reference("bert", "ForMaskedLM")
    adapter = opened(saved(model, tmp_path), length="12")
    (pieces,) = adapter.tokenizer.pieces([LONG])
    expected = 0.0
    for place in range(30):
        starts = [0, 5, 10, 15, 20]
        start = max(starts, key=lambda s, at=place: min(at - s, s + 9 - at))  # type: ignore[misc] # of a lambda
        ids = adapter.tokenizer.wrap(pieces.ids[start : start + 10]).ids
        expected += at_mask(model, ids, 1 + place - start)
    (answer,) = ask(adapter, [asked(LONG)])
    assert answer.nats == pytest.approx(expected, rel=1e-6)
    assert (answer.token_count, answer.truncated_tokens) == (30, 0)


def test_it_does_not_depend_on_the_batch(pair: tuple[Any, BertAdapter]) -> None:
    check_adapter(pair[1], sample_requests(PseudoLikelihood, None))


def test_an_empty_text_has_none(pair: tuple[Any, BertAdapter], ask: Make) -> None:
    (answer,) = ask(pair[1], [asked("")])
    assert (answer.nats, answer.token_count, answer.tokens) == (0.0, 0, 0)


def test_a_tokenizer_without_a_mask_is_refused(
    pair: tuple[Any, BertAdapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    unmasked = property(lambda _: SpecialIds(pad=0))
    monkeypatch.setattr(WordHashTokenizer, "special", unmasked)
    with pytest.raises(CheckpointError, match="has no mask token, so no token can be"):
        pair[1].encode([asked(SHORT)])


def test_only_a_model_with_a_word_head_is_asked(
    reference: Make, saved: Make, tmp_path: Path
) -> None:
    folder = saved(reference("bert", "Model"), tmp_path)
    card = describe(ModelName.parse(f"bert:{folder}"))
    assert PseudoLikelihood not in card.abilities
    assert Likelihood not in card.abilities


def test_it_is_never_taken_for_a_likelihood() -> None:
    assert request_key(asked("a")) != request_key(Likelihood(text="a"))
    assert not issubclass(PseudoLikelihoodAnswer, LikelihoodAnswer)


WAY = TextPseudoLikelihood(text="{text}")
EXAMPLE = Example(id="7", columns={"text": "a b"}, target="a b")


def test_the_formulation_asks_for_the_text_and_keeps_the_sum() -> None:
    answer = PseudoLikelihoodAnswer(
        nats=-2.5, token_count=2, word_count=2, byte_count=3
    )
    assert WAY.requests(EXAMPLE) == (asked("a b"),)
    assert WAY.predict(EXAMPLE, [answer]).value == {"nats": -2.5, "tokens": 2}


def test_the_formulation_has_no_right_answer_and_trains_nothing() -> None:
    with pytest.raises(UsageError, match="of example '7' has no right answer"):
        WAY.answer_for(EXAMPLE)
    with pytest.raises(UsageError, match="nothing is trained to say"):
        WAY.target(EXAMPLE)
