"""Optimisers, schedules and layers' rates are those of their sources."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from harness import Head, LoadSettings, ModelCard, ModelName, UsageError
from harness_bert.plugin import load as load_bert
from harness_gpt.plugin import load as load_gpt
from harness_t5.plugin import load as load_t5
from harness_torch.training.lamb import Lamb
from harness_torch.training.layers import rate_scales
from harness_torch.training.optimizers import make_optimizer, set_rate
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings, resolve_rate
from tests.plugins.torch.slopes import Slopes, item, run, weights

CLASSIFY = Head(kind="classify", labels=("no", "yes"))
SHAPES = {
    "linear": "linear",
    "cosine": "cosine",
    "constant": "constant_with_warmup",
    "inverse-sqrt": "inverse_sqrt",
}


@pytest.mark.parametrize(("warmup", "steps"), [(0.1, 40), (0.0, 7), (1, 5)])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_learning_rate_is_that_of_transformers(
    shape: Any, warmup: float, steps: int
) -> None:
    ours = Schedule(
        examples=steps, batch_size=1, epochs=1.0, warmup=warmup, shape=shape
    )
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    warm = math.ceil(warmup * steps)
    theirs = transformers.get_scheduler(SHAPES[shape], optimizer, warm, steps)
    for step in range(1, steps + 1):
        assert ours.rate(step) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()


def plain_run(make: Any) -> Slopes:
    """Train in a loop that is written out, with an optimiser made of two groups."""
    plain = Slopes()
    module = plain.prepare(Head(kind="regress"), seed=1)
    groups = [
        {"params": [p for p in module.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in module.parameters() if p.ndim == 1]},
    ]
    optimizer = make(groups)
    schedule = Schedule(examples=18, batch_size=4, epochs=2.0, warmup=0.25)
    for step, keys in enumerate(schedule.order(1), start=1):
        loss = plain.loss([item(key, 1) for key in keys])
        (loss.total / loss.count).backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * schedule.rate(step)
        optimizer.step()
        optimizer.zero_grad()
    return plain


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("adamw", lambda groups: torch.optim.AdamW(groups, weight_decay=0.0)),
        ("adafactor", torch.optim.Adafactor),
    ],
)
def test_the_optimiser_is_that_of_torch(name: str, make: Any) -> None:
    ours, _ = run(optimizer=name)
    assert torch.allclose(weights(ours), weights(plain_run(make)), rtol=0, atol=1e-5)


def test_lamb_takes_the_steps_of_its_paper() -> None:
    """Algorithm 2 by hand, for w = (3, 4), gradients (1, -2) and (2, 1)."""
    weight = nn.Parameter(torch.tensor([3.0, 4.0], dtype=torch.float64))
    optimizer = Lamb([{"params": [weight]}], lr=0.1, eps=0.0, weight_decay=0.01)
    weight.grad = torch.tensor([1.0, -2.0], dtype=torch.float64)
    optimizer.step()
    # r is (1, -1), with decay (1.03, -0.96); |w| is 5, the step's norm 1.408013.
    assert weight.tolist() == pytest.approx([2.634236, 4.340906], abs=1e-6)
    weight.grad = torch.tensor([2.0, 1.0], dtype=torch.float64)
    optimizer.step()
    # m / (1 - 0.9^2) is (1.526316, -0.421053), the root of v / (1 - 0.999^2) is
    # (1.581376, 1.580902), with decay r is (0.991524, -0.222928), of norm 1.016276;
    # |w| is 5.077663.
    assert weight.tolist() == pytest.approx([2.138837, 4.452288], abs=1e-6)


def test_lamb_leaves_vectors_their_own_step() -> None:
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    optimizer = Lamb([{"params": [weight], "is_scaled": False}], lr=0.1, eps=0.0)
    weight.grad = torch.tensor([1.0, -2.0])
    optimizer.step()
    assert weight.tolist() == pytest.approx([2.9, 4.1])


def test_lamb_moves_weights_that_are_zero() -> None:
    weight = nn.Parameter(torch.zeros(2))
    optimizer = Lamb([{"params": [weight]}], lr=0.1, eps=0.0)
    weight.grad = torch.tensor([1.0, -2.0])
    optimizer.step()
    assert weight.tolist() == pytest.approx([-0.1, 0.1])


@pytest.mark.parametrize("name", ["adafactor", "lamb"])
def test_a_resumed_run_has_the_optimisers_state(name: str, tmp_path: Path) -> None:
    whole, _ = run(optimizer=name)
    settings: Any = {"optimizer": name, "scratch": tmp_path, "save_every": 0.0}

    def breaks(event: Any) -> None:
        if event.step == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(on_step=breaks, **settings)
    resumed, report = run(**settings)
    assert report.resumed == 1
    assert torch.equal(weights(resumed), weights(whole))


def names_of(load: Any, model: str) -> list[str]:
    adapter = load(ModelName.parse(model), LoadSettings())
    return [n for n, _ in adapter.prepare(CLASSIFY, seed=1).named_parameters()]


@pytest.mark.parametrize(
    ("load", "model", "embedding", "first", "head"),
    [
        (load_bert, "bert:tiny", "embeddings", "encoder.layer.0.", "classifier"),
        (load_gpt, "gpt:tiny", "embed_tokens", "layers.0.", "score"),
        (load_t5, "t5:tiny", "shared", "encoder.block.0.", "classifier"),
    ],
)
def test_layers_learn_at_their_own_rates(
    load: Any, model: str, embedding: str, first: str, head: str
) -> None:
    scales = rate_scales(names_of(load, model), 0.5)
    assert {s for n, s in scales.items() if embedding in n} == {0.5**3}
    assert {s for n, s in scales.items() if first in n} == {0.5**2}
    assert {s for n, s in scales.items() if n.startswith(head)} == {1.0}


@pytest.mark.parametrize(
    ("config", "kind", "embedding", "first"),
    [
        ("DebertaV2Config", "embeddings.word", "word_embeddings", "encoder.layer.0."),
        ("ModernBertConfig", "embeddings.tok", "tok_embeddings", "layers.0."),
        ("GPT2Config", "wte", "wpe", "h.0."),
    ],
)
def test_layers_of_hub_models_are_found(
    config: str, kind: str, embedding: str, first: str
) -> None:
    made = getattr(transformers, config)(
        num_hidden_layers=2, hidden_size=16, num_attention_heads=2, vocab_size=50300
    )
    with torch.device("meta"):
        model = transformers.AutoModelForSequenceClassification.from_config(made)
    scales = rate_scales((n for n, _ in model.named_parameters()), 0.5)
    below = {s for n, s in scales.items() if kind in n or embedding in n}
    assert below == {0.5**3}
    assert {s for n, s in scales.items() if first in n} == {0.5**2}


def test_a_decoder_stands_above_its_encoder() -> None:
    names = ["shared.weight", "encoder.block.0.a", "encoder.block.1.a"]
    names += ["decoder.block.0.layer.2.a", "decoder.block.1.a", "lm_head.weight"]
    scales = rate_scales(names, 0.5)
    assert list(scales.values()) == [0.5**5, 0.5**4, 0.5**3, 0.5**2, 0.5, 1.0]


def test_names_without_layers_are_an_error() -> None:
    with pytest.raises(UsageError, match=r"names tell their layer.*like 0.weight, 0.b"):
        run(layer_decay=0.9)


def test_the_rate_of_a_layer_reaches_the_optimiser() -> None:
    model = load_bert(ModelName.parse("bert:tiny"), LoadSettings())
    module = model.prepare(CLASSIFY, seed=1)
    settings = LoopSettings(layer_decay=0.5)
    optimizer = make_optimizer(module, dict(module.named_parameters()), settings)
    set_rate(optimizer.param_groups, 8.0)
    assert {group["lr"] for group in optimizer.param_groups} == {8.0, 4.0, 2.0, 1.0}


@pytest.mark.parametrize(
    ("optimizer", "rate"), [("adamw", 7e-5), ("adafactor", 1e-3), ("lamb", 1e-3)]
)
def test_every_optimiser_has_a_usual_rate(optimizer: Any, rate: float) -> None:
    card = ModelCard(
        abilities=frozenset(), fingerprint="", suggested_learning_rate=7e-5
    )
    resolved = resolve_rate(LoopSettings(optimizer=optimizer), card)
    assert resolved.learning_rate == rate


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("optimizer", "sgd", "adamw or adafactor or lamb"),
        ("schedule", "step", "linear or cosine or constant or inverse-sqrt"),
        ("layer_decay", 0.0, "above 0 and 1 at most"),
        ("save_every", -1.0, "0 or more"),
    ],
)
def test_a_wrong_setting_says_what_is_right(
    setting: str, value: Any, expected: str
) -> None:
    with pytest.raises(
        UsageError, match=f"{setting} is {value!r}, expected {expected}"
    ):
        LoopSettings(**{setting: value})
