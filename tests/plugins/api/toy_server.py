"""A loopback server that speaks the completions dialect over a known distribution.

The model's tokens are words with the blanks before them. After a token, one other is
the most probable (`follower`); every other has a log-probability made from its letters
(`log_probability`), so that what a client should add up is known.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
import zlib
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

BEST = -0.25
WORDS = (" the", " cat", " sat", " on", " a", " mat", " and", " slept")
BEGINNING = "<s>"
Reply = tuple[int, Mapping[str, str], str]


def split(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def follower(before: str) -> str:
    return WORDS[zlib.crc32(before.encode()) % len(WORDS)]


def log_probability(token: str, before: str) -> float:
    if token == follower(before):
        return BEST
    return -1.0 - zlib.crc32(f"{before}|{token}".encode()) % 64 / 8


class Refusal(Exception):
    """What is answered with status 400."""


class ToyServer(ThreadingHTTPServer):
    """Answers on a free port of loopback until it is left.

    Attributes:
        requests: bodies as they came, with their paths.
        headers: headers as they came.
        scripted: what is answered instead, first to last.
        speaks: the paths that exist.
        logprobs: ``right``, ``shifted`` (each token has its neighbour's), ``short``
            (those of the last token are missing) or ``none`` (echo is not known).
        has_beginning: whether a special token stands before every text.
        pause_s: how long an answer takes.
        written: the most tokens that it has to say.
        hangs_after: how many requests are answered before it hangs.
        hanging: set once it does.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[Mapping[str, str]] = []
        self.scripted: list[Reply] = []
        self.speaks = {"/chat/completions", "/completions", "/embeddings", "/models"}
        self.logprobs = "right"
        self.has_beginning = False
        self.pause_s = 0.0
        self.written = 1000
        self.hangs_after: int | None = None
        self.hanging = threading.Event()
        self.in_flight = 0
        self.most_in_flight = 0
        self.released = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()

    def compute(self, path: str, body: dict[str, Any]) -> Reply:
        if path not in self.speaks:
            return 404, {}, json.dumps({"error": {"message": "no such page"}})
        answers = {
            "/models": self.models,
            "/embeddings": self.embeddings,
            "/completions": self.completions,
            "/chat/completions": self.chat,
        }
        try:
            return 200, {}, json.dumps(answers[path](body))
        except Refusal as refusal:
            return 400, {}, json.dumps({"error": {"message": str(refusal)}})

    def models(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "toy", "max_model_len": 64}]}

    def embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        vector = [float(len(body["input"])), -0.5]
        return {"data": [{"index": 0, "embedding": vector}], "usage": usage(3, 0)}

    def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["messages"][-1]["content"]
        text, finish, count = self.write(prompt, body)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {"choices": [choice], "usage": usage(len(split(prompt)), count)}

    def completions(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["prompt"]
        text, finish, count = self.write(prompt, body)
        choice: dict[str, Any] = {"text": text, "finish_reason": finish, "index": 0}
        choice["logprobs"] = None
        if body.get("echo") and self.logprobs != "none":
            choice["text"] = prompt + text
            choice["logprobs"] = self.log_probabilities(prompt + text)
        return {"choices": [choice], "usage": usage(len(split(prompt)), count)}

    def write(self, prompt: str, body: dict[str, Any]) -> tuple[str, str, int]:
        wanted = body.get("max_tokens", body.get("max_completion_tokens", 16))
        written: list[str] = []
        before = (split(prompt) or [BEGINNING])[-1]
        while len(written) < min(wanted, self.written):
            before = follower(before)
            written.append(before)
            text = "".join(written)
            for stop in body.get("stop", ()):
                if stop in text:
                    return text[: text.index(stop)], "stop", len(written)
        finish = "length" if len(written) == wanted else "stop"
        return "".join(written), finish, len(written)

    def log_probabilities(self, text: str) -> dict[str, Any]:
        tokens = split(text)
        if self.has_beginning:
            tokens.insert(0, BEGINNING)
        values: list[float | None] = [None]
        tops: list[dict[str, float] | None] = [None]
        for before, token in itertools.pairwise(tokens):
            values.append(log_probability(token, before))
            tops.append({follower(before): BEST, token: values[-1] or 0.0})
        if self.logprobs == "shifted":
            values, tops = [None, *values[2:], -3.0], [None, *tops[2:], {"x": -2.0}]
        if self.logprobs == "short":
            tokens, values, tops = tokens[:-1], values[:-1], tops[:-1]
        return {"tokens": tokens, "token_logprobs": values, "top_logprobs": tops}

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that leave are part of the tests


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: ToyServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.respond({})

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.respond(json.loads(self.rfile.read(size)))

    def respond(self, body: dict[str, Any]) -> None:
        server, path = self.server, self.path.removeprefix("/v1")
        with server.lock:
            server.requests.append((path, body))
            server.headers.append(dict(self.headers))
            scripted = server.scripted.pop(0) if server.scripted else None
            if len(server.requests) > (server.hangs_after or 1_000_000):
                scripted = (0, {}, "")
            server.in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
        try:
            status, headers, text = scripted or server.compute(path, body)
            if status == 0:  # hangs
                server.hanging.set()
                server.released.wait(30)
                return
            if server.pause_s:
                time.sleep(server.pause_s)
        finally:
            with server.lock:
                server.in_flight -= 1
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())


def usage(read: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": read, "completion_tokens": written}
