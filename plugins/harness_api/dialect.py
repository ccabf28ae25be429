"""OpenAI's chat, completions and embeddings dialect: bodies written, answers read.

Pure: no connection. What is read comes from a stranger, so that every part of it is
checked; messages name types and places, never the server's own words.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.requests import EmbedAnswer, Generate, GenerateAnswer
from harness_api.retry import Garbage

CHAT = "/chat/completions"
COMPLETIONS = "/completions"
EMBEDDINGS = "/embeddings"
MODELS = "/models"
OLD_LENGTH = "max_tokens"
NEW_LENGTH = "max_completion_tokens"

_MOST_STOPS = 4  # OpenAI refuses more; all are cut here too
_SEED_BITS = 31
_REASONING = ("<think>", "</think>")

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one server wants to be asked to write.

    Attributes:
        model: the model's name on the server.
        is_chat: whether texts are sent as one user message.
        length_field: what the most tokens are called.
        reasoning_tokens: what a reasoning model may write before its answer.
    """

    model: str
    is_chat: bool
    length_field: str = OLD_LENGTH
    reasoning_tokens: int = 0

    @property
    def path(self) -> str:
        """Where it is asked."""
        return CHAT if self.is_chat else COMPLETIONS

    def body(self, request: Generate) -> dict[str, Json]:
        """Write the body that asks a server to generate."""
        asked: dict[str, Json] = {"model": self.model}
        if self.is_chat:
            asked["messages"] = [{"role": "user", "content": request.prompt}]
        else:
            asked["prompt"] = request.prompt
        asked[self.length_field] = request.max_tokens + self.reasoning_tokens
        asked["temperature"] = request.temperature
        if stops := _stops(request):
            asked["stop"] = stops[:_MOST_STOPS]
        if request.temperature > 0:
            asked["top_p"] = request.top_p
            asked["seed"] = seed(request)
        return asked

    def read(self, reply: Json, request: Generate) -> GenerateAnswer:
        """Read what was written.

        Raises:
            Garbage: it is not what the dialect says.
        """
        choice = read_choice(reply)
        text = _message_text(choice) if self.is_chat else _text(choice, "text")
        kept = _cut(text, _stops(request))
        usage = read_usage(reply)
        return GenerateAnswer(
            text=kept,
            finish_reason=_finish(choice, request, is_cut=kept != text),
            tokens=usage.read,
            written_tokens=usage.written,
        )


class Usage(NamedTuple):
    """Tokens that a request cost, 0 where the server does not say."""

    read: int
    written: int


def seed(request: Generate) -> int:
    """Return what seeds a draw: the prompt and the sample's number alone."""
    text = f"{request.sample}\n{request.prompt}"
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:4], "big") % (1 << _SEED_BITS)


def echo_body(model: str, text: str) -> dict[str, Json]:
    """Write the body that asks for the log-probabilities of a text.

    One token is written, because some servers take ``max_tokens: 0`` for no limit.
    """
    return {
        "model": model,
        "prompt": text,
        "max_tokens": 1,
        "temperature": 0.0,
        "echo": True,
        "logprobs": 1,
    }


def embedding_body(model: str, text: str) -> dict[str, Json]:
    """Write the body that asks for a vector."""
    return {"model": model, "input": text}


def read_embedding(reply: Json) -> EmbedAnswer:
    """Read a vector.

    Raises:
        Garbage: it is not what the dialect says.
    """
    items = _object(reply, "the answer").get("data")
    first = _object(_first(items, "data"), "data[0]")
    values = first.get("embedding")
    if not isinstance(values, list) or not values or not all(map(is_number, values)):
        raise Garbage("data[0].embedding is no list of numbers")
    vector = tuple(float(value) for value in values)
    return EmbedAnswer(vector=vector, tokens=read_usage(reply).read)


def read_models(reply: Json) -> dict[str, int | None]:
    """Return the models that a server lists, with their longest input where told."""
    items = reply.get("data") if isinstance(reply, dict) else None
    found: dict[str, int | None] = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            length = item.get("max_model_len")  # vLLM's own field
            found[item["id"]] = length if isinstance(length, int) else None
    return found


def read_choice(reply: Json) -> Mapping[str, Json]:
    """Return the first choice.

    Raises:
        Garbage: there is none.
    """
    choices = _object(reply, "the answer").get("choices")
    return _object(_first(choices, "choices"), "choices[0]")


def read_usage(reply: Json) -> Usage:
    """Return what the server counted."""
    usage = reply.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Usage(_count(counts, "prompt_tokens"), _count(counts, "completion_tokens"))


def is_number(value: object) -> bool:
    """Tell whether a JSON value is a finite number."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(float(value))  # type: ignore[arg-type] # is_real


def _count(counts: Mapping[str, Json], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _message_text(choice: Mapping[str, Json]) -> str:
    """Return a message's own text, without what a model thought before it."""
    message = _object(choice.get("message"), "choices[0].message")
    if message.get("content") is None:  # a tool call, or reasoning that used it all
        return ""
    text = _text(message, "content")
    opening, closing = _REASONING
    if not text.lstrip().startswith(opening):
        return text
    return text.partition(closing)[2].lstrip()


def _stops(request: Generate) -> list[str]:
    """Return the stop texts; empty ones stop nothing."""
    return [stop for stop in request.stop if stop]


def _cut(text: str, stops: Sequence[str]) -> str:
    places = [text.find(stop) for stop in stops]
    found = [place for place in places if place >= 0]
    return text[: min(found)] if found else text


def _finish(choice: Mapping[str, Json], request: Generate, *, is_cut: bool) -> str:
    """Say why a text ended; servers call a stop text and the model's end alike.

    ``stop_reason`` is vLLM's own field: the stop text, or null at the model's end.
    """
    told = choice.get("finish_reason")
    if is_cut:
        return "stop"
    if told == "length":
        return "length"
    if told == "content_filter":
        return "filter"
    if not request.stop or choice.get("stop_reason", "") is None:
        return "end"
    return "stop"


def _object(value: Json, place: str) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise Garbage(f"{place} is {_kind(value)}, expected an object")
    return value


def _first(value: Json, place: str) -> Json:
    if not isinstance(value, list) or not value:
        raise Garbage(f"{place} is {_kind(value)}, expected a list with an item")
    return value[0]


def _text(holder: Mapping[str, Json], field: str) -> str:
    value = holder.get(field)
    if not isinstance(value, str):
        raise Garbage(f"the field {field} is {_kind(value)}, expected a text")
    return value


def _kind(value: Json) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"
