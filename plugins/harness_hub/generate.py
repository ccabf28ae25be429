"""`Generate`, through transformers' own search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from harness import Encoded
from harness.requests import Generate, GenerateAnswer
from harness_hub.batches import Batches, Padding, Row
from harness_hub.quiet import quiet
from harness_hub.tokenizer import HubTokenizer
from harness_torch.abilities import check_finite
from harness_torch.chat import Render, prompt_ids
from harness_torch.generation.draws import Draws
from harness_torch.generation.loop import check_search
from harness_torch.generation.stop_texts import StopTexts
from harness_torch.positions import count

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_DEFINING = (
    "bos_token_id",
    "eos_token_id",
    "decoder_start_token_id",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
)
"""What generation_config.json says of the model; how to search is the request's to say."""


class _Search(NamedTuple):
    """What the rows of one search share."""

    beams: int
    length_penalty: float
    is_drawn: bool
    stop: tuple[str, ...]
    max_tokens: int


class GenerateAbility:
    """Answers `Generate`; draws are those of the torch shelf's own generation.

    Args:
        module: a decoder or encoder-decoder.
        tokenizer: makes ids of prompts.
        padding: makes inputs of rows.
        render: puts those prompts into the chat template that go into one.
        title: how messages name the model.
    """

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: HubTokenizer,
        padding: Padding,
        *,
        render: Render,
        title: str,
    ) -> None:
        self._title = title
        self._module: Any = module  # its `generate` has no type that can be called
        self._tokenizer = tokenizer
        self._padding = padding
        self._render = render
        self._is_decoder = not module.config.is_encoder_decoder
        self._batches = Batches(module)
        self._settings = _model_settings(module)
        self._end = end_ids(module)

    def encode(self, requests: Sequence[Generate]) -> list[Encoded]:
        """Tokenise prompts, cut so that what is written still fits.

        A decoder's prompt is cut on its left, and keeps half of the model's length in
        any case; an encoder's is cut at its end.
        """
        tokens = self._tokens(requests)
        return [
            Encoded(
                key=key,
                request=request,
                cost=(len(ids) + request.max_tokens) * max(1, request.beams),
                ids=ids,
                truncated_tokens=cut,
                truncated_side="left" if self._is_decoder else "right",
            )
            for key, (request, (ids, cut)) in enumerate(
                zip(requests, tokens, strict=True)
            )
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, GenerateAnswer]]:
        """Answer each request of a batch.

        Raises:
            UsageError: a request asks for beams that are drawn, or for none.
            CheckpointError: the model's output is not a number.
        """
        together: dict[_Search, list[Encoded]] = {}
        for item in batch:
            request = self._fitting(item)
            if request.max_tokens > 0:
                together.setdefault(_search(request), []).append(item)
            else:
                yield item.key, GenerateAnswer(text="", finish_reason="length")
        for search, items in together.items():
            with quiet():
                yield from self._answer(search, items)

    def _answer(
        self, search: _Search, items: Sequence[Encoded]
    ) -> Iterator[tuple[int, GenerateAnswer]]:
        def probe(places: Sequence[int]) -> list[Tensor]:
            return self._first_logits([items[place] for place in places])

        lengths = [len(item.ids) for item in items]
        for places in self._batches.groups(lengths, probe):
            group = [items[place] for place in places]
            written = self._write(search, group)
            told = [self._told(search, ids) for ids in written]
            self._count(search, told, len(written[0]))
            yield from ((i.key, one) for i, one in zip(group, told, strict=True))

    def _count(
        self, search: _Search, told: Sequence[GenerateAnswer], tokens: int
    ) -> None:
        """Count the forwards that read what was written: ended rows stay in them.

        Of a row's tokens the last is not read; an encoder-decoder reads a start.
        """
        unread = int(self._is_decoder)
        made = [one.written_tokens + (one.finish_reason == "end") for one in told]
        forwards = tokens - unread
        held = sum(min(max(0, number - unread), forwards) for number in made)
        count(held * search.beams, forwards * len(told) * search.beams)

    def _write(self, search: _Search, items: Sequence[Encoded]) -> list[list[int]]:
        """Return the ids that are written after each prompt, without the end."""
        inputs = self._inputs(items)
        start = inputs["input_ids"].shape[1] if self._is_decoder else 1
        stops = StopTexts(search.stop, self._tokenizer.decode)
        draws = [Draws(cast(Generate, item.request)) for item in items]
        written = self._module.generate(
            **inputs,
            generation_config=self._config(search),
            logits_processor=LogitsProcessorList(
                [_Numbers(self._title), *([_Drawn(draws)] if search.is_drawn else [])]
            ),
            stopping_criteria=StoppingCriteriaList(
                [_Stops(stops, start)] if search.stop else []
            ),
        )
        return [row[start:] for row in written.tolist()]

    def _told(self, search: _Search, ids: list[int]) -> GenerateAnswer:
        ends = [place for place, token in enumerate(ids) if token in self._end]
        own = ids[: ends[0]] if ends else ids
        stops = StopTexts(search.stop, self._tokenizer.decode)
        text, is_stopped = stops.cut(own)
        if is_stopped:  # padding follows
            sizes = range(1, len(own) + 1)
            own = own[: next((n for n in sizes if stops.are_met(own[:n])), len(own))]
        reason = "stop" if is_stopped else "end" if ends else "length"
        return GenerateAnswer(text=text, finish_reason=reason, written_tokens=len(own))

    def _config(self, search: _Search) -> GenerationConfig:
        return GenerationConfig(
            **self._settings,
            max_new_tokens=search.max_tokens,
            num_beams=search.beams,
            length_penalty=search.length_penalty,
            do_sample=False,
            early_stopping=False,
            pad_token_id=self._padding.id,
        )

    def _first_logits(self, items: Sequence[Encoded]) -> list[Tensor]:
        """Return the logits of what may come first after each prompt."""
        config = self._config(_Search(1, 1.0, False, (), 1))
        config.update(output_logits=True, return_dict_in_generate=True)
        written: Any = self._module.generate(
            **self._inputs(items), generation_config=config
        )
        return list(written.logits[0])

    def _inputs(self, items: Sequence[Encoded]) -> dict[str, Any]:
        rows = [Row(item.ids) for item in items]
        return self._padding.inputs(rows, is_left=self._is_decoder)

    def _tokens(self, requests: Sequence[Generate]) -> Iterator[tuple[list[int], int]]:
        """Yield each prompt's ids and how many were cut."""
        if not self._is_decoder:
            texts = [(request.prompt, None) for request in requests]
            for tokens in self._tokenizer.encode(texts):
                yield tokens.ids or self._tokenizer.empty, tokens.truncated
            return
        tokenizer, length = self._tokenizer, self._tokenizer.length
        whole = prompt_ids(
            requests, self._render, opened=tokenizer.opened, plain=tokenizer.plain
        )
        for request, ids in zip(requests, whole, strict=True):
            kept = ids[-max(length - request.max_tokens, length // 2, 1) :]
            yield kept or tokenizer.empty, len(ids) - len(kept)

    def _fitting(self, item: Encoded) -> Generate:
        # The last token written is not read: one more than the length fits.
        read = len(item.ids) if self._is_decoder else 1
        room = self._tokenizer.length - read + 1
        request = cast(Generate, item.request)
        return replace(request, max_tokens=min(request.max_tokens, room))


class _Stops(StoppingCriteria):
    """Ends the rows whose last token completes a stop text."""

    def __init__(self, stops: StopTexts, start: int) -> None:
        self._stops = stops
        self._start = start

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        written = input_ids[:, self._start :].tolist()
        met = [self._stops.are_met(ids) for ids in written]
        return torch.tensor(met, device=input_ids.device)


class _Numbers(LogitsProcessor):
    """Refuses scores that are no numbers; tokens may be ruled out by minus infinity."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        check_finite(scores.amax(dim=-1), self._title)
        return scores


class _Drawn(LogitsProcessor):
    """Leaves each row one token: the one that its request draws."""

    def __init__(self, draws: Sequence[Draws]) -> None:
        self._draws = draws

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        rows = zip(self._draws, scores, strict=True)
        drawn = [draws.next(logits) for draws, logits in rows]
        only = torch.full_like(scores, -torch.inf)
        only[range(len(drawn)), drawn] = 0.0
        return only


def _search(request: Generate) -> _Search:
    check_search(request)
    return _Search(
        beams=request.beams,
        length_penalty=request.length_penalty,
        is_drawn=request.temperature > 0,
        stop=tuple(text for text in request.stop if text),
        max_tokens=request.max_tokens,
    )


def _model_settings(module: PreTrainedModel) -> dict[str, Any]:
    """Return what the model's generation settings say of it, and forget the rest.

    transformers fills in from there what a search leaves open. What is kept stays
    there, as abilities are made anew when a head or an adapter comes.
    """
    told = module.generation_config or GenerationConfig()
    found = {name: getattr(told, name, None) for name in _DEFINING}
    settings = {name: value for name, value in found.items() if value is not None}
    module.generation_config = GenerationConfig(**settings)
    return settings


def end_ids(module: PreTrainedModel) -> frozenset[int]:
    """Return the ids that end a text."""
    told = getattr(module.generation_config, "eos_token_id", None)
    if told is None:
        return frozenset()
    return frozenset({told} if isinstance(told, int) else told)
