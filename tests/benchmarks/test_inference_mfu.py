"""Utilisation of inference: its formula, what is read, and a tiny run on the CPU."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import inference_mfu
from benchmarks.decode_beside import decode_beside
from benchmarks.glue_lengths import QUANTILES
from benchmarks.inference_work import Work, glue, scoring, squad, time_work
from benchmarks.model_flops import forward_flops
from benchmarks.squad_lengths import draw_lengths
from benchmarks.tokenizer_rate import tokenizer_rate
from harness import Budget, LoadSettings, Measured

CPU = LoadSettings()
TINY: list[Callable[[], Work]] = [
    lambda: glue("tiny", CPU, 6),
    lambda: squad("tiny", CPU, 4),
    lambda: scoring("tiny-gpt2", CPU, 3),
    lambda: scoring("tiny-llama", CPU, 3),
]


def counted(work: Work) -> tuple[int, int]:
    """Return what torch counts of a work's operations, and the tokens computed."""
    encoded = work.adapter.encode(work.requests)
    session = work.adapter.session()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        assert len(list(session.answer(iter(encoded), Budget(tokens=9999)))) == len(
            work.requests
        )
    assert isinstance(session, Measured)
    return counter.get_total_flops(), session.positions.computed


@pytest.mark.parametrize("make", TINY)
def test_what_a_model_reads_is_what_it_computes(make: Callable[[], Work]) -> None:
    work = make()
    assert counted(work)[1] == work.read.tokens


def test_the_formula_counts_what_torch_s_counter_sees() -> None:
    work = squad("tiny", CPU, 4)
    # the head's two outputs a token, which the formula leaves out
    head = 2 * 2 * work.body.width * work.read.tokens
    assert counted(work)[0] - head == forward_flops(work.read, work.body)


@pytest.mark.parametrize("make", [TINY[0], *TINY[2:]])
def test_only_the_last_layer_is_computed_for_fewer(make: Callable[[], Work]) -> None:
    work = make()
    share = counted(work)[0] / forward_flops(work.read, work.body)
    # pairs of different branches are computed under a mask, and not counted
    assert 1 - 1 / work.body.layers < share < 1.1


def test_lengths_have_the_published_mean() -> None:
    lengths = draw_lengths(20_000, 1, quantiles=QUANTILES)
    assert sum(lengths) / len(lengths) == pytest.approx(34.6, abs=0.8)


def test_a_work_is_measured_after_one_turn_to_warm_up() -> None:
    reached = time_work(scoring("tiny-gpt2", CPU, 3), CPU, None, 2)
    assert (len(reached.seconds), reached.requests, reached.budget) == (2, 3, 2048)
    assert reached.flops_per_s > 0
    assert reached.positions.held == reached.tokens


def test_a_tokenizer_has_a_rate() -> None:
    assert tokenizer_rate([20] * 50, turns=1).tokens_per_s > 0


@pytest.mark.slow
@pytest.mark.parametrize("size", ["tiny-gpt2", "tiny-llama"])
def test_both_sides_write_the_same_in_fp32(size: str) -> None:
    found = decode_beside(size, CPU, rows=[3], written=6, turns=1)
    assert [(one.same_rows, one.rows) for one in found] == [(3, 3)]
    assert len(found[0].ratios) == 1


def test_a_tiny_run_prints_and_stores_all_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "figures.json"
    where = ["--sizes", "tiny", "--device", "cpu", "--dtype", "fp32", "--rows"]
    less = ["--count", "3", "--turns", "1", "--squares", "64", "--batch-tokens", "512"]
    inference_mfu.main([*where, *less, "--json", str(told)])
    stored = json.loads(told.read_text(encoding="utf-8"))
    assert list(stored["works"]) == [
        "bert tiny, GLUE lengths",
        "bert tiny, SQuAD windows",
        "tiny-gpt2, four endings",
        "tiny-llama, four endings",
    ]
    assert all(0 < work["utilisation"] < 2 for work in stored["works"].values())
    assert "| tiny-gpt2, four endings |" in capsys.readouterr().out
