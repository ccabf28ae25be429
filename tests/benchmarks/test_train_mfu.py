"""Model FLOP/s utilisation: its formula, the lengths, and a tiny run on the CPU."""

from __future__ import annotations

import json
import math
import statistics
import sys
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import train_mfu
from benchmarks.model_flops import (
    Measured,
    Shape,
    matmul_weights,
    measure_peak,
    training_flops,
)
from benchmarks.squad_lengths import draw_lengths, make_examples
from benchmarks.timed_training import SIZES, make_adapter, time_training
from harness import Head, LoadSettings
from harness_bert.config import read_config
from harness_bert.parts import Parts
from harness_bert.shapes import parameter_shapes
from harness_torch.training.settings import LoopSettings

LENGTHS = [41, 41, 64, 100]


def test_the_formula_counts_what_torch_s_counter_sees() -> None:
    adapter = make_adapter("tiny", LoadSettings())
    module = adapter.prepare(Head(kind="extract"), seed=1)
    batch = adapter.encode_training(make_examples(LENGTHS, 1))
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        adapter.loss(batch).total.backward()
    raw = SIZES["tiny"]
    ours = training_flops(
        LENGTHS,
        weights=matmul_weights(module),
        layers=raw["num_hidden_layers"],
        width=raw["hidden_size"],
    )
    assert ours == pytest.approx(counter.get_total_flops(), rel=0.01)


def test_the_formula_counts_as_by_hand() -> None:
    # 6 x 8 weights x 3 tokens, and 12 x 3^2 pairs x width 2 in the only layer
    assert training_flops([3], weights=8, layers=1, width=2) == 144 + 216


def test_bert_base_has_the_weights_of_its_paper() -> None:
    # Devlin et al. 2018, section 3: 110M parameters, of which the pooler's are not here
    sizes = SIZES["base"]
    config = read_config(sizes, Path("base"))
    shapes = parameter_shapes(config, Parts())
    assert sum(math.prod(shape) for shape in shapes.values()) == 109_482_240 - 590_592


def test_lengths_are_distributed_as_squad_s() -> None:
    lengths = draw_lengths(20_000, 1)
    assert statistics.median(lengths) == pytest.approx(164, abs=2)
    assert statistics.mean(lengths) == pytest.approx(176, abs=3)
    assert statistics.stdev(lengths) == pytest.approx(65, abs=3)
    assert min(lengths) >= 41
    assert max(lengths) <= 384


def test_examples_are_one_window_each_of_the_length_asked() -> None:
    adapter = make_adapter("tiny", LoadSettings())
    adapter.prepare(Head(kind="extract"), seed=1)
    batch = adapter.encode_training(make_examples([41, 384], 1))
    assert [item.cost for item in batch] == [41, 384]
    assert [len(item.extra["windows"]) for item in batch] == [1, 1]
    assert all(target > (0, 0) for item in batch for target in item.extra["targets"])


def test_a_product_s_speed_is_its_operations_a_second() -> None:
    (found,) = measure_peak(
        [Shape(64, 32, 16)], device=torch.device("cpu"), dtype=torch.float32
    )
    assert found.shape.flops == 2 * 64 * 32 * 16
    assert 1e6 < found.flops_per_s < 1e14


def test_steps_behind_the_warm_up_are_counted() -> None:
    settings = LoopSettings(epochs=1, learning_rate=1e-4, batch_size=2)
    timed = time_training(
        "tiny", settings, LoadSettings(), steps=2, warm_up=1, longest=60
    )
    assert (timed.examples, len(timed.step_seconds)) == (4, 2)
    assert 4 * 41 <= timed.tokens <= 4 * 60
    assert timed.flops > 6 * timed.matmul_weights * timed.tokens


@pytest.mark.slow
def test_the_script_reports_a_tiny_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--sizes", "tiny", "--device", "cpu", "--dtype", "fp32", "--steps", "2"]
    words += ["--batch-size", "2", "--warm-up", "1", "--squares", "64"]
    words += ["--micro-batch-tokens", "64", "--longest", "60"]
    monkeypatch.setattr(sys, "argv", ["train_mfu", *words, "--json", f"{tmp_path}/a"])
    train_mfu.main()
    assert "| tiny | 2,053,506 |" in capsys.readouterr().out
    found = json.loads((tmp_path / "a").read_text())
    model, peaks = found["models"]["tiny"], found["matmul_flops_per_s"].values()
    assert model["utilisation"] == pytest.approx(model["flops_per_s"] / max(peaks))


def test_no_step_to_warm_up_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["train_mfu", "--warm-up", "0"])
    with pytest.raises(SystemExit):
        train_mfu.read_options()
    assert "--warm-up and --steps must be 1 or more" in capsys.readouterr().err


def test_a_peak_s_shape_is_written_as_a_product() -> None:
    assert str(Measured(Shape(1, 2, 3), 1.0).shape) == "1 x 2 x 3"
