"""Processes that train together, as ``torchrun`` starts them.

The first plans, evaluates and writes; the others train along. Alone, all of this does
nothing, and torch is not loaded.

A process that fails tells the others before they wait for it: whatever is done
together stands in `together`, and everything that waits for the others begins with
`agree`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from harness.errors import PeerError

_PATIENCE = timedelta(days=7)
"""How long a process waits for the first, which may evaluate in between."""


def world_size() -> int:
    """Return how many processes there are."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def rank() -> int:
    """Return which one this is, from 0."""
    return int(os.environ["RANK"]) if world_size() > 1 else 0


def is_first() -> bool:
    """Tell whether this is the one that writes."""
    return rank() == 0


def local_device(device: str) -> str:
    """Return this process's own GPU where ``cuda`` names none."""
    if device == "cuda" and world_size() > 1:
        return f"cuda:{os.environ['LOCAL_RANK']}"
    return device


@contextmanager
def joined() -> Iterator[None]:
    """Meet the other processes, and part from them in the end."""
    if world_size() == 1:
        yield
        return
    import torch
    from torch import distributed

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


@contextmanager
def together() -> Iterator[None]:
    """Fail in all processes where one fails.

    Raises:
        PeerError: another process failed.
    """
    try:
        yield
    except PeerError:
        raise
    except Exception as error:
        _settle(error)
        raise
    _settle(None)


def agree() -> None:
    """Wait until all processes are here.

    Raises:
        PeerError: another process failed.
    """
    _settle(None)


def tell(text: str) -> str:
    """Return what the first process tells; what the others give is not read.

    Raises:
        PeerError: another process failed.
    """
    agree()
    return _broadcast(text, source=0)


def _settle(failure: Exception | None) -> None:
    """Let all know of a failure; whoever has none of its own raises."""
    if world_size() == 1:
        return
    import torch
    from torch import distributed

    failing = torch.tensor(0 if failure is None else rank() + 1)
    try:
        distributed.all_reduce(failing, distributed.ReduceOp.MAX)
        if not failing:
            return
        source = int(failing) - 1
        told = _broadcast(str(failure), source=source)
    except RuntimeError as error:  # of the backend: gloo or NCCL
        raise PeerError(
            f"process {rank()} of {world_size()} (from 0) lost another one ({error}): start "
            "all again, they go on from the last snapshot"
        ) from error
    if failure is None:
        raise PeerError(f"process {source} of {world_size()} (from 0) failed: {told}")


def _broadcast(text: str, *, source: int) -> str:
    if world_size() == 1:
        return text
    import torch
    from torch import distributed

    content = text.encode()
    size = torch.tensor(len(content))
    distributed.broadcast(size, source)
    held = torch.zeros(int(size), dtype=torch.uint8)
    if rank() == source and content:
        held = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    distributed.broadcast(held, source)
    return bytes(held.tolist()).decode()
