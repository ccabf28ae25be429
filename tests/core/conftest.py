"""Fixtures for the core's tests: plugins without entry points."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness.plugins import Plugins, load_plugins

TOY = Path(__file__).parent / "toy_plugin.py"


@pytest.fixture
def toy() -> Plugins:
    """Load the core's own plugin and the toy plugin, and nothing else."""
    return load_plugins(["harness.builtin", str(TOY)], entry_points=False)


@pytest.fixture
def closed_port() -> str:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"
