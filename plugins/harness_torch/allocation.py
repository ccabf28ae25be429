"""How memory is kept between the forwards of a process, and what is not searched."""

from __future__ import annotations

import ctypes
import gc
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_KEPT_BYTES = 1 << 30
_LARGEST_BYTES = (
    32 << 20
)  # the most that every glibc takes; larger ones go back at once


def keep_freed_memory() -> None:
    """Let glibc keep up to 1 GiB of freed memory for the next tensors.

    A forward on the CPU frees tensors of megabytes and asks for as many again, layer by
    layer. By default the kernel gets them back and blanks new pages each time. Where
    the C library is another, nothing changes.
    """
    if sys.platform != "linux":
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_option(_MMAP_THRESHOLD, _LARGEST_BYTES)


def keep_imports() -> None:
    """Spare Python searching for reference cycles what was imported, from now on.

    Torch alone is a quarter of a million objects that stay. Once in a process: later
    on there may be a model among them, which would never be let go.
    """
    if not gc.get_freeze_count():
        gc.freeze()
