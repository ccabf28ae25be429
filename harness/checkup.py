"""What a run needs of the machine, each looked at without loading it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

DISTRIBUTION = "nlp-harness"
HUB = "https://huggingface.co"
HUB_TIMEOUT_S = 3.0
OFFLINE_SWITCHES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
GIGABYTE = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        is_fine: whether it is as it should be.
        is_needed: whether no run can do without it.
    """

    name: str
    text: str
    is_fine: bool = True
    is_needed: bool = False


def check_machine() -> Iterator[Finding]:
    """Yield the interpreter, processors, memory, disk and accelerators."""
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding(
        name="python",
        text=f"{system} ({sys.executable})",
        is_fine=sys.version_info >= (3, 11),
        is_needed=True,
    )
    yield Finding(name="processors", text=f"{_processors()} for this process")
    yield Finding(name="memory", text=f"{_memory_bytes() / GIGABYTE:.1f} GB")
    disk = shutil.disk_usage(Path.cwd())
    yield Finding(name="disk", text=f"{disk.free / GIGABYTE:.1f} GB free here")
    yield _gpus()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")  # what a container is allowed
    text = limit.read_text().strip() if limit.is_file() else "max"
    return min(total, int(text)) if text.isdigit() else total


def _gpus() -> Finding:
    command = shutil.which("nvidia-smi")
    if command is None:
        return Finding(name="gpu", text="none found: runs use the processors")
    listed = subprocess.run(
        [command, "--list-gpus"], capture_output=True, text=True, check=False
    )
    names = [re.sub(r" \(UUID.*", "", line) for line in listed.stdout.splitlines()]
    is_cpu_build = "+cpu" in _installed("torch")
    hint = ", but torch is the build for processors only" if is_cpu_build else ""
    return Finding(
        name="gpu",
        text=("; ".join(names) or "nvidia-smi lists none") + hint,
        is_fine=not is_cpu_build,
    )


def check_libraries() -> Iterator[Finding]:
    """Yield every library that this project requires, with its version."""
    yield Finding(name="harness", text=_installed(DISTRIBUTION) or "not installed")
    for requirement in requires(DISTRIBUTION) or ():
        if "extra ==" in requirement:
            continue
        library = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        found = _installed(library)
        yield Finding(
            name=library,
            text=found or f"missing: run 'pip install {library}'",
            is_fine=bool(found),
            is_needed=True,
        )


def _installed(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def check_plugins(extra: Sequence[str] = ()) -> Iterator[Finding]:
    """Yield every plugin with where it comes from, or the one that fails."""
    from harness.errors import HarnessError
    from harness.plugins import load_plugins

    try:
        plugins = load_plugins(extra)
    except HarnessError as error:
        yield Finding(name="plugins", text=str(error), is_fine=False, is_needed=True)
        return
    for info in plugins.infos:
        owner = f"{info.distribution} {info.version}: " if info.distribution else ""
        yield Finding(name=f"plugin {info.name}", text=owner + info.origin)


def check_store(place: str) -> Finding:
    """Return whether results can be written to the store."""
    if "://" in place:
        return Finding(name="store", text=f"{place.split('@')[-1]} (not tried)")
    path = Path(place).expanduser().absolute()
    exists = path.exists()
    holder = next(parent for parent in path.parents if parent.exists())
    is_place = path.is_file() if exists else holder.is_dir()
    is_writable = is_place and os.access(path if exists else holder, os.W_OK)
    state = "exists" if exists else "not yet there"
    return Finding(
        name="store",
        text=f"{path} ({state})" if is_writable else f"{path} can't be written",
        is_fine=is_writable,
        is_needed=True,
    )


def check_hub(*, is_asked: bool = True) -> Finding:
    """Return whether the Hugging Face Hub answers; runs on local files need it not."""
    switches = [name for name in OFFLINE_SWITCHES if _is_on(os.environ.get(name, ""))]
    if switches:
        return Finding(name="hub", text=f"not tried: {', '.join(switches)} is set")
    if not is_asked:
        return Finding(name="hub", text="not tried")
    endpoint = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    problem = _reach(endpoint)
    if problem:
        text = f"{endpoint} can't be reached ({problem}): use --data FOLDER or sample"
        return Finding(name="hub", text=text, is_fine=False)
    return Finding(name="hub", text=f"{endpoint} answers")


def _is_on(value: str) -> bool:
    return value.upper() in ("1", "ON", "YES", "TRUE")


def _reach(endpoint: str) -> str | None:
    """Return why a server can't be reached, None where it answers."""
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    try:
        request = Request(endpoint, method="HEAD")
        urlopen(request, timeout=HUB_TIMEOUT_S).close()
    except HTTPError:
        return None  # it answered, if not kindly
    except (URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return None
