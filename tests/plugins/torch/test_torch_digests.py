"""A large file is hashed once, and again whenever it may have changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness_torch import digests
from harness_torch.digests import digest

CONTENT = b"weights" * 9


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Remember even small files, in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "SMALLEST_BYTES", 0)
    monkeypatch.setattr(digests, "SETTLED_S", -60.0)
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the files that were read."""
    read: list[Path] = []
    plain: Callable[[Path], str] = digests._hash

    def watched(path: Path) -> str:
        read.append(path)
        return plain(path)

    monkeypatch.setattr(digests, "_hash", watched)
    return read


def test_a_digest_is_the_contents_sha256(file: Path) -> None:
    assert digest(file) == digest(file) == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_stays_is_read_once(file: Path, hashed: list[Path]) -> None:
    digest(file)
    digest(file)
    assert hashed == [file]


def test_a_change_that_keeps_size_and_time_is_seen(file: Path) -> None:
    before = file.stat()
    first = digest(file)
    file.write_bytes(CONTENT[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digest(file) == hashlib.sha256(CONTENT[::-1]).hexdigest() != first


def test_a_file_put_in_its_place_is_read(file: Path, tmp_path: Path) -> None:
    digest(file)
    other = tmp_path / "other"
    other.write_bytes(CONTENT[::-1])
    other.replace(file)
    assert digest(file) == hashlib.sha256(CONTENT[::-1]).hexdigest()


def test_a_file_that_changed_just_now_is_not_remembered(
    file: Path, hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "SETTLED_S", 60.0)
    digest(file)
    digest(file)
    assert len(hashed) == 2


def test_small_files_are_read_every_time(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "SMALLEST_BYTES", len(CONTENT) + 1)
    digest(file)
    assert not cache.exists()


def test_what_is_no_digest_is_not_believed(file: Path, cache: Path) -> None:
    digest(file)
    (kept,) = (cache / "nlp-harness" / "digests").iterdir()
    kept.write_text("half a dig")
    assert digest(file) == hashlib.sha256(CONTENT).hexdigest()


def test_a_cache_that_can_not_be_written_is_done_without(
    file: Path, cache: Path
) -> None:
    cache.write_text("no folder")
    assert digest(file) == hashlib.sha256(CONTENT).hexdigest()


def test_without_a_home_nothing_is_remembered(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")

    def homeless(path: Path) -> Path:
        raise RuntimeError(path)

    monkeypatch.setattr(Path, "expanduser", homeless)
    monkeypatch.chdir(file.parent)
    digest(file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
