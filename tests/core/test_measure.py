"""What a cell takes is measured since its start, and the machine is recorded."""

from __future__ import annotations

import os

import pytest

from harness.measure import environment, peak_memory_bytes, start_peak_memory


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="the system keeps its peak"
)
def test_the_peak_is_that_since_the_start() -> None:
    bytearray(200_000_000)
    start_peak_memory("cpu")
    before = peak_memory_bytes("cpu") or 0
    bytearray(100_000_000)
    after = peak_memory_bytes("cpu") or 0
    assert 90_000_000 < after - before < 150_000_000


def test_a_gpu_that_no_model_was_on_yet_is_not_asked() -> None:
    pytest.importorskip("torch")  # loaded, as by --device auto, and not initialised
    start_peak_memory("cuda:99")
    assert peak_memory_bytes("cuda:99") is not None


def test_a_gpu_that_is_not_there_is_recorded_as_none() -> None:
    assert environment("cuda:99")["gpu"] == "none"
