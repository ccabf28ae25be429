"""The `api` adapter, registered. Light: httpx loads with the first server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import (
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    UsageError,
    hookimpl,
)
from harness_api.settings import OPTIONS, Settings, read_settings

if TYPE_CHECKING:
    from harness_api.adapter import ApiAdapter
    from harness_api.probe import Probe

ADAPTER_REVISION = 1
"""Raised whenever this adapter's code changes an answer."""

_probed: dict[Settings, Probe] = {}  # so that what is asked is what was planned


def describe(name: ModelName) -> ModelCard:
    """Ask the server for a token in each way.

    Raises:
        UsageError: an option is wrong, or httpx is missing.
        ServerError: the server can't be reached or can't be asked.
    """
    settings = read_settings(name)
    found = _probed[settings] = _probe(settings)
    from harness_api.adapter import abilities  # httpx

    dialect = found.dialect
    is_chat = dialect is not None and dialect.is_chat
    return ModelCard(
        abilities=abilities(found),
        fingerprint=_fingerprint(settings, found),
        max_tokens=found.max_tokens,
        prefers=("rank", "generate", "chat" if is_chat else "lm-eval"),
        token_prices=settings.token_prices,
        facts=_facts(settings, found),
    )


def load(name: ModelName, settings: LoadSettings) -> ApiAdapter:
    """Return what asks the server; nothing is loaded.

    Raises:
        UsageError: an option is wrong, or httpx is missing.
        ServerError: the server can't be reached or can't be asked.
    """
    own = read_settings(name)
    found = _probed.get(own) or _probe(own)
    from harness_api.adapter import ApiAdapter  # httpx

    return ApiAdapter(own, found)


@hookimpl
def harness_models() -> Sequence[ModelEntry]:
    """Register OpenAI-compatible servers."""
    return [
        ModelEntry(
            name="api",
            summary="a model behind an OpenAI-compatible server, by its address",
            examples=("api:http://localhost:8000/v1,model=NAME",),
            describe=describe,
            load=load,
            options=OPTIONS,
            is_remote=True,
        )
    ]


def _probe(settings: Settings) -> Probe:
    try:
        from harness_api.background import Background
        from harness_api.probe import probe
    except ModuleNotFoundError as error:
        if error.name != "httpx":
            raise
        raise UsageError(
            "api: models need httpx, which is not installed: run "
            "pip install 'nlp-harness[api]'"
        ) from error
    with Background() as background:
        return background.run(probe(settings))


def _fingerprint(settings: Settings, found: Probe) -> str:
    """Hash all that changes an answer and can be known; never a key or a limit."""
    dialect = found.dialect
    parts = {
        "adapter": f"api {ADAPTER_REVISION}",
        "url": settings.url,
        "model": settings.model,
        "revision": settings.revision,
        "endpoint": dialect.path if dialect else None,
        "reasoning_tokens": settings.reasoning_tokens,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _facts(settings: Settings, found: Probe) -> dict[str, str]:
    facts = {
        "weights": "unknown: a server's",
        "revision": f"{settings.revision} (declared)" if settings.revision else "none",
        "key": f"from {settings.key_env}" if settings.key_env else "none sent",
    }
    if found.dialect:
        facts["endpoint"] = found.dialect.path
    if settings.token_prices:
        read, written = settings.token_prices
        facts["prices"] = f"{read:g} a million tokens read, {written:g} written"
    if found.why_no_text:
        facts["Generate"] = found.why_no_text
    if found.why_no_vector:
        facts["Embed"] = found.why_no_vector
    if found.why_no_echo:
        facts |= {"Score": found.why_no_echo, "Likelihood": found.why_no_echo}
    else:
        facts["log-probabilities"] = (
            "a written token was read with the same; a text's first token has none, "
            "and Likelihood leaves it out"
        )
    return facts
