"""Two sides of a comparison take turns on one machine."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Environment of both sides: no network, no threads but those that are counted."""

_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
"""Would have every run compile what is not installed by pip."""


class SideError(Exception):
    """A side did not come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one piece of work took.

    Attributes:
        cpu: seconds of the process on all cores, children included.
        wall: seconds that passed.
        peak_mib: most memory that the process held so far, in MiB.
    """

    cpu: float
    wall: float
    peak_mib: float


class Side(Protocol):
    """What works, turn by turn."""

    versions: Mapping[str, str]

    def turn(self) -> Turn:
        """Work once."""

    def answers(self) -> Any:  # noqa: ANN401 # each kind of work has its own
        """Work once and return what came of it."""

    def close(self) -> None:
        """End what is held."""


class Worker:
    """A process that prepares once and works when told to; see `worker.serve`.

    Args:
        python: the environment's interpreter.
        module: the side's module, such as ``benchmarks.sides.ours``.
        settings: what it is told: items, count, model, threads.
    """

    def __init__(self, python: Path, module: str, settings: Mapping[str, Any]) -> None:
        self._module = module
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 # closed by close()
        command = [str(python), "-m", module, json.dumps(settings)]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(settings["threads"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.versions: Mapping[str, str] = self._read()["versions"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def turn(self) -> Turn:
        """Work once."""
        return Turn(**self._ask("turn"))

    def answers(self) -> Any:  # noqa: ANN401 # each kind of work has its own
        """Work once and return what came of it."""
        return self._ask("answers")["answers"]

    def _ask(self, what: str) -> dict[str, Any]:
        stream = self._process.stdin
        if stream is not None and self._process.poll() is None:
            print(what, file=stream, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        stream = self._process.stdout
        line = "" if stream is None else stream.readline()
        if not line:
            self._errors.seek(0)
            last = "".join(self._errors.readlines()[-20:])
            self.close()
            raise SideError(f"{self._module} stopped before it answered:\n{last}")
        found: dict[str, Any] = json.loads(line)
        return found


class Command:
    """A whole process for every turn, from the command line to its end.

    Args:
        command: what is run, in which ``{out}`` stands for a new empty folder.
        threads: how many it may use.
        answers: the file in that folder, JSON, that says what came of it.
    """

    versions: Mapping[str, str] = {}

    def __init__(self, command: Sequence[str], *, threads: int, answers: str) -> None:
        self._command = command
        self._threads = threads
        self._answers = answers

    def turn(self) -> Turn:
        """Run it once."""
        with tempfile.TemporaryDirectory() as out:
            return self._run(Path(out))

    def answers(self) -> Any:  # noqa: ANN401 # each kind of work has its own
        """Run it once and return what it wrote."""
        with tempfile.TemporaryDirectory() as out:
            self._run(Path(out))
            return json.loads((Path(out) / self._answers).read_text("utf-8"))

    def close(self) -> None:
        """Hold nothing."""

    def _run(self, out: Path) -> Turn:
        command = [part.replace("{out}", str(out)) for part in self._command]
        with (out / "errors").open("w+", encoding="utf-8") as errors:
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(self._threads),
                stdout=errors,
                stderr=errors,
            )
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                last = "".join(errors.readlines()[-20:])
                raise SideError(f"{' '.join(command)} failed:\n{last}")
        cpu = used.ru_utime + used.ru_stime
        return Turn(cpu=cpu, wall=wall, peak_mib=used.ru_maxrss / 1024)


def environment(threads: int) -> dict[str, str]:
    """Return the environment variables of a side."""
    own = {name: value for name, value in os.environ.items() if name != _UNCOMPILED}
    return {**own, **QUIET, "OMP_NUM_THREADS": str(threads)}


def take_turns(ours: Side, theirs: Side, turns: int) -> Iterator[tuple[Turn, Turn]]:
    """Yield our turn and the peer's beside it; who begins changes every time."""
    for number in range(turns):
        if number % 2:
            peer = theirs.turn()
            yield ours.turn(), peer
        else:
            own = ours.turn()
            yield own, theirs.turn()
