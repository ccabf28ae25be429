"""The adapter: many requests in flight, each answer yielded as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from harness import Budget, Encoded, PluginError, ServerError, UsageError
from harness.requests import (
    Answer,
    Embed,
    EmbedAnswer,
    Generate,
    GenerateAnswer,
    Likelihood,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness_api.background import Background
from harness_api.client import Client
from harness_api.dialect import (
    COMPLETIONS,
    EMBEDDINGS,
    Dialect,
    echo_body,
    embedding_body,
    read_embedding,
)
from harness_api.echo import Echo, Scored, read_echo, score_after
from harness_api.probe import Probe
from harness_api.retry import Garbage
from harness_api.settings import Settings

CHARACTERS_PER_TOKEN = 4


class ApiAdapter:
    """Asks one model of one server.

    Args:
        settings: which, and within which limits.
        probe: what the server can do.
    """

    def __init__(self, settings: Settings, probe: Probe) -> None:
        self._settings = settings
        self._probe = probe

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Judge what requests cost by their characters.

        Raises:
            UsageError: one asks for a beam search.
            PluginError: one can't be asked of this server.
        """
        return [
            Encoded(key=key, request=request, cost=self._cost(request))
            for key, request in enumerate(requests)
        ]

    def session(self) -> ApiSession:
        """Open a session."""
        return ApiSession(self._settings, self._probe.dialect)

    def _cost(self, request: Request) -> int:
        title = self._settings.title
        if isinstance(request, Generate) and request.beams > 1:
            raise UsageError(
                f"{title} is asked for a beam search of width {request.beams}, which "
                "servers do not have: choose another model for this task"
            )
        if type(request) not in abilities(self._probe):
            able = " or ".join(sorted(a.__name__ for a in abilities(self._probe)))
            raise PluginError(
                f"{title} was asked a {type(request).__name__} request: the server "
                f"answers {able or 'nothing'}, so choose another formulation"
            )
        return max(1, _characters(request) // CHARACTERS_PER_TOKEN)


class ApiSession:
    """Keeps as many requests in flight as the settings allow."""

    def __init__(self, settings: Settings, dialect: Dialect | None) -> None:
        self._settings = settings
        self._dialect = dialect

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield each answer as it arrives; the budget is the server's own business.

        Raises:
            ServerError: a request fails for good; what is in flight is yielded first.
        """
        client = Client(self._settings)
        asker = _Asker(client, self._settings.model, self._dialect)
        with Background() as background:
            try:
                yield from background.work_through(
                    stream, asker.ask, limit=self._settings.concurrency
                )
            finally:
                background.cancel()
                background.run(client.close())


class _Asker:
    """Turns one request into what the server is asked, and its answers into one."""

    def __init__(self, client: Client, model: str, dialect: Dialect | None) -> None:
        self._client = client
        self._model = model
        self._dialect = dialect

    async def ask(self, item: Encoded) -> tuple[int, Answer]:
        return item.key, await self._answer(item.request)

    async def _answer(self, request: Request) -> Answer:
        if isinstance(request, Generate):
            return await self._generate(request)
        if isinstance(request, Score):
            return await self._score(request)
        if isinstance(request, Likelihood):
            return await self._likelihood(request)
        assert isinstance(request, Embed)  # as encode has checked
        return await self._embed(request)

    async def _generate(self, request: Generate) -> GenerateAnswer:
        dialect = self._dialect
        assert dialect is not None  # as encode has checked
        return await self._client.ask(
            dialect.path,
            dialect.body(request),
            lambda reply: dialect.read(reply, request),
            about=request.prompt,
        )

    async def _embed(self, request: Embed) -> EmbedAnswer:
        return await self._client.ask(
            EMBEDDINGS,
            embedding_body(self._model, request.text),
            read_embedding,
            about=request.text,
        )

    async def _score(self, request: Score) -> ScoreAnswer:
        distinct = [choice for choice in dict.fromkeys(request.choices) if choice]
        asked = (self._echo(request.context + choice) for choice in distinct)
        echoes = dict(zip(distinct, await asyncio.gather(*asked), strict=True))
        scored = [_score_choice(request, c, echoes) for c in request.choices]
        return ScoreAnswer(
            log_probabilities=tuple(each.log_probability for each in scored),
            is_greedy=tuple(each.is_greedy for each in scored),
            token_counts=tuple(each.tokens for each in scored),
            byte_counts=tuple(len(choice.encode()) for choice in request.choices),
            tokens=sum(echo.usage.read for echo in echoes.values()),
            written_tokens=sum(echo.usage.written for echo in echoes.values()),
        )

    async def _likelihood(self, request: Likelihood) -> LikelihoodAnswer:
        text = request.text
        words, size = len(text.split()), len(text.encode())
        if not text:
            return LikelihoodAnswer(nats=0.0, token_count=0, word_count=0, byte_count=0)
        echo = await self._echo(text)
        known = [
            piece.log_probability
            for piece in echo.pieces
            if piece.start < len(text) and piece.log_probability is not None
        ]
        return LikelihoodAnswer(
            nats=sum(known, 0.0),
            token_count=len(known),
            word_count=words,
            byte_count=size,
            tokens=echo.usage.read,
            written_tokens=echo.usage.written,
        )

    async def _echo(self, text: str) -> Echo:
        return await self._client.ask(
            COMPLETIONS,
            echo_body(self._model, text),
            lambda reply: read_echo(reply, text),
            about=text,
        )


def abilities(probe: Probe) -> frozenset[type[Request]]:
    """Return the requests that a server answers."""
    able: set[type[Request]] = set()
    if probe.dialect is not None:
        able.add(Generate)
    if not probe.why_no_echo:
        able |= {Score, Likelihood}
    if not probe.why_no_vector:
        able.add(Embed)
    return frozenset(able)


def _score_choice(request: Score, choice: str, echoes: dict[str, Echo]) -> Scored:
    """Add up a choice's tokens; blanks that end the context are the choice's."""
    if not choice:
        return Scored(0.0, True, 0)
    boundary = len(request.context.rstrip())
    try:
        return score_after(echoes[choice], boundary, len(request.context) + len(choice))
    except Garbage as error:
        raise ServerError(
            f"the choice {choice!r} after {request.context[-60:]!r} can't be scored "
            f"({error}): word the prompt so that a context comes first"
        ) from error


def _characters(request: Request) -> int:
    if isinstance(request, Score):
        return sum(len(request.context) + len(choice) for choice in request.choices)
    return len(request.prompt if isinstance(request, Generate) else _only_text(request))


def _only_text(request: Request) -> str:
    assert isinstance(request, Embed | Likelihood)
    return request.text
