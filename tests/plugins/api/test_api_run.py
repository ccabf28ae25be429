"""Whole runs against a loopback server: planned, paid for, resumed, refused."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.results import CellResult
from harness.store import Store
from tests.plugins.api.toy_server import Refusal, ToyServer

KEY = "sk-very-secret"
Run = Callable[..., Any]


@pytest.fixture
def run(
    run_command: Run,
    server: ToyServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return what runs a model of the server over a few examples."""
    monkeypatch.setenv("MINE", KEY)

    def run(*words: str, options: str = "") -> Any:  # an Outcome
        model = f"api:{server.url},model=toy,key_env=MINE{options}"
        store = ["--store", str(tmp_path / "s.sqlite")]
        files = [*store, "--out", str(tmp_path / "page.html")]
        data = ["--task", "glue/sst2", "--data", "sample", "--limit", "6"]
        return run_command("run", "--model", model, *data, *files, *words)

    return run


def results(folder: Path) -> list[CellResult]:
    store = Store(str(folder / "s.sqlite"))
    found = store.results()
    store.close()
    return found


def test_a_run_ranks_by_the_servers_log_probabilities(run: Run, tmp_path: Path) -> None:
    outcome = run("--formulation", "rank")
    assert outcome.code == 0, outcome.error
    (cell,) = results(tmp_path)
    assert (cell.status, cell.formulation) == ("done", "rank")


def test_the_precision_of_a_server_is_its_own(run: Run, tmp_path: Path) -> None:
    run("--formulation", "rank", "--dtype", "bf16")
    (cell,) = results(tmp_path)
    assert (cell.status, cell.dtype, cell.is_inexact) == ("done", None, False)


def test_a_run_says_what_it_cost(run: Run, server: ToyServer, tmp_path: Path) -> None:
    run("--formulation", "rank", options=",price_in=2,price_out=8")
    (cell,) = results(tmp_path)
    cost = cell.cost
    assert cost.written_tokens == 12  # one for each of 6 examples' 2 choices
    assert cost.tokens is not None
    assert cost.price == pytest.approx((cost.tokens * 2 + 12 * 8) / 1e6)


def test_a_plan_says_what_a_run_costs_at_most(run: Run, tmp_path: Path) -> None:
    options = ",price_in=2,price_out=8"
    planned = run("--formulation", "rank", "--dry-run", options=options)
    told = re.search(r"at most (\S+) at the prices given, every byte", planned.out)
    assert told is not None
    run("--formulation", "rank", options=options)
    (cell,) = results(tmp_path)
    assert cell.cost.price is not None
    assert cell.cost.price < float(told.group(1))


def test_what_the_server_cannot_do_is_refused_with_the_reason(
    run: Run, server: ToyServer
) -> None:
    server.logprobs = "none"
    outcome = run("--formulation", "rank")
    assert outcome.code == 2
    reason = "needs one of Score; Score: /completions"
    assert f"{reason}: the prompt is not echoed" in outcome.error
    assert "\n" not in outcome.error.strip()


def test_a_failed_run_goes_on_from_what_was_answered(
    run: Run, server: ToyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, count = ToyServer.completions, iter(range(100))

    def failing(server: ToyServer, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("prompt", "").endswith("positive") and next(count) == 3:
            raise Refusal("no more")
        return right(server, body)

    monkeypatch.setattr(ToyServer, "completions", failing)
    assert run("--formulation", "rank", options=",concurrency=1").code != 0
    (failed,) = results(tmp_path)
    assert failed.status == "failed"
    assert "answers 400 (no more) to the request that begins" in str(failed.reason)
    assert run("--formulation", "rank", options=",concurrency=1").code == 0
    (done,) = results(tmp_path)
    assert (done.status, done.caveats.cached) == ("done", 3)


@pytest.mark.slow
def test_an_interrupted_run_ends_at_once(server: ToyServer, tmp_path: Path) -> None:
    server.hangs_after = 20  # so it is planned, and under way
    # a shell that runs the tests in the background has interrupts ignored
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from harness.cli import main; main()"
    )
    model = f"api:{server.url},model=toy"
    words = ["run", "--model", model, "--task", "glue/sst2", "--data", "sample"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words, "--formulation", "generate"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert server.hanging.wait(60)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert error.endswith(b"interrupted: the same command goes on from what is done\n")


def test_no_file_and_no_message_holds_the_key(
    run: Run, server: ToyServer, tmp_path: Path
) -> None:
    outcome = run("--formulation", "rank")
    assert server.headers[-1]["Authorization"] == f"Bearer {KEY}"
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert KEY.encode() not in written
    assert KEY not in outcome.out + outcome.error
