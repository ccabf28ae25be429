"""What each of two processes does in `test_torch_ranks.py`; torchrun starts them.

Writes what came of every case into the folder that is its argument.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from harness import HarnessError
from harness.events import TrainStep
from harness.ranks import is_first, joined, rank, together
from harness.requests import Embed
from harness_torch.remembered import RememberedVectors
from harness_torch.rows import rows_of
from harness_torch.text_vectors import TextVectors
from harness_torch.tokenizers.protocol import TextPair, Tokens

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


class Letters:
    """A tokenizer: one token a letter."""

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        return [Tokens(list(text.encode()), [0] * len(text), 0) for text, _ in texts]


def remembered(*texts: str) -> dict[str, Any]:
    """Read texts, whose vectors are their first letter and their length."""
    read: list[int] = []

    def run(rows: Sequence[Tokens]) -> torch.Tensor:
        read.extend(row.ids[0] for row in rows)
        return torch.tensor([[float(row.ids[0]), len(row.ids)] for row in rows])

    source = TextVectors(
        tokenizer=Letters(), vectors=run, is_normalised=False, title="toy"
    )
    with together():
        made = RememberedVectors(source, tokens=4)
        encoded = made.encode([Embed(text=text) for text in texts])
        made.read(encoded)
    computed = len(read)
    return {"read": computed, "vectors": made.run(rows_of(encoded)).tolist()}


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
            "vectors": remembered("abc", "de", "f", "abc", "ghij"),
            "few": remembered("abc"),
        }
    place = FOLDER / f"{rank()}.json"
    place.write_text(json.dumps(cases), encoding="utf-8")


if __name__ == "__main__":
    main()
