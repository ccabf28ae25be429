"""Python's collector rests while much is imported, and only then."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from harness.collecting import uncollected


def test_the_collector_rests_within() -> None:
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_works_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="meant"), uncollected():
        raise ValueError("meant")
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


AT_THE_END = """
import atexit, gc
atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0))
from harness.collecting import leave_uncollected
leave_uncollected()
leave_uncollected()
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


def test_the_collector_rests_again_when_the_process_ends_and_not_before() -> None:
    command = [sys.executable, "-c", AT_THE_END]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "False", "False", "True"]
