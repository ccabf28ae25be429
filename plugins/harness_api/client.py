"""The connection to a server: retries, limits, and a key that never shows."""

from __future__ import annotations

import asyncio
import json
import random
import re
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from harness import ServerError
from harness_api.retry import (
    LONGEST_ASKED_S,
    Fault,
    Garbage,
    is_passing,
    read_retry_after,
    wait_s,
)
from harness_api.settings import Settings, read_key

CONNECT_TIMEOUT_S = 5.0
QUOTED = 200  # characters of a server's message that are repeated
BEGINNING = 60  # characters of a request that name it
_TOO_LONG = re.compile(r"context|too long|too many tokens|maximum.*(length|tokens)")

Json = Any
Read = TypeVar("Read")


class Refused(ServerError):
    """Raised where a server refuses a request for good.

    Attributes:
        status: the HTTP status.
        told: what the server said.
    """

    def __init__(self, text: str, *, status: int, told: str) -> None:
        super().__init__(text)
        self.status = status
        self.told = told


class Unreachable(Fault):
    """No connection came about."""


class Late(Fault):
    """No answer came in time."""


class Client:
    """Asks one server; used within one event loop.

    Args:
        settings: which server, and its limits.
        retries: tries after the first, instead of those of the settings.
        timeout_s: how long an answer may take, instead of that of the settings.

    Raises:
        UsageError: the key's environment variable holds none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        retries: int | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self._settings = settings
        self._retries = settings.retries if retries is None else retries
        self._key = read_key(settings)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._http = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(
                timeout_s or settings.timeout_s, connect=CONNECT_TIMEOUT_S, pool=None
            ),
            limits=httpx.Limits(max_connections=settings.concurrency),
            verify=_certificates(),
        )
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._next_turn_s = 0.0
        self._jitter = random.Random()

    async def __aenter__(self) -> Self:
        """Open it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def ask(
        self,
        path: str,
        body: Mapping[str, Json] | None,
        read: Callable[[Json], Read],
        *,
        about: str = "",
    ) -> Read:
        """Ask until an answer can be read.

        Args:
            path: below the server's address, such as ``/completions``.
            body: posted as JSON; None gets instead.
            read: makes something of the answer's JSON, or raises `Garbage`.
            about: a text whose beginning names the request in messages.

        Raises:
            Refused: the server refuses for good.
            ServerError: every try failed.
        """
        tries = self._retries + 1
        for attempt in range(1, tries + 1):
            try:
                return read(await self._try(path, body, about))
            except Fault as fault:
                last = fault
            if (last.wait_s or 0) > LONGEST_ASKED_S:
                tries = attempt
            if attempt == tries:
                break
            await asyncio.sleep(wait_s(attempt, last, self._jitter))
        text = self._given_up(path, last, tries, about)
        raise ServerError(self._hide(text)) from last

    async def _try(
        self, path: str, body: Mapping[str, Json] | None, about: str
    ) -> Json:
        method = "GET" if body is None else "POST"
        async with self._slots:
            await self._take_turn()
            try:
                reply = await self._http.request(
                    method, self._settings.url + path, json=body
                )
            except (
                httpx.ConnectError,
                httpx.ConnectTimeout,
                httpx.InvalidURL,
            ) as error:
                raise Unreachable(self._plain(error)) from error
            except httpx.TimeoutException as error:
                raise Late(f"no answer in time ({type(error).__name__})") from error
            except httpx.RequestError as error:
                raise Fault(self._plain(error)) from error
        return self._take(path, reply, about)

    async def _take_turn(self) -> None:
        """Wait until the rate limit allows one more request."""
        rate = self._settings.requests_per_minute
        if rate is None:
            return
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next_turn_s)
        self._next_turn_s = turn + 60 / rate
        await asyncio.sleep(turn - now)

    def _take(self, path: str, reply: httpx.Response, about: str) -> Json:
        if is_passing(reply.status_code):
            told = self._told(reply)
            raise Fault(
                f"status {reply.status_code}" + (f": {told}" if told else ""),
                wait_s=read_retry_after(reply.headers.get("retry-after")),
                status=reply.status_code,
            )
        if reply.status_code != 200:
            raise self._refusal(path, reply, about)
        try:
            return reply.json()
        except (ValueError, RecursionError) as error:  # no JSON, or a bottomless one
            told = self._hide(reply.text)
            raise Garbage(f"no JSON but {told[:QUOTED]!r}") from error

    def _refusal(self, path: str, reply: httpx.Response, about: str) -> Refused:
        status, where = reply.status_code, self._settings.url + path
        if status in (401, 403):  # the server's own words may hold the key
            sent = self._settings.key_env
            cause = f"the key of {sent}" if sent else "a request without a key"
            remedy = "set the right key in the environment and name it with key_env="
            text = f"{where} refuses {cause} (status {status}): {remedy}"
            return Refused(text, status=status, told="")
        told = self._told(reply)
        asked = f" to the request that begins {_beginning(about)}" if about else ""
        remedy = "check the address, model= and the other options"
        if about and _TOO_LONG.search(told.lower()):
            remedy = (
                "it may be too long: ask with fewer shots, or a model that reads more"
            )
        text = (
            f"{where} answers {status} ({told or 'no reason given'}){asked}: {remedy}"
        )
        return Refused(text, status=status, told=told)

    def _given_up(self, path: str, last: Fault, tries: int, about: str) -> str:
        where = self._settings.url + path
        asked = f" for the request that begins {_beginning(about)}" if about else ""
        times = "once" if tries == 1 else f"{tries} times"
        if isinstance(last, Unreachable):
            return (
                f"{where} can't be reached ({last}): start the server, or correct the "
                "address"
            )
        if (last.wait_s or 0) > LONGEST_ASKED_S:
            return (
                f"{where} asks to wait {last.wait_s:.0f} s ({last}): run the same "
                "command again later, or set requests_per_minute="
            )
        return (
            f"{where} failed {times}{asked} ({last}): look into the server's log, then "
            "run the same command again"
        )

    def _told(self, reply: httpx.Response) -> str:
        """Return what a server says of an error, in one line."""
        return " ".join(self._hide(_message(reply.text)).split())[:QUOTED]

    def _plain(self, error: Exception) -> str:
        return self._hide(str(error) or type(error).__name__)

    def _hide(self, text: str) -> str:
        """Take the key out of a text; servers like to repeat it."""
        if not self._key:
            return text
        for form in {self._key, quote(self._key, safe=""), json.dumps(self._key)[1:-1]}:
            text = text.replace(form, "[key]")
        return text


@cache
def _certificates() -> ssl.SSLContext:
    """Read the trusted certificates once: it takes longer than many an answer."""
    return httpx.create_ssl_context()


def _beginning(text: str) -> str:
    cut = text[:BEGINNING]
    return repr(cut) + ("..." if len(text) > len(cut) else "")


def _message(text: str) -> str:
    """Find the message in the usual shapes of an error's body."""
    try:
        body = json.loads(text)
    except ValueError:
        return text
    if not isinstance(body, dict):
        return text
    error = body.get("error", body)
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return error if isinstance(error, str) else json.dumps(error)
