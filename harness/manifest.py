"""The manifest of a data folder that was fetched: what it holds, with SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.errors import DataError

NAME = "harness-manifest.json"
_FORMAT = "harness-manifest"
_VERSION = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """One file of the folder.

    Attributes:
        sha256: of the file's bytes.
        bytes: its size.
        rows: how many rows it holds.
        origin: where they come from, with the revision.
        content_hashes: what each task that reads it makes of it, by task id: the data
            hash that a run shows.
    """

    sha256: str
    bytes: int
    rows: int
    origin: str
    content_hashes: Mapping[str, str]

    def __str__(self) -> str:
        """Say rows and size."""
        return f"{self.rows:,} rows, {self.bytes / 1e6:.1f} MB"


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What was fetched to a folder; written at every addition.

    Attributes:
        path: the manifest's own file.
        files: the folder's files by path.
        models: model fingerprints by name.
    """

    path: Path
    files: dict[str, FetchedFile] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a folder's manifest; empty where there is none yet.

        Raises:
            DataError: it can't be read or is no manifest.
        """
        path = folder / NAME
        if not path.exists():
            return cls(path=path)
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            if (body["format"], body["version"]) != (_FORMAT, _VERSION):
                raise ValueError(f"it is {body['format']} {body['version']}")
            files = {name: FetchedFile(**one) for name, one in body["files"].items()}
            return cls(path=path, files=files, models=dict(body["models"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path} can't be read as a manifest of version {_VERSION} "
                f"({type(error).__name__}: {error}): remove it and what it stands "
                "beside, or name another folder with --out"
            ) from error

    def add_file(self, name: str, fetched: FetchedFile) -> None:
        """List a file and write the manifest."""
        self.files[name] = fetched
        self._write()

    def add_model(self, name: str, fingerprint: str) -> None:
        """List a model and write the manifest."""
        self.models[name] = fingerprint
        self._write()

    def _write(self) -> None:
        body = {
            "format": _FORMAT,
            "version": _VERSION,
            "files": {name: asdict(self.files[name]) for name in sorted(self.files)},
            "models": self.models,
        }
        scratch = self.path.with_name(f".{NAME}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(body, indent=1, ensure_ascii=False)
            scratch.write_text(f"{text}\n", encoding="utf-8")
            scratch.replace(self.path)
        except OSError as error:
            raise DataError(
                f"{self.path} can't be written ({error}): name another folder with "
                "--out"
            ) from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
