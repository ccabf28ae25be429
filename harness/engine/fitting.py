"""Encode requests, each with as many exemplars as fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import PluginError
from harness.model import Adapter, Encoded
from harness.requests import Generate, Request, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A request as it is asked.

    Attributes:
        request: with the exemplars that fit.
        dropped: how many exemplars it lost.
        encoded: what the adapter made of it.
    """

    request: Request
    dropped: int
    encoded: Encoded


def fit(adapter: Adapter, requests: Sequence[Request]) -> list[Fitted]:
    """Encode requests in one batch, then those that are too long with one exemplar less.

    Returns:
        One for each request, in order, whose encoding has its position as key. What
        does not fit without any exemplar is cut by the adapter.

    Raises:
        PluginError: the adapter leaves a request out.
    """
    fitted: dict[int, Fitted] = {}
    asked: Mapping[int, Request] = dict(enumerate(requests))
    dropped = 0
    while asked:
        places = list(asked)
        encoded = _encode(adapter, list(asked.values()))
        longer: dict[int, Request] = {}
        for place, one in zip(places, encoded, strict=True):
            shorter = _shorter(requests[place], dropped)
            if one.truncated_tokens and shorter is not None:
                longer[place] = shorter
            else:
                own = replace(one, key=place)
                fitted[place] = Fitted(
                    request=asked[place], dropped=dropped, encoded=own
                )
        asked, dropped = longer, dropped + 1
    return [fitted[place] for place in range(len(requests))]


def _encode(adapter: Adapter, requests: Sequence[Request]) -> list[Encoded]:
    """Return encodings in the order of the requests."""
    bare = [_bare(request) for request in requests]
    encoded = sorted(adapter.encode(bare), key=lambda item: item.key)
    if [item.key for item in encoded] != list(range(len(bare))):
        raise PluginError(
            f"the adapter encoded {len(encoded)} of {len(bare)} requests: return one "
            "Encoded for each request, whose key is its position"
        )
    return encoded


def _bare(request: Request) -> Request:
    """Return the request without its shorter forms."""
    if isinstance(request, Score | Generate) and request.shorter:
        return dataclasses.replace(request, shorter=())
    return request


def _shorter(request: Request, dropped: int) -> Request | None:
    """Return what comes after a request lost so many exemplars, None for nothing."""
    if not isinstance(request, Score | Generate) or dropped >= len(request.shorter):
        return None
    text = request.shorter[dropped]
    if isinstance(request, Score):
        return dataclasses.replace(request, context=text, shorter=())
    return dataclasses.replace(request, prompt=text, shorter=())
