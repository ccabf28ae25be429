"""What goes wrong in a training run is met, or stops it with a clear word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import Encoded, Loss, OutOfMemoryError, TrainingError
from tests.plugins.torch.slopes import Narrow, Slopes, run, weights


@pytest.mark.parametrize("in_backward", [False, True])
def test_micro_batches_shrink_until_they_fit(in_backward: bool) -> None:
    whole, _ = run()
    narrow, report = run(Narrow(12, in_backward=in_backward))
    assert torch.allclose(weights(narrow), weights(whole), rtol=0, atol=1e-5)
    assert report.micro_batch_tokens is not None
    assert report.micro_batch_tokens <= 12


def test_the_report_says_what_did_not_fit() -> None:
    _, report = run(Narrow(12))
    used = report.micro_batch_tokens
    told = f"1000 tokens did not fit in memory, micro-batches held {used}"
    assert report.notes == (told,)


def test_a_step_that_did_not_fit_is_counted_once() -> None:
    _, report = run(Narrow(12))
    assert (report.steps, report.examples_seen) == (10, 36)


def test_one_example_that_does_not_fit_is_an_error() -> None:
    problem = r"one training example of \d+ tokens does not fit .* checkpoint_activ"
    with pytest.raises(OutOfMemoryError, match=problem):
        run(Narrow(6))


def test_a_resumed_run_starts_with_what_fitted(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"scratch": tmp_path, "save_every": 0.0}
    _, first = run(Narrow(12), **settings)
    again, second = run(Narrow(12), **settings)
    assert again.batches == []
    assert second.micro_batch_tokens == first.micro_batch_tokens


class Growing(Slopes):
    """Has a loss that is multiplied from some forward on."""

    def __init__(self, *, first: float, then: float) -> None:
        super().__init__()
        self.first, self.then = first, then

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        found = super().loss(batch)
        grown = self.then if len(self.batches) > 25 else self.first
        return Loss(total=found.total * grown, count=found.count)


def test_a_loss_that_explodes_stops_the_run(tmp_path: Path) -> None:
    problem = r"the loss exploded by step \d+: .* lower learning_rate .*; the last snap"
    with pytest.raises(TrainingError, match=problem):
        run(Growing(first=1, then=1e4), epochs=10.0, scratch=tmp_path, save_every=0.0)


def test_a_loss_may_grow_from_nothing_to_a_usual_one() -> None:
    model, report = run(Growing(first=1e-6, then=1e-2), epochs=10.0)
    assert report.curve[-1][1] > 100 * report.curve[0][1]
    assert len(model.batches) == 50
