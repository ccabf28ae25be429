"""What a server can do, found out by asking for a token; nothing is assumed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness import ServerError
from harness.requests import Generate
from harness_api.client import Client, Late, Refused, Unreachable
from harness_api.dialect import (
    COMPLETIONS,
    EMBEDDINGS,
    MODELS,
    NEW_LENGTH,
    Dialect,
    echo_body,
    embedding_body,
    read_embedding,
    read_models,
)
from harness_api.echo import Echo, Piece, read_echo
from harness_api.retry import Fault, Garbage
from harness_api.settings import Settings

REACH_TIMEOUT_S = 10.0
TRIES_AGAIN = 2
SAME = 0.1
"""Nats by which a token's log-probability may differ, written and read (quantised)."""

SURE = 0.2
"""Nats above which a token is too likely to prove much: its neighbour may be, too."""

TEXTS = (
    "The quick brown fox jumps over the lazy dog",
    "Question: what is the capital of France?\nAnswer:",
    "1, 2, 3, 4, 5,",
)
_ASKED = Generate(prompt="Hello", max_tokens=1)
_MISSING = frozenset({500, 501})
"""Statuses that servers give for what they can't do (502 and above: not just now)."""

AskEcho = Callable[[str], Awaitable[Echo]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a server can do with a model; a reason is empty where it can.

    Attributes:
        dialect: how it is asked to write, None where it can't.
        why_no_text: why it does not write.
        why_no_echo: why it gives no log-probabilities of a prompt.
        why_no_vector: why it gives no vectors.
        max_tokens: the longest input, where the server tells.
    """

    dialect: Dialect | None
    why_no_text: str = ""
    why_no_echo: str = ""
    why_no_vector: str = ""
    max_tokens: int | None = None


class _Found(NamedTuple):
    dialect: Dialect | None
    why_not: str


async def probe(settings: Settings) -> Probe:
    """Ask a server for one token in each way.

    Raises:
        UsageError: the key is missing.
        ServerError: it can't be reached, refuses the key, or can do nothing at all.
    """
    async with Client(settings, retries=0, timeout_s=REACH_TIMEOUT_S) as client:
        models = await _reach(client)
    async with Client(settings, retries=min(settings.retries, TRIES_AGAIN)) as client:
        chat, plain, why_no_echo, why_no_vector = await asyncio.gather(
            _write(client, settings, is_chat=True),
            _write(client, settings, is_chat=False),
            _why_not(_check_echo(client, settings.model), COMPLETIONS),
            _why_not(_embed(client, settings.model), EMBEDDINGS),
        )
    chosen = _choose(settings, chat, plain)
    if chosen.dialect is None and why_no_echo and why_no_vector:
        listed = ", ".join(list(models)[:5])
        known = f" (the server lists {listed})" if listed else ""
        raise ServerError(
            f"{settings.url} can't be asked for {settings.model!r}: {chosen.why_not}: "
            f"check the address and model={known}"
        )
    return Probe(
        dialect=chosen.dialect,
        why_no_text=chosen.why_not,
        why_no_echo=why_no_echo,
        why_no_vector=why_no_vector,
        max_tokens=models.get(settings.model),
    )


async def why_not_sound(ask: AskEcho) -> str:
    """Say what is wrong with a server's log-probabilities of prompts, if anything is.

    A token that the server has just written must have the same log-probability when it
    is read as part of the prompt. Some servers give each token that of its neighbour,
    which looks right in every other way.

    Raises:
        Garbage: the answers do not cover the prompt.
    """
    is_verified = False
    for text in TEXTS:
        first = await ask(text)
        if not first.written or not first.written.isprintable():
            continue  # the end, a line's end or part of a character: try another
        written = _token_at(first, len(text))
        if written is None or written.log_probability is None or not written.is_greedy:
            return "it gives the token that it wrote no log-probability of its own"
        read = _token_at(await ask(text + first.written), len(text))
        if read is None or read.log_probability is None or read.end != written.end:
            continue  # it is read in other tokens than it was written in
        if abs(written.log_probability - read.log_probability) > SAME:
            return (
                "its log-probabilities belong to other tokens: the token that it wrote "
                f"has {written.log_probability:.2f} nats, and "
                f"{read.log_probability:.2f} when it is read"
            )
        is_verified = True
        if written.log_probability < -SURE:
            break
    if is_verified:
        return ""
    return "its log-probabilities could not be verified: it writes no token to read"


def _token_at(echo: Echo, place: int) -> Piece | None:
    """Return the token that begins at a place, None where none does."""
    after = [piece for piece in echo.pieces if piece.start >= place]
    return after[0] if after and after[0].start == place else None


def _choose(settings: Settings, chat: _Found, plain: _Found) -> _Found:
    wanted = {"chat": [chat], "completions": [plain]}
    offered = wanted.get(settings.endpoint, [chat, plain])
    for found in offered:
        if found.dialect is not None:
            return found
    return _Found(None, "; ".join(found.why_not for found in offered))


async def _reach(client: Client) -> dict[str, int | None]:
    """Return the models listed; any answer will do, for not every server has a list."""
    try:
        return await client.ask(MODELS, None, read_models)
    except Refused as error:
        if error.status in (401, 403):
            raise
        return {}
    except ServerError as error:
        if isinstance(error.__cause__, Unreachable | Late):
            raise
        return {}


async def _write(client: Client, settings: Settings, *, is_chat: bool) -> _Found:
    if settings.endpoint == ("completions" if is_chat else "chat"):
        return _Found(None, "not wanted")
    dialect = Dialect(
        model=settings.model,
        is_chat=is_chat,
        reasoning_tokens=settings.reasoning_tokens,
    )
    why_not = await _why_not(_ask_to_write(client, dialect), dialect.path)
    if why_not and dialect.is_chat and NEW_LENGTH in why_not:
        dialect = replace(dialect, length_field=NEW_LENGTH)
        why_not = await _why_not(_ask_to_write(client, dialect), dialect.path)
    return _Found(None if why_not else dialect, why_not)


async def _ask_to_write(client: Client, dialect: Dialect) -> str:
    await client.ask(
        dialect.path, dialect.body(_ASKED), lambda reply: dialect.read(reply, _ASKED)
    )
    return ""


async def _check_echo(client: Client, model: str) -> str:
    async def ask(text: str) -> Echo:
        # a server that leaves the prompt out will do so again: no retries
        reply = await client.ask(COMPLETIONS, echo_body(model, text), lambda it: it)
        return read_echo(reply, text)

    return await why_not_sound(ask)


async def _embed(client: Client, model: str) -> str:
    await client.ask(EMBEDDINGS, embedding_body(model, "Hello"), read_embedding)
    return ""


async def _why_not(asked: Awaitable[str], path: str) -> str:
    """Return why something can't be done, empty where it can.

    Raises:
        ServerError: the server can't tell just now.
    """
    try:
        return await asked
    except Garbage as error:
        return f"{path}: {error}"
    except Refused as error:
        if error.status in (401, 403):
            raise
        return f"{path} answers {error.status} ({error.told or 'no reason given'})"
    except ServerError as error:
        cause = error.__cause__
        if isinstance(cause, Fault) and (
            isinstance(cause, Garbage) or cause.status in _MISSING
        ):
            return f"{path}: {cause}"
        raise
