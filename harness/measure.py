"""Measure what a cell takes, and record the machine that it ran on."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from harness import ranks
from harness.errors import UsageError
from harness.model import Precision

_LIBRARIES = ("nlp-harness", "torch", "tokenizers", "transformers", "numpy")
_RESET_PEAK = "5"  # proc(5): resets the peak resident set size


def start_peak_memory(device: str) -> None:
    """Forget the peak so far, where the system can."""
    if _is_cuda_in_use(device):
        sys.modules["torch"].cuda.reset_peak_memory_stats(device)
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return  # no Linux, or not allowed: the peak is then the process's own


def peak_memory_bytes(device: str) -> int | None:
    """Return the peak since `start_peak_memory`: the GPU's where one is used.

    None where the system does not tell.
    """
    if _is_cuda_in_use(device):
        return int(sys.modules["torch"].cuda.max_memory_allocated(device))
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    kibibytes = [line.split()[1] for line in status.splitlines() if "VmHWM" in line]
    return int(kibibytes[0]) * 1024 if kibibytes else None


def environment(device: str) -> dict[str, str]:
    """Return versions and hardware, for a run's record."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found["processor"] = f"{_processor()}, {os.cpu_count()} cores"
    found["device"] = device
    if ranks.world_size() > 1:
        found["processes"] = str(ranks.world_size())
    if device.startswith("cuda"):
        found["gpu"] = _gpu(device)
    return found


def resolve_device(device: str) -> str:
    """Return the device that a suite names; ``auto`` is a GPU where there is one.

    Raises:
        UsageError: it is no device of this machine.
    """
    if device != "auto":
        _check_device(device)
        return ranks.local_device(device)
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return "cpu"  # saves a run without torch models the import of torch
    import torch

    return ranks.local_device("cuda") if torch.cuda.is_available() else "cpu"


def usual_dtype(device: str) -> Precision:
    """Return the precision of a run that names none.

    bf16 on a GPU that computes in it, which is several times as fast there; fp32
    elsewhere.
    """
    if not device.startswith("cuda"):
        return "fp32"
    import torch

    can = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16" if can else "fp32"


def _gpu(device: str) -> str:
    import torch

    index = int(device.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        return "none"  # the adapter refuses the device, with a reason
    return torch.cuda.get_device_name(index)


def _is_cuda_in_use(device: str) -> bool:
    """Tell whether a model was on the GPU yet; before that its allocator has no peak."""
    if not device.startswith("cuda") or "torch" not in sys.modules:
        return False
    return bool(sys.modules["torch"].cuda.is_initialized())


def _check_device(device: str) -> None:
    if device == "cpu":
        return
    if not re.fullmatch(r"cuda(:[0-9]+)?", device):
        raise UsageError(
            f"unknown device {device!r}: expected cpu, cuda, cuda:1 or auto"
        )
    import torch

    count = torch.cuda.device_count()
    if int(device.partition(":")[2] or 0) >= count:
        raise UsageError(
            f"device {device!r} is not there, this machine has {count} CUDA devices: "
            "choose another, cpu or auto"
        )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()
