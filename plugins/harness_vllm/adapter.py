"""The vllm adapter: cuts tokens as our own decoders do, and lets vLLM batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from harness import Budget, Encoded, PluginError, UsageError, cut_batches
from harness.requests import (
    Answer,
    Generate,
    GenerateAnswer,
    Likelihood,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness_torch.chat import Render, prompt_ids
from harness_torch.rolling import rolling_windows
from harness_torch.scoring import need_prefix, pair_ids
from harness_torch.tokenizers.protocol import TextTokenizer
from harness_vllm.mapping import (
    Asked,
    Output,
    ask_to_score,
    ask_to_write,
    read_score,
    read_text,
)

TOKENS_A_CALL = 65_536
"""vLLM batches by itself, and better with many requests at once."""

Run = Callable[[Sequence[Asked]], Sequence[Output]]


class VllmAdapter:
    """Asks one model of vLLM.

    Args:
        title: how messages name the model.
        tokenizer: makes ids of texts.
        length: the longest input, with what is written.
        render: puts those prompts into the chat template that go into one.
        run: has vLLM answer prompts, in order.
    """

    def __init__(
        self,
        *,
        title: str,
        tokenizer: TextTokenizer,
        length: int,
        render: Render,
        run: Run,
    ) -> None:
        special = tokenizer.special
        self._title = title
        self._tokenizer = tokenizer
        self._length = length
        self._render = render
        self._run = run
        self._prefix = special.prefix
        has_bos = tokenizer.adds_bos and special.bos is not None
        self._begin = [cast(int, special.bos)] if has_bos else []

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Make the prompts of each request; `extra` holds them.

        Raises:
            UsageError: one asks for a beam search.
            PluginError: one is of a type that vLLM is not asked.
        """
        return [self._encode(key, request) for key, request in enumerate(requests)]

    def session(self) -> VllmSession:
        """Open a session."""
        return VllmSession(self._run)

    def _encode(self, key: int, request: Request) -> Encoded:
        asked = self._prompts(request)
        return Encoded(
            key=key,
            request=request,
            cost=max(1, sum(len(one.ids) for one in asked)),
            truncated_tokens=sum(one.cut for one in asked),
            truncated_side="left",
            extra={"asked": asked},
        )

    def _prompts(self, request: Request) -> list[Asked]:
        if isinstance(request, Score):
            return self._score(request)
        if isinstance(request, Generate):
            return self._generate(request)
        if isinstance(request, Likelihood):
            return self._likelihood(request)
        raise PluginError(
            f"{self._title} was asked a {type(request).__name__} request: it answers "
            "Generate or Likelihood or Score, so choose another formulation"
        )

    def _score(self, request: Score) -> list[Asked]:
        pairs = pair_ids(
            [(request.context, choice) for choice in request.choices],
            encode=self._ids,
            prefix=self._prefix,
            title=self._title,
        )
        return [ask_to_score(*pair, length=self._length) for pair in pairs]

    def _generate(self, request: Generate) -> list[Asked]:
        if request.beams > 1:
            raise UsageError(
                f"{self._title} is asked for a beam search of width {request.beams}, "
                "which vllm: does not do: use gpt: or hub: for this task"
            )
        (ids,) = prompt_ids([request], self._render, opened=self._ids, plain=self._bare)
        ids = ids or [need_prefix(self._prefix, self._title)]
        asked = ask_to_write(ids, request, length=self._length)
        return [asked] if request.max_tokens > 0 else []

    def _likelihood(self, request: Likelihood) -> list[Asked]:
        (ids,) = self._bare([request.text])
        if not ids:
            return []
        prefix = need_prefix(self._prefix, self._title)
        longest = self._length - 2  # the first context, and the token that is written
        return [
            ask_to_score(*window, length=self._length)
            for window in rolling_windows(ids, prefix=prefix, length=longest)
        ]

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return ids of texts, with one BOS where the model has it."""
        begin = self._begin
        return [
            ids if ids[: len(begin)] == begin else begin + ids
            for ids in self._bare(texts)
        ]

    def _bare(self, texts: Sequence[str]) -> list[list[int]]:
        return [pieces.ids for pieces in self._tokenizer.pieces(texts)]


class VllmSession:
    """Answers a stream, as many requests at a time as vLLM likes."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the answers of each call; vLLM keeps within the GPU's memory itself."""
        for batch in cut_batches(stream, max(budget.tokens, TOKENS_A_CALL)):
            prompts = [asked for item in batch for asked in item.extra["asked"]]
            outputs = iter(self._run(prompts) if prompts else ())
            for item in batch:
                own = [(next(outputs), asked) for asked in item.extra["asked"]]
                yield item.key, _answer(item, own)


def _answer(item: Encoded, own: Sequence[tuple[Output, Asked]]) -> Answer:
    request = item.request
    if isinstance(request, Generate):
        return (
            read_text(*own[0])
            if own
            else GenerateAnswer(text="", finish_reason="length")
        )
    summed = [read_score(output, asked) for output, asked in own]
    read = sum(len(asked.ids) for _, asked in own)
    if isinstance(request, Score):
        return ScoreAnswer(
            log_probabilities=tuple(one.log_probability for one in summed),
            is_greedy=tuple(one.is_greedy for one in summed),
            token_counts=tuple(asked.scored for _, asked in own),
            byte_counts=tuple(len(choice.encode()) for choice in request.choices),
            tokens=read,
            truncated_tokens=item.truncated_tokens,
            truncated_side=item.truncated_side if item.truncated_tokens else None,
        )
    text = cast(Likelihood, request).text
    return LikelihoodAnswer(
        nats=sum((one.log_probability for one in summed), 0.0),
        token_count=sum(asked.scored for _, asked in own),
        word_count=len(text.split()),
        byte_count=len(text.encode()),
        tokens=read,
    )
