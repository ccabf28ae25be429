"""The loop trains as transformers' Trainer does, whatever the micro-batches."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from harness import (
    Head,
    LoadSettings,
    OutOfMemoryError,
    TrainingError,
    UsageError,
    cut_batches,
)
from harness.events import TrainStep
from harness_torch.device import memory_errors
from harness_torch.training.meter import Meter, StepOutcome
from harness_torch.training.schedule import Schedule
from tests.plugins.torch.slopes import Slopes, item, run, weights


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("epochs", "steps"), [(1.0, 4), (2.5, 10), (0.1, 1), (0.3, 2)])
def test_fractions_of_an_epoch_are_rounded_up_to_steps(
    epochs: float, steps: int
) -> None:
    schedule = Schedule(examples=13, batch_size=4, epochs=epochs, warmup=0.0)
    assert schedule.steps == steps
    assert len(list(schedule.order(1))) == steps


def test_every_epoch_holds_every_example_once_in_another_order() -> None:
    schedule = Schedule(examples=13, batch_size=4, epochs=2.0, warmup=0.0)
    steps = list(schedule.order(1))
    first, second = list(chain(*steps[:4])), list(chain(*steps[4:]))
    assert sorted(first) == sorted(second) == list(range(13))
    assert first != second


def test_the_order_is_that_of_the_seed() -> None:
    schedule = Schedule(examples=13, batch_size=4, epochs=2.0, warmup=0.0)
    assert list(schedule.order(1)) == list(schedule.order(1))
    assert list(schedule.order(1)) != list(schedule.order(2))


def test_batches_stay_within_the_budget_unless_one_alone_does_not() -> None:
    batches = cut_batches([item(0, 3), item(1, 3), item(2, 9), item(3, 1)], 6)
    assert [[one.key for one in batch] for batch in batches] == [[0, 1], [2], [3]]


@pytest.mark.parametrize("tokens", [1, 12, 25])
def test_micro_batches_train_as_one_big_batch(tokens: int) -> None:
    whole, _ = run()
    cut, _ = run(micro_batch_tokens=tokens)
    assert len(cut.batches) > len(whole.batches)
    assert torch.allclose(weights(cut), weights(whole), rtol=0, atol=1e-5)


def test_micro_batches_never_cross_a_step() -> None:
    model, _ = run(micro_batch_tokens=12)
    seen = list(chain(*model.batches))
    assert sorted(seen[:18]) == sorted(seen[18:]) == list(range(18))


def test_the_same_seed_gives_the_same_losses() -> None:
    curves = [run(seed=seed)[1].curve for seed in (1, 1, 2)]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


def test_the_steps_are_those_of_a_plain_loop() -> None:
    """Torch's AdamW, clipping, and transformers' schedule, written out."""
    ours, _ = run()
    plain = Slopes()
    module = plain.prepare(Head(kind="regress"), seed=1)
    decayed = [p for n, p in module.named_parameters() if n in ("0.weight", "2.weight")]
    others = [p for p in module.parameters() if p.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": 0.1},
        {"params": others},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.05, weight_decay=0.0)
    rates = transformers.get_linear_schedule_with_warmup(optimizer, 3, 10)
    for step in range(10):
        keys = Schedule(examples=18, batch_size=4, epochs=2.0, warmup=0.25).order(1)
        batch = [item(key, 1) for key in list(keys)[step]]
        loss = plain.loss(batch)
        (loss.total / loss.count).backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        rates.step()
    assert torch.allclose(weights(ours), weights(plain), rtol=0, atol=1e-5)


def test_frozen_parameters_stay_and_are_not_counted() -> None:
    model = Slopes()
    frozen = model.module[0]
    assert isinstance(frozen, nn.Linear)
    frozen.requires_grad_(False)
    before: list[torch.Tensor] = []
    _, report = run(model, on_step=lambda _: before.append(frozen.weight.clone()))
    assert torch.equal(frozen.weight, before[0])
    assert report.trainable_parameters == 4 + 4 + 4 + 1


def test_the_report_counts_what_was_done() -> None:
    model, report = run(epochs=1.5)
    assert report.steps == report.selected_step == len(report.curve) == 8
    assert report.examples_seen == 18 + 12
    assert report.tokens_seen == sum(5 + k % 7 for keys in model.batches for k in keys)
    assert report.final_loss == report.curve[-1][1]
    assert report.seconds > 0


def test_every_step_is_told_with_its_loss_and_rate() -> None:
    told: list[TrainStep] = []
    _, report = run(on_step=told.append)
    assert [(one.step, one.loss, one.learning_rate) for one in told] == list(
        report.curve
    )
    assert {one.steps for one in told} == {10}
    assert told[-1].seconds_left == 0
    assert all(one.examples_per_s > 0 and one.tokens_per_s > 0 for one in told)


def test_a_long_curve_is_thinned_and_keeps_its_end() -> None:
    meter = Meter(1000, lambda _: None)
    for step in range(1000):
        meter.record(StepOutcome(float(step), 0.1, 1, 1))
    assert len(meter.curve) == 250
    assert meter.curve[-1] == (1000, 999.0, 0.1)
    assert meter.final_loss == pytest.approx(949.5)


def test_a_loss_that_is_no_number_stops_and_names_the_step() -> None:
    with pytest.raises(
        TrainingError, match=r"the loss of step 3 is nan .* lower learn"
    ):
        run(Slopes(hidden_nan_from=3))


def test_a_gradient_that_is_no_number_stops_before_it_reaches_the_weights() -> None:
    model = Slopes()
    model.factor = 1e30
    with pytest.raises(TrainingError, match="a gradient norm of inf"):
        run(model)
    assert bool(weights(model).isfinite().all())


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(TrainingError, match="there are no training examples"):
        run(count=0)


def test_fp16_on_the_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="training in fp16 needs a GPU"):
        run(load=LoadSettings(dtype="fp16"))


def test_bf16_trains_fp32_weights_near_fp32_training() -> None:
    low, report = run(load=LoadSettings(dtype="bf16"))
    full, exact = run()
    assert {p.dtype for p in low.module.parameters()} == {torch.float32}
    assert report.final_loss == pytest.approx(exact.final_loss, rel=0.1)
    assert not torch.equal(weights(low), weights(full))


def test_the_best_epoch_is_kept_and_the_earlier_of_equals() -> None:
    model = Slopes()
    seen: list[torch.Tensor] = []
    scores = iter([0.5, 0.9, 0.9])

    def score() -> float:
        assert not model.module.training
        seen.append(weights(model))
        return next(scores)

    _, report = run(model, epochs=3.0, select_score=score)
    assert report.selected_step == 10
    assert torch.equal(weights(model), seen[1])
    assert not torch.equal(seen[1], seen[2])


def test_a_score_that_is_no_number_loses_to_any_other() -> None:
    scores = iter([math.nan, 0.1])
    _, report = run(select_score=lambda: next(scores))
    assert report.selected_step == 10


def test_training_leaves_the_module_in_evaluation_mode() -> None:
    model, _ = run()
    assert not model.module.training


def test_memory_that_a_machine_does_not_have_is_an_error_of_ours() -> None:
    with (
        pytest.raises(OutOfMemoryError, match="a big tensor does not fit in memory"),
        memory_errors("a big tensor"),
    ):
        torch.empty(2**52)


def test_other_faults_of_torch_pass_through() -> None:
    with pytest.raises(RuntimeError, match="invalid for input"), memory_errors("it"):
        torch.ones(3).view(2)
