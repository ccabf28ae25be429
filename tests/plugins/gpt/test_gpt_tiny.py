"""The built-in decoder needs no file, does everything, and learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import Budget, CheckpointError, Head, LoadSettings, ModelCard, ModelName
from harness.api import run
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Embed,
    Fill,
    Follow,
    Generate,
    Likelihood,
    Request,
    Score,
)
from harness.testing import check_adapter
from harness_gpt.plugin import describe, load
from harness_gpt.tiny import TINY_CONFIG, TINY_LEARNING_RATE
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY

TINY = ModelName.parse("gpt:tiny")
TEXTS = ("", "short", "The cat sat on the mat, and nobody saw it. " * 4, "naïve café")
ABILITIES: dict[type[Request], list[Request]] = {
    Score: [Score(context=t, choices=(" yes", " no way")) for t in TEXTS],
    Generate: [Generate(prompt=t, max_tokens=6) for t in TEXTS],
    Likelihood: [Likelihood(text=t) for t in TEXTS],
    Fill: [Fill(text=t + " {blank}.", candidates=("good", "bad")) for t in TEXTS],
    Embed: [Embed(text=t) for t in TEXTS],
    Follow: [Follow(words=tuple(t.split())) for t in (*TEXTS, TEXTS[2] * 8)],
}


def test_the_card_tells_what_it_can_do() -> None:
    card: ModelCard = describe(TINY)
    assert card.abilities == set(ABILITIES)
    assert card.max_tokens == 1024
    assert card.suggested_learning_rate == TINY_LEARNING_RATE
    assert card.facts["tokenizer"] == "bytes"
    module = load(TINY, LoadSettings()).module
    assert card.parameters == sum(p.numel() for p in module.parameters())


def test_every_byte_has_a_vector() -> None:
    assert TINY_CONFIG["vocab_size"] == BYTE_VOCABULARY


@pytest.mark.parametrize("ability", ABILITIES)
def test_every_ability_answers_the_same_whatever_the_batch(
    ability: type[Request],
) -> None:
    check_adapter(load(TINY, LoadSettings()), ABILITIES[ability])


@pytest.mark.parametrize("ability", ABILITIES)
def test_an_answer_that_is_no_number_is_refused(ability: type[Request]) -> None:
    model = load(TINY, LoadSettings())
    with torch.no_grad():
        model.module.get_parameter("model.norm.weight").fill_(torch.nan)
    encoded = model.encode(ABILITIES[ability])
    with pytest.raises(CheckpointError, match="values that are no numbers in torch"):
        list(model.session().answer(encoded, Budget(tokens=9999)))


def test_weights_are_drawn_from_the_seed() -> None:
    def first(seed: int, head_seed: int) -> tuple[float, float]:
        model = load(TINY, LoadSettings(seed=seed))
        model.prepare(Head(kind="regress"), seed=head_seed)
        weights: dict[str, Any] = model.module.state_dict()
        names = ("model.embed_tokens.weight", "score.weight")
        one, other = (float(weights[name][0, 0]) for name in names)
        return one, other

    assert first(1, 1) == first(1, 1)
    assert first(1, 2)[0] == first(1, 1)[0]
    assert first(1, 2)[1] != first(1, 1)[1]
    assert first(2, 1)[0] != first(1, 1)[0]


def test_signals_keep_their_size() -> None:
    model = load(TINY, LoadSettings())
    weights = model.module.state_dict()
    assert float(weights["model.embed_tokens.weight"].std()) == pytest.approx(
        1, rel=0.1
    )
    down = weights["model.layers.0.mlp.down_proj.weight"]
    assert float(down.std()) == pytest.approx(128**-0.5, rel=0.1)
    assert set(weights["model.norm.weight"].tolist()) == {1.0}
    assert not weights["model.layers.0.self_attn.q_proj.bias"].any()


@pytest.mark.slow
def test_two_epochs_beat_the_majority(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    results = run(
        ["gpt:tiny", "majority:"],
        ["glue/sst2"],
        regimes=["finetune:full,epochs=2"],
        data="sample",
        device="cpu",
        store=str(tmp_path / "store.sqlite"),
    )
    tiny, majority = (
        next(cell for cell in results.cells if cell.model == model)
        for model in ("gpt:tiny", "majority:")
    )
    assert tiny.low is not None
    assert majority.score is not None
    assert tiny.low > majority.score


@torch.inference_mode()
def test_transformers_loads_it_with_equal_logits(tmp_path: Path) -> None:
    model = load(TINY, LoadSettings())
    model.prepare(Head(kind="classify", labels=("a", "b")), seed=1)
    model.save(tmp_path)
    requests = [Classify(text=text, labels=("a", "b")) for text in TEXTS]
    encoded = model.encode(requests)
    told = dict(model.session().answer(encoded, Budget(tokens=9999)))
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    for item in encoded:
        expected = theirs(torch.tensor([item.ids])).logits[0].softmax(-1)
        answer = told[item.key]
        assert isinstance(answer, ClassifyAnswer)
        ours = torch.tensor(answer.probabilities)
        assert torch.allclose(ours, expected, rtol=0, atol=1e-5)


def test_a_run_scores_the_sample_with_it(
    tmp_path: Path, run_command: Callable[..., Any]
) -> None:
    outcome = run_command(
        *("run", "--model", "gpt:tiny", "--task", "glue/rte", "--data", "sample"),
        *("--limit", "8", "--store", str(tmp_path / "store.sqlite")),
    )
    assert outcome.code == 0, outcome.error
    assert "gpt:tiny · glue/rte · zero-shot" in outcome.error
