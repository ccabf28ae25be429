"""Give a simple adapter the shape of a full one: characters stand for tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.engine.batches import cut_batches
from harness.errors import PluginError
from harness.model import Adapter, Budget, Encoded, Session, SimpleAdapter
from harness.requests import Answer, Request, to_json

CHARACTERS_PER_TOKEN = 4


class SimpleSession:
    """Answers batches of whole requests through `SimpleAdapter.answer`."""

    def __init__(self, adapter: SimpleAdapter) -> None:
        self._adapter = adapter

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the answers batch by batch."""
        for batch in cut_batches(stream, budget.tokens):
            answers = self._adapter.answer([encoded.request for encoded in batch])
            if len(answers) != len(batch):
                raise PluginError(
                    f"{type(self._adapter).__name__}.answer returned {len(answers)} "
                    f"answers to {len(batch)} requests: return one for each, in order"
                )
            yield from zip((encoded.key for encoded in batch), answers, strict=True)


class SimpleEncoding:
    """A simple adapter as the engine sees it."""

    def __init__(self, adapter: SimpleAdapter) -> None:
        self._adapter = adapter

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Cost every request by the characters of its JSON, four to a token."""
        costs = [-(-len(to_json(r)) // CHARACTERS_PER_TOKEN) for r in requests]
        return [
            Encoded(key=key, request=request, cost=cost)
            for key, (request, cost) in enumerate(zip(requests, costs, strict=True))
        ]

    def session(self) -> Session:
        """Open a session."""
        return SimpleSession(self._adapter)


def as_full(adapter: SimpleAdapter | Adapter) -> Adapter:
    """Return a full adapter as it is and a simple one wrapped."""
    return adapter if isinstance(adapter, Adapter) else SimpleEncoding(adapter)
