"""Where and in which precision a model runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from harness import LoadSettings, OutOfMemoryError, UsageError
from harness_torch.allocation import keep_freed_memory

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(settings: LoadSettings) -> torch.device:
    """Return the device that the settings name, and get the CPU's memory ready for it.

    Raises:
        UsageError: it is no device of this machine.
    """
    try:
        device = torch.device(settings.device)
    except RuntimeError as error:
        raise UsageError(
            f"device {settings.device!r} is unknown: expected cpu, cuda or cuda:1"
        ) from error
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if device.type not in ("cpu", "cuda") or (device.index or 0) >= count:
        raise UsageError(
            f"device {settings.device!r} is not there: this machine has "
            f"{torch.cuda.device_count()} CUDA devices, so choose another or cpu"
        )
    if device.type == "cpu":
        keep_freed_memory()
    return device


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor that was made on the CPU as the device has it.

    A GPU takes it behind the work that it has been given, and nobody waits for that:
    a copy from ordinary memory would.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


@contextmanager
def memory_errors(what: str, *, requests: int | None = None) -> Iterator[None]:
    """Turn torch's out-of-memory errors into `OutOfMemoryError`.

    Args:
        what: what was held, such as ``a batch of 4096 tokens``.
        requests: how many requests that were, if it was of requests.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _does_not_fit(what, requests) from error
    except RuntimeError as error:
        if "DefaultCPUAllocator" not in str(error):
            raise
        raise _does_not_fit(what, requests) from error


def _does_not_fit(what: str, requests: int | None) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"{what} does not fit in memory: lower the token budget, or shorten the input",
        requests=requests,
    )
