"""Memory that is freed on the CPU is used again, not asked of the kernel anew."""

import os
import subprocess
import sys

import pytest

_CHURN = """
import resource, torch
from harness import LoadSettings
from harness_torch.device import pick_device
{before}
def churn():
    for _ in range(30):
        several = [torch.ones(3 << 20) for _ in range(3)]
churn()
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
churn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_a_loaded_model_does_not_ask_for_the_same_memory_again() -> None:
    assert _faults("pick_device(LoadSettings())") < _faults("") / 5


def _faults(before: str) -> int:
    """Return the pages that the kernel handed out when the same was done again."""
    code = _CHURN.format(before=before)
    # what glibc's own rule comes to depends on what else lies in the heap
    own = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=own,
    )
    return int(done.stdout)
