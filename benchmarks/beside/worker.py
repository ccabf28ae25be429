"""One side of a comparison in a process of its own, which works when it is told to.

A side's module ends with ``serve(prepare)``. It runs in any environment: here is only
Python's own library, so a peer needs nothing of ours. The process reads its settings
from its first argument, prepares (loads its model, reads the items), and then does the
same work again for each line that it is sent. What the work prints goes to standard
error.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import IO, Any

Settings = Mapping[str, Any]
Work = Callable[[], object]
Prepare = Callable[[Settings], Work]

PACKAGES = ("torch", "transformers", "lm_eval", "accelerate", "tokenizers")
"""Whose versions a side tells."""


def serve(prepare: Prepare) -> None:
    """Prepare, then work and answer, line by line, until standard input ends."""
    out = _own_output()
    work = prepare(json.loads(sys.argv[1]))
    _say(out, {"versions": _versions()})
    for line in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        answers = work()
        turn: dict[str, object] = {
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        if line.strip() == "answers":
            turn["answers"] = answers
        _say(out, turn)


def read_items(settings: Settings) -> list[dict[str, Any]]:
    """Return what is to be asked: the lines of ``items``, the first ``count``."""
    lines = Path(settings["items"]).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines[: settings["count"]]]


def _own_output() -> IO[str]:
    """Keep standard output for answers; whatever prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _say(out: IO[str], what: Mapping[str, object]) -> None:
    print(json.dumps(what), file=out, flush=True)


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
