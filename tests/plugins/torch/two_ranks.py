"""What each of two processes does in `test_torch_ranks.py`; torchrun starts them.

Writes what came of every case into the folder that is its argument.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from harness import HarnessError
from harness.events import TrainStep
from harness.ranks import is_first, joined, rank, together

FOLDER = Path(sys.argv[1])
toys: Any = importlib.import_module("slopes")  # beside this file, run as a script


def told(*changes: Any, **settings: Any) -> dict[str, Any]:
    """Train, and say what came of it."""
    with together():
        model, report = toys.run(*changes, **settings)
    return {
        "weights": toys.weights(model).tolist(),
        "curve": report.curve,
        "examples": report.examples_seen,
        "seen": sum(map(len, model.batches)),
        "selected": report.selected_step,
        "tokens": report.micro_batch_tokens,
        "resumed": report.resumed,
    }


def failure(train: Callable[[], object]) -> str:
    """Return what a run that fails says."""
    try:
        train()
    except HarnessError as error:
        return str(error)
    return ""


def scores() -> Callable[[], float]:
    """Return what scores in the first process and must not be asked in others."""
    if not is_first():
        return lambda: 1 / 0
    return iter([0.5, 0.9, 0.1]).__next__


def breaks(event: TrainStep) -> None:
    """Cut the run off in all processes."""
    if event.step == 5:
        raise HarnessError("cut off")


def resumed() -> dict[str, Any]:
    """Train, cut off, and train again."""
    scratch = FOLDER / "scratch"
    settings: dict[str, Any] = {"scratch": scratch, "save_every": 0.0}
    failure(lambda: told(on_step=breaks, **settings))
    return told(**settings)


def main() -> None:
    """Go through all cases."""
    torch.set_num_threads(1)
    with joined():
        cases = {
            "processes": distributed.get_world_size(),
            "plain": told(count=17),  # the last step of an epoch has one example
            "narrow": told(toys.Narrow(11) if rank() else toys.Slopes()),
            "drawn": told(toys.Drawn()),
            "dropout": told(toys.Slopes(dropout=0.5)),
            "best": told(epochs=3.0, select_score=scores()),
            "resumed": resumed(),
            "failure": failure(lambda: told(toys.Failing())),
            "after": told(),
        }
    place = FOLDER / f"{rank()}.json"
    place.write_text(json.dumps(cases), encoding="utf-8")


if __name__ == "__main__":
    main()
