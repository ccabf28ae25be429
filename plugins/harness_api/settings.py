"""What an `api:` model's name says: server, model and options. Light: no httpx."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness import ModelName, UsageError

DEFAULT_KEY = "OPENAI_API_KEY"
ENDPOINTS = ("auto", "chat", "completions")
OPTIONS = {
    "model": "the model's name on the server (always needed)",
    "revision": "which version of its weights the server holds, as you declare it",
    "endpoint": "what Generate asks: auto (what the server has, chat first), chat or "
    "completions",
    "concurrency": "requests in flight (default: 8)",
    "retries": "tries after the first, on 429, 5xx, garbage and timeouts (default: 5)",
    "timeout": "seconds to wait for an answer (default: 120)",
    "requests_per_minute": "the most requests sent in a minute (default: no limit)",
    "reasoning_tokens": "tokens that a reasoning model may write before its answer, "
    "beside those of the answer (default: 0)",
    "price_in": "what a million tokens read cost",
    "price_out": "what a million tokens written cost",
    "key_env": "the environment variable that holds the key (default: "
    f"{DEFAULT_KEY} where it is set; empty: send no key)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """An `api:` model's name, taken apart and checked. Holds no key.

    Attributes:
        title: how messages name the model.
        url: the server's address up to ``/v1``, without a slash at its end.
        model: the model's name on the server.
        revision: the declared version of its weights, empty where none is.
        endpoint: ``auto``, ``chat`` or ``completions``.
        concurrency: requests in flight.
        retries: tries after the first.
        timeout_s: how long an answer may take.
        requests_per_minute: the most requests sent in a minute.
        reasoning_tokens: what a reasoning model may write before its answer.
        token_prices: what a million tokens cost, read and written.
        key_env: the environment variable that holds the key, None to send none.
    """

    title: str
    url: str
    model: str
    revision: str = ""
    endpoint: str = "auto"
    concurrency: int = 8
    retries: int = 5
    timeout_s: float = 120.0
    requests_per_minute: float | None = None
    reasoning_tokens: int = 0
    token_prices: tuple[float, float] | None = None
    key_env: str | None = None


def read_settings(name: ModelName) -> Settings:
    """Read and check a model's name.

    Raises:
        UsageError: the address or an option is wrong, or a named key is not set.
    """
    options = name.options
    for option in options:
        if option not in OPTIONS:
            raise UsageError(
                f"an api: model has the unknown option {option!r}: expected one of "
                f"{', '.join(OPTIONS)}"
            )
    url = _read_url(name.checkpoint)
    model = options.get("model", "")
    if not model:
        raise UsageError(
            f"model 'api:{url}' does not say which model to ask: write "
            f"api:{url},model=NAME"
        )
    return Settings(
        title=str(name),
        url=url,
        model=model,
        revision=options.get("revision", ""),
        endpoint=_read_endpoint(options),
        concurrency=_whole(options, "concurrency", 8, lowest=1),
        retries=_whole(options, "retries", 5, lowest=0),
        timeout_s=_positive(options, "timeout") or 120.0,
        requests_per_minute=_positive(options, "requests_per_minute"),
        reasoning_tokens=_whole(options, "reasoning_tokens", 0, lowest=0),
        token_prices=_read_prices(options),
        key_env=_read_key_env(options),
    )


def read_key(settings: Settings) -> str:
    """Return the key, empty where none is to be sent.

    Raises:
        UsageError: the environment variable is not set, or holds no key.
    """
    if settings.key_env is None:
        return ""
    key = os.environ.get(settings.key_env, "").strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"the environment variable {settings.key_env} holds no key (expected "
            "printable ASCII without blanks): set it, or name another with key_env="
        )
    return key


def _read_url(text: str) -> str:
    """Check an address; what may be a secret is not repeated."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 # raises where it is no number
    except ValueError as error:
        raise UsageError(_wrong_url(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(_wrong_url("it has no http:// and host"))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "the address of an api: model holds a user name, a query or a fragment: "
            "put the key into an environment variable and name that with key_env="
        )
    return text.rstrip("/")


def _wrong_url(cause: object) -> str:
    return (
        f"the address of an api: model can't be used ({cause}): write one such as "
        "api:http://localhost:8000/v1,model=NAME"
    )


def _read_endpoint(options: Mapping[str, str]) -> str:
    value = options.get("endpoint", ENDPOINTS[0])
    if value not in ENDPOINTS:
        raise UsageError(_wrong("endpoint", value, " or ".join(ENDPOINTS)))
    return value


def _read_key_env(options: Mapping[str, str]) -> str | None:
    if "key_env" in options:
        return options["key_env"] or None
    return DEFAULT_KEY if os.environ.get(DEFAULT_KEY, "").strip() else None


def _read_prices(options: Mapping[str, str]) -> tuple[float, float] | None:
    if "price_in" not in options and "price_out" not in options:
        return None
    return _price(options, "price_in"), _price(options, "price_out")


def _price(options: Mapping[str, str], option: str) -> float:
    return 0.0 if options.get(option) == "0" else _positive(options, option) or 0.0


def _whole(
    options: Mapping[str, str], option: str, default: int, *, lowest: int
) -> int:
    text = options.get(option, str(default))
    if not text.isdecimal() or int(text) < lowest:
        raise UsageError(_wrong(option, text, f"a whole number from {lowest}"))
    return int(text)


def _positive(options: Mapping[str, str], option: str) -> float | None:
    text = options.get(option)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(_wrong(option, text, "a number above 0"))
    return value


def _wrong(option: str, value: str, expected: str) -> str:
    return f"an api: model has {option} {value!r}: expected {expected}"
