"""What trackers call cells and metrics."""

from __future__ import annotations

import re

from harness.events import CellStarted

CURVES = ("loss", "learning_rate", "examples_per_s", "tokens_per_s")
"""The fields of a training step that become curves."""


def cell_name(event: CellStarted) -> str:
    """Return a cell's name: readable, unique, and fit for a folder."""
    facts = [event.facts.get(name, "") for name in ("model", "task", "regime", "seed")]
    text = re.sub(r"[^\w.=-]+", "_", "_".join(filter(None, facts))).strip("_")
    return f"{text[-100:]}_{event.fingerprint[:8]}"


def metric_name(text: str) -> str:
    """Return a metric's name of letters, digits and what trackers take between them."""
    return re.sub(r"[^\w./ -]+", "_", text)
