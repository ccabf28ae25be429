"""Model FLOP/s utilisation of inference: how much of a device answering uses.

Asks models with random weights by the harness's own sessions, and sets the model's
FLOP/s beside the fastest matrix product that the device was measured at just before in
the same precision: bert-base on texts as long as GLUE's, bert-large on windows as long
as SQuAD's, decoders of GPT-2 large's and of Llama 3.2 1B's size on contexts with four
endings. Real tokens alone count, a context once; the formula is in `model_flops.py`.
Then says whether a tokenizer keeps up, and how fast decoders write beside
transformers' `generate`.

    python -m benchmarks.inference_mfu --json inference.json
    python -m benchmarks.inference_mfu --sizes tiny --device cpu --dtype fp32 \
        --count 32 --rows 2 4 --written 8 --squares 256
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.decode_beside import Decoded, decode_beside
from benchmarks.inference_work import WORKS, Reached, Work, time_work
from benchmarks.model_flops import Measured, Shape, measure_peak, peak_shapes
from benchmarks.tokenizer_rate import Rate, tokenizer_rate
from harness import LoadSettings
from harness.measure import environment
from harness_torch.device import DTYPES, pick_device

DECODERS = {
    "tiny": ("tiny-gpt2", "tiny-llama"),
    "gpt2-large": ("gpt2-large",),
    "llama-1b": ("llama-1b",),
}
_COLUMNS = (
    *("work", "tokens/s", "requests/s", "model TFLOP/s", "utilisation"),
    *("seconds, median (range)", "padding", "tokens at once", "tokenizer's share"),
)
_WRITING = (
    *("decoder", "rows", "ours, tokens/s", "generate", "times as fast (range)"),
    "rows alike",
)


class Line(NamedTuple):
    """What one work reached.

    Attributes:
        name: of the work.
        reached: what its session did.
        peak: the fastest product of its shapes or of squares.
        rate: of a tokenizer on texts as long.
    """

    name: str
    reached: Reached
    peak: Measured
    rate: Rate

    @property
    def utilisation(self) -> float:
        """The share of the measured peak."""
        return self.reached.flops_per_s / self.peak.flops_per_s

    @property
    def tokenizer_share(self) -> float:
        """How long tokenising takes, where the model's time is 1."""
        tokens_per_s = self.reached.tokens / statistics.median(self.reached.seconds)
        return tokens_per_s / self.rate.tokens_per_s


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it as Markdown."""
    options = read_options(arguments)
    load = LoadSettings(device=options.device, dtype=options.dtype)
    lines = [
        measure(make(load, options.count), options, load)
        for size in options.sizes
        for make in WORKS[size]
    ]
    decoded = [
        one
        for size in options.sizes
        for decoder in DECODERS.get(size, ())
        for one in decode_beside(
            decoder,
            load,
            rows=options.rows,
            written=options.written,
            turns=options.turns,
        )
    ]
    print("\n".join(report(options, lines, decoded)))
    if options.json:
        text = json.dumps(as_json(options, lines, decoded), indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = ["base", "large", "gpt2-large", "llama-1b"]
    parser.add_argument("--sizes", nargs="+", choices=WORKS, default=usual)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--count", type=int, default=4096, help="requests of each work")
    parser.add_argument("--batch-tokens", type=int, help="by memory where left out")
    parser.add_argument("--turns", type=int, default=5, help="repetitions measured")
    parser.add_argument("--rows", nargs="*", type=int, default=[8, 32, 128])
    parser.add_argument("--written", type=int, default=128, help="tokens a row")
    parser.add_argument("--squares", nargs="+", type=int, default=[2048, 4096, 8192])
    parser.add_argument("--json", type=Path, help="a file for all that was measured")
    options = parser.parse_args(arguments)
    if min(options.count, options.turns, options.written) < 1:
        parser.error("--count, --turns and --written must be 1 or more")
    return options


def measure(work: Work, options: argparse.Namespace, load: LoadSettings) -> Line:
    """Measure the peak, then the work, then a tokenizer."""
    gc.collect()  # what another model left would count
    device = pick_device(load)
    tokens = options.batch_tokens or min(work.read.tokens, 16_384)
    shapes = peak_shapes(tokens, work.body.width, work.inner, options.squares)
    peak, *_ = measure_peak(shapes, device=device, dtype=DTYPES[load.dtype])
    reached = time_work(work, load, options.batch_tokens, options.turns)
    length = max(1, work.read.tokens // len(work.requests))
    return Line(work.name, reached, peak, tokenizer_rate([length] * options.count))


def report(
    options: argparse.Namespace, lines: Sequence[Line], decoded: Sequence[Decoded]
) -> Iterator[str]:
    """Write what was measured as Markdown."""
    best = max(lines, key=lambda line: line.peak.flops_per_s).peak
    yield (
        f"Matmul peak in {options.dtype}: {best.flops_per_s / 1e12:.3g} TFLOP/s at "
        f"{best.shape}, torch {torch.__version__}, {options.device}\n"
    )
    yield from _table(_COLUMNS, map(_work_cells, lines))
    if decoded:
        yield ""
        yield from _table(_WRITING, map(_decoded_cells, decoded))


def as_json(
    options: argparse.Namespace, lines: Sequence[Line], decoded: Sequence[Decoded]
) -> dict[str, Any]:
    """Return all that was measured, and with what."""
    return {
        "options": {name: str(value) for name, value in vars(options).items()},
        "environment": environment(options.device),
        "works": {
            line.name: asdict(line.reached)
            | {
                "matmul": {str(Shape(*line.peak.shape)): line.peak.flops_per_s},
                "utilisation": line.utilisation,
                "tokenizer": line.rate._asdict(),
                "tokenizer_share": line.tokenizer_share,
            }
            for line in lines
        },
        "written": [asdict(one) | {"ratios": one.ratios} for one in decoded],
    }


def _work_cells(line: Line) -> list[str]:
    one = line.reached
    middle = statistics.median(one.seconds)
    held, computed = one.positions
    return [
        line.name,
        f"{one.tokens / middle:,.0f}",
        f"{one.requests / middle:,.0f}",
        f"{one.flops_per_s / 1e12:.3g}",
        f"{line.utilisation:.1%}",
        f"{middle:.3g} ({min(one.seconds):.3g}-{max(one.seconds):.3g})",
        f"{1 - held / computed:.1%}" if computed else "-",
        f"{one.budget:,}",
        f"{line.tokenizer_share:.0%} of {line.rate.threads} threads",
    ]


def _decoded_cells(one: Decoded) -> list[str]:
    ratios = one.ratios
    return [
        one.size,
        str(one.rows),
        f"{one.tokens_per_s(one.ours):,.0f}",
        f"{one.tokens_per_s(one.theirs):,.0f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
        f"{one.same_rows} of {one.rows}",
    ]


def _table(heads: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    for cells in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
