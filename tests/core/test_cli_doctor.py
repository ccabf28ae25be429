"""The doctor says what is missing, and its exit code says whether that matters."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest

from harness import checkup
from harness.cli import main


class Answering(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def hub() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def closed() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    for switch in checkup.OFFLINE_SWITCHES:
        monkeypatch.delenv(switch, raising=False)


Doctor = Callable[..., tuple[int, str]]


@pytest.fixture
def doctor(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    """Run the doctor and return its exit code and what it printed."""

    def doctor(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["harness", "doctor", "--offline", *words])
        with pytest.raises(SystemExit) as exit_:
            main()
        return int(exit_.value.code or 0), capsys.readouterr().out

    return doctor


def test_a_ready_machine_exits_with_0(doctor: Doctor, tmp_path: Path) -> None:
    code, out = doctor("--store", str(tmp_path / "store.sqlite"))
    assert (code, "FAIL" in out) == (0, False)


def test_a_plugin_that_fails_exits_with_1(doctor: Doctor, tmp_path: Path) -> None:
    code, out = doctor("--plugin", str(tmp_path / "gone.py"))
    assert code == 1
    assert "FAIL  plugins" in out


def test_every_library_is_shown_with_its_version() -> None:
    found = {finding.name: finding.text for finding in checkup.check_libraries()}
    assert found["torch"] == version("torch")


def test_tools_for_developing_are_not_asked_for() -> None:
    assert "mypy" not in {finding.name for finding in checkup.check_libraries()}


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "requires", lambda _: ["not-there>=1"])
    finding = list(checkup.check_libraries())[1]
    assert finding.text == "missing: run 'pip install not-there'"
    assert finding.is_needed
    assert not finding.is_fine


def test_a_store_that_can_be_written_is_fine(tmp_path: Path) -> None:
    finding = checkup.check_store(str(tmp_path / "new" / "store.sqlite"))
    assert finding.is_fine
    assert finding.text == f"{tmp_path}/new/store.sqlite (not yet there)"


@pytest.mark.parametrize("place", ["file/store.sqlite", "folder"])
def test_a_store_that_cannot_be_written_is_not_fine(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    finding = checkup.check_store(str(tmp_path / place))
    assert finding.text == f"{tmp_path}/{place} can't be written"
    assert finding.is_needed
    assert not finding.is_fine


def test_a_password_in_the_address_of_a_store_is_not_shown() -> None:
    finding = checkup.check_store("postgresql://me:secret@host/name")
    assert finding.text == "host/name (not tried)"


def test_a_hub_that_answers_is_fine(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub)
    assert checkup.check_hub().text == f"{hub} answers"


def test_a_hub_that_is_away_is_no_obstacle(
    closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", closed)
    finding = checkup.check_hub()
    assert (finding.is_fine, finding.is_needed) == (False, False)
    assert finding.text.startswith(f"{closed} can't be reached (")


def test_a_hub_is_not_asked_when_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert checkup.check_hub().text == "not tried: HF_HUB_OFFLINE is set"


def test_a_container_has_the_memory_that_it_is_allowed() -> None:
    (memory,) = (f for f in checkup.check_machine() if f.name == "memory")
    assert float(memory.text.removesuffix(" GB")) > 0
