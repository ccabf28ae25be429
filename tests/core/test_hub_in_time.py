"""A Hub that is out of reach is told of soon; seconds count, so this runs alone."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from tests.core.test_data_hub import ALPHA, INSTEAD, Client


@pytest.mark.slow
def test_hub_that_can_not_be_reached_is_told_in_one_line_within_5_s(
    tmp_path: Path, closed_port: str
) -> None:
    outcome = Client(folder=tmp_path, endpoint=closed_port).read(ALPHA)
    assert outcome.errors == [
        f"the Hub at {closed_port} can't be reached ([Errno {errno.ECONNREFUSED}] Connection refused): "
        f"go online, {INSTEAD}"
    ]
    assert outcome.seconds < 5


@pytest.mark.slow
def test_hub_that_never_answers_is_told_in_one_line_within_5_s(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        outcome = Client(folder=tmp_path, endpoint=endpoint).read(ALPHA)
    assert outcome.errors == [
        f"the Hub at {endpoint} can't be reached (no answer in 2.5 seconds): go online, "
        f"{INSTEAD}"
    ]
    assert outcome.seconds < 5


@pytest.mark.slow
def test_hub_that_never_answers_is_asked_once_for_all_tasks(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        outcome = Client(folder=tmp_path, endpoint=endpoint).read(ALPHA, ALPHA, ALPHA)
    assert len(set(outcome.errors)) == 1
    assert outcome.seconds < 5
