"""Python's collector rests while much is imported, and only then."""

from __future__ import annotations

import gc

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
