"""Model FLOP/s utilisation of full fine-tuning: how much of a device training uses.

Fine-tunes BERT with a span head on windows as long as SQuAD's (`squad_lengths.py`) by
the harness's own loop, with random weights and words, and sets the model's FLOP/s
beside the fastest matrix product that the device was measured at in the same precision.
Real tokens alone count; the formula is in `model_flops.py`.

    python -m benchmarks.train_mfu --sizes base large
    python -m benchmarks.train_mfu --sizes tiny --device cpu --dtype fp32 \
        --batch-size 8 --micro-batch-tokens 1024 --squares 512
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks.model_flops import Measured, measure_peak, peak_shapes
from benchmarks.squad_lengths import QUANTILES
from benchmarks.timed_training import SIZES, Timed, time_training
from harness import LoadSettings
from harness.measure import environment
from harness_torch.device import DTYPES, pick_device
from harness_torch.training.settings import LoopSettings

_COLUMNS = (
    *("model", "parameters", "tokens/s", "examples/s", "model TFLOP/s"),
    *("utilisation", "step ms, median (range)", "peak MiB"),
)


def main() -> None:
    options = read_options()
    load = LoadSettings(device=options.device, dtype=options.dtype)
    peaks = find_peaks(options, load)
    settings = LoopSettings(
        epochs=1,
        learning_rate=5e-5,
        batch_size=options.batch_size,
        micro_batch_tokens=options.micro_batch_tokens,
        checkpoint_activations=options.checkpoint_activations,
        dropout=options.dropout,
    )
    made = {
        size: time_training(
            size,
            settings,
            load,
            steps=options.steps,
            warm_up=options.warm_up,
            longest=options.longest,
        )
        for size in options.sizes
    }
    print("\n".join(report(options, peaks, made)))
    if options.json:
        written = json.dumps(as_json(options, peaks, made), indent=1)
        options.json.write_text(written + "\n", encoding="utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["base", "large"])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--micro-batch-tokens", type=int, default=16384)
    parser.add_argument("--checkpoint-activations", action="store_true")
    parser.add_argument("--steps", type=int, default=20, help="steps measured")
    parser.add_argument("--warm-up", type=int, default=5, help="steps before them")
    parser.add_argument("--dropout", type=float, help="BERT's own 0.1 by default")
    parser.add_argument("--longest", type=int, default=QUANTILES[-1])
    parser.add_argument("--squares", nargs="+", type=int, default=[2048, 4096, 8192])
    parser.add_argument("--json", type=Path, help="a file for all that was measured")
    options = parser.parse_args()
    if options.warm_up < 1 or options.steps < 1:
        parser.error("--warm-up and --steps must be 1 or more")
    return options


def find_peaks(options: argparse.Namespace, load: LoadSettings) -> list[Measured]:
    """Measure products of squares and of the models' own shapes, the fastest first."""
    shapes = {
        shape
        for size in options.sizes
        for shape in peak_shapes(
            options.micro_batch_tokens,
            SIZES[size]["hidden_size"],
            SIZES[size]["intermediate_size"],
            options.squares,
        )
    }
    device, dtype = pick_device(load), DTYPES[load.dtype]
    return measure_peak(sorted(shapes), device=device, dtype=dtype)


def report(
    options: argparse.Namespace,
    peaks: Sequence[Measured],
    made: Mapping[str, Timed],
) -> Iterator[str]:
    """Write what was measured as Markdown."""
    best = peaks[0]
    yield (
        f"Matmul peak in {options.dtype}: {best.flops_per_s / 1e12:.3g} TFLOP/s at "
        f"{best.shape}, torch {torch.__version__}, {options.device}\n"
    )
    yield _line(_COLUMNS)
    yield _line(["---"] * len(_COLUMNS))
    for size, one in made.items():
        milliseconds = [1000 * seconds for seconds in one.step_seconds]
        reached = one.flops / one.seconds
        yield _line(
            [
                size,
                f"{one.parameters:,}",
                f"{one.tokens / one.seconds:,.0f}",
                f"{one.examples / one.seconds:.1f}",
                f"{reached / 1e12:.3g}",
                f"{reached / best.flops_per_s:.1%}",
                f"{statistics.median(milliseconds):.1f} "
                f"({min(milliseconds):.1f}-{max(milliseconds):.1f})",
                f"{one.peak_memory_bytes / 2**20:.0f}"
                if one.peak_memory_bytes
                else "-",
            ]
        )


def as_json(
    options: argparse.Namespace,
    peaks: Sequence[Measured],
    made: Mapping[str, Timed],
) -> dict[str, Any]:
    """Return all that was measured, and with what."""
    best = peaks[0].flops_per_s
    models = {
        size: asdict(one)
        | {
            "seconds": one.seconds,
            "tokens_per_s": one.tokens / one.seconds,
            "examples_per_s": one.examples / one.seconds,
            "flops_per_s": one.flops / one.seconds,
            "utilisation": one.flops / one.seconds / best,
        }
        for size, one in made.items()
    }
    return {
        "options": {name: str(value) for name, value in vars(options).items()},
        "environment": environment(options.device),
        "matmul_flops_per_s": {str(one.shape): one.flops_per_s for one in peaks},
        "models": models,
    }


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
