"""Data is fetched from a Hub on the loopback, and then read without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import DataError
from harness.fetch import check_space
from tests.core.test_data_hub import COMMIT, HERE, README, write_rows

ROWS = f"""\
tasks:
  - id: my/pairs
    title: Pairs
    summary: are they alike?
    data:
      hub: {{path: my/pairs, config: alpha, revision: {COMMIT}}}
      folder: pairs
      submit: test
    classification: {{inputs: [left, right], labels: [no, yes]}}
    metrics: [accuracy]
"""
COMMAND = str(Path(sys.executable).with_name("harness"))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """Serve a data set and give the server's address."""
    pairs = tmp_path / "served" / "my/pairs" / COMMIT
    for name in ("alpha/train", "alpha/validation", "beta/train"):
        write_rows(pairs / f"{name}-00000-of-00001.parquet", name)
    (pairs / "README.md").write_text(README)
    (tmp_path / "rows.yaml").write_text(ROWS)
    words = [sys.executable, str(HERE / "loopback_hub.py"), str(tmp_path / "served")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


def run(folder: Path, endpoint: str, *words: str, code: int = 0, **more: str) -> str:
    """Run the command line in a process of its own and return what it printed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environment = {
        **kept,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(folder / "home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "NO_PROXY": "127.0.0.1",
        **more,
    }
    done = subprocess.run(
        [COMMAND, *words, "-p", "rows.yaml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


@pytest.mark.slow
def test_what_was_fetched_is_read_offline_with_the_same_hash(
    hub: str, tmp_path: Path
) -> None:
    out = run(tmp_path, hub, "fetch", "my")
    assert out.startswith("at most 0.0 MB to load\n")
    assert "missing: pairs/test.parquet: my/pairs alpha has no split 'test'" in out
    manifest = json.loads((tmp_path / "data" / "harness-manifest.json").read_text())
    listed = manifest["files"]["pairs/validation.parquet"]
    assert listed["origin"] == f"my/pairs alpha validation at {COMMIT}"

    nowhere = "http://127.0.0.1:9"
    words = ("--model", "majority:", "--task", "my", "--data", "data")
    run(tmp_path, nowhere, "run", *words, "--out", "p.json", HF_HUB_OFFLINE="1")
    (cell,) = json.loads((tmp_path / "p.json").read_text())["cells"]
    assert cell["provenance"]["data_hash"] == listed["content_hashes"]["my/pairs"]


def test_what_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"GB are needed and .* make room"):
        check_space(10**18, tmp_path / "not" / "there")


@pytest.mark.slow
def test_a_hub_that_can_not_be_reached_is_told_once_and_soon(tmp_path: Path) -> None:
    (tmp_path / "rows.yaml").write_text(ROWS)
    nowhere, start = "http://127.0.0.1:9", time.monotonic()
    out = run(tmp_path, nowhere, "fetch", "my", code=1)
    assert time.monotonic() - start < 15  # asking again would take 23 s of waiting
    first, last = out.splitlines()
    assert first.startswith("failed: pairs/validation.parquet and 2 more: the Hub at ")
    assert last == "3 failed"
