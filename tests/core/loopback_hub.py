"""A server that speaks the part of the Hub's protocol that reading from it needs.

Run as a script with the folder that it serves: it prints its address, and stops when
its standard input closes. A data set ``owner/name`` at a commit is the folder
``owner/name/COMMIT``; there is one commit, which is also ``main``. Every request is
written to the file ``log``. A model ``owner/name`` is served in the same way.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

ID = r"(?P<id>[^/]+/[^/]+)"
INFO = re.compile(rf"/api/(datasets|models)/{ID}(/revision/(?P<revision>[^/]+))?")
TREE = re.compile(
    rf"/api/(datasets|models)/{ID}/tree/(?P<revision>[^/]+)(/(?P<path>.*))?"
)
FILE = re.compile(rf"(/datasets)?/{ID}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


class Refusal(Exception):
    """What the Hub answers with a code of its own, in the header X-Error-Code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    root: ClassVar[Path]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        with (self.root / "log").open("a") as log:
            log.write(f"{format % args}\n")

    def _answer(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        try:
            if match := INFO.fullmatch(path):
                self._send_json(info(self._commit(match), match["id"]))
            elif match := TREE.fullmatch(path):
                deep = "recursive=true" in url.query.lower()
                self._send_json(tree(self._commit(match), match["path"] or "", deep))
            elif match := FILE.fullmatch(path):
                self._send_file(self._commit(match), match["path"])
            else:
                raise Refusal("EntryNotFound", "no such page")
        except Refusal as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": str(refusal)}
            self._send(404, json.dumps({"error": str(refusal)}).encode(), headers)

    def _commit(self, match: re.Match[str]) -> Path:
        data_set = self.root / match["id"]
        if not data_set.is_dir():
            raise Refusal("RepoNotFound", "Repository not found")
        (commit,) = data_set.iterdir()
        if match["revision"] not in (None, "main", commit.name):
            raise Refusal("RevisionNotFound", f"Invalid rev id: {match['revision']}")
        return commit

    def _send_json(self, value: object) -> None:
        content = json.dumps(value).encode()
        self._send(200, content, {"Content-Type": "application/json"})

    def _send_file(self, folder: Path, path: str) -> None:
        if not (folder / path).is_file():
            raise Refusal("EntryNotFound", "Entry not found")
        content = (folder / path).read_bytes()
        headers = {"ETag": f'"{digest(content)}"', "X-Repo-Commit": folder.name}
        self._send(200, content, headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def info(folder: Path, data_set_id: str) -> dict[str, object]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "id": data_set_id,
        "sha": folder.name,
        "private": False,
        "gated": False,
        "disabled": False,
        "tags": [],
        "siblings": [{"rfilename": str(path.relative_to(folder))} for path in files],
    }


def tree(folder: Path, path: str, deep: bool) -> list[dict[str, object]]:
    if not (folder / path).is_dir():
        raise Refusal("EntryNotFound", f"{path} does not exist")
    found = (folder / path).rglob("*") if deep else (folder / path).iterdir()
    return [entry(folder, child) for child in sorted(found)]


def entry(folder: Path, path: Path) -> dict[str, object]:
    name = str(path.relative_to(folder))
    if path.is_dir():
        oid = digest(name.encode())
        return {"type": "directory", "oid": oid, "size": 0, "path": name}
    content = path.read_bytes()
    return {"type": "file", "oid": digest(content), "size": len(content), "path": name}


def digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def main(root: str) -> None:
    Handler.root = Path(root)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
