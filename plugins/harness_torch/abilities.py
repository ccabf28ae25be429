"""An adapter whose abilities are a table: for each type of request, how it is asked.

A model plugin writes one `Ability` a request type and gives `TorchAdapter` the table.
What all abilities share is here: order, batches, precision, out-of-memory errors, what
was read and cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from harness import (
    Budget,
    CheckpointError,
    Encoded,
    PluginError,
    Positions,
    cut_batches,
)
from harness.requests import (
    HEAD_REQUESTS,
    Answer,
    Generate,
    Likelihood,
    Request,
    Score,
)
from harness_torch.device import memory_errors
from harness_torch.linear import quicken, wider_kernels
from harness_torch.positions import Tally, counted_by
from harness_torch.room import tokens_that_fit

Abilities = Mapping[type[Request], "Ability | OngoingAbility"]

_EXACTING = (Score, Likelihood)
"""Sums of many log-probabilities, which other harnesses' must equal to 1e-4."""


class Ability(Protocol):
    """How requests of one type are asked of a module."""

    def encode(self, requests: Sequence[Any]) -> list[Encoded]:
        """Tokenise requests in one batch; keys are positions in the sequence.

        `Encoded.cost` is the tokens that the request adds to a batch (for `Generate`
        with all that it may write), `Encoded.truncated_tokens` what had to be cut,
        `Encoded.truncated_side` where that is cut if it is.
        """

    def answer(self, batch: Sequence[Encoded]) -> Iterable[tuple[int, Answer]]:
        """Answer a batch, in any order, each with its key.

        Called in inference mode, under autocast where the precision asks for it.
        `Answer.tokens` may stay 0 where they are `Encoded.ids`, and
        `Answer.truncated_tokens` may always: the session fills them in.
        """


class Ongoing(Protocol):
    """Requests that are being answered, which others may join before they are done."""

    def __len__(self) -> int:
        """How many they are."""

    @property
    def held(self) -> int:
        """How many tokens they hold."""

    def take(self, stream: Iterator[Encoded]) -> list[Any]:
        """Take of a stream what has room now; something, where there is nothing yet."""

    def advance(self, taken: Sequence[Any]) -> Iterable[tuple[Encoded, Answer]]:
        """Compute one step, of what was taken too, and return what that finishes.

        Called in inference mode, under autocast where the precision asks for it.
        """


@runtime_checkable
class OngoingAbility(Protocol):
    """How requests of one type are answered as a stream, not batch by batch."""

    def encode(self, requests: Sequence[Any]) -> list[Encoded]:
        """See `Ability.encode`."""

    def begin(self, budget: Budget) -> Ongoing:
        """Return nothing yet, with room for what the budget allows."""


class TorchAdapter:
    """Answers with one module.

    The module holds fp32 weights until the first session casts them.

    Attributes:
        title: how messages name the model.
        module: what answers.
        encodes_ahead: whether requests may be encoded while a session answers.
    """

    encodes_ahead = True

    def __init__(
        self,
        *,
        title: str,
        module: nn.Module,
        dtype: torch.dtype,
        abilities: Abilities,
    ) -> None:
        self.title = title
        self.module = module
        self._dtype = dtype
        self._abilities = abilities

    @property
    def device(self) -> torch.device:
        """Where the module is."""
        return next(self.module.parameters()).device

    def room(self) -> int | None:
        """Return how many tokens a forward may hold by the GPU's memory."""
        return tokens_that_fit(self.module, self.device, self._dtype)

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Tokenise requests, those of a type in one batch."""
        places: dict[type[Request], list[int]] = defaultdict(list)
        for place, request in enumerate(requests):
            places[type(request)].append(place)
        encoded: dict[int, Encoded] = {}
        for asked, at in places.items():
            for item in self._ability(asked).encode([requests[i] for i in at]):
                encoded[at[item.key]] = replace(item, key=at[item.key])
        return [encoded[place] for place in range(len(requests))]

    def session(self) -> TorchSession:
        """Open a session over the module's weights as they stand."""
        self.module.to(self._dtype)
        quicken(self.module)
        return TorchSession(self.module, self._abilities, autocast=self._dtype)

    def _ability(self, asked: type[Request]) -> Ability | OngoingAbility:
        """Return how a type of request is answered.

        Raises:
            CheckpointError: that takes a trained head, which the model has not.
            PluginError: the model does not answer such requests at all.
        """
        if asked in self._abilities:
            return self._abilities[asked]
        able = " or ".join(sorted(a.__name__ for a in self._abilities)) or "nothing"
        if asked in HEAD_REQUESTS:
            raise CheckpointError(
                f"{self.title} carries no trained head for {asked.__name__} requests "
                f"(it answers {able}): fine-tune it for the task, as with --regime "
                "finetune:full"
            )
        raise PluginError(
            f"{self.title} was asked a {asked.__name__} request: it answers {able}, so "
            "choose another formulation"
        )


class TorchSession:
    """Answers a stream, batch by batch, with the module's weights as they stand."""

    def __init__(
        self, module: nn.Module, abilities: Abilities, *, autocast: torch.dtype
    ) -> None:
        self._module = module
        self._abilities = abilities
        self._autocast = autocast
        self._tally = Tally()

    @property
    def positions(self) -> Positions:
        """What was computed so far."""
        return self._tally.positions

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the answers of each batch as soon as it is computed.

        Raises:
            OutOfMemoryError: a batch did not fit.
        """
        self._module.eval()
        for ability, run in groupby(stream, self._ongoing):
            if ability is None:
                for batch in cut_batches(run, budget.tokens):
                    yield from self._answer_batch(batch)
            else:
                yield from self._answer_ongoing(ability.begin(budget), run)

    def _ongoing(self, item: Encoded) -> OngoingAbility | None:
        ability = self._abilities[type(item.request)]
        return ability if isinstance(ability, OngoingAbility) else None

    def _answer_batch(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, Answer]]:
        for asked in dict.fromkeys(type(item.request) for item in batch):
            own = [item for item in batch if type(item.request) is asked]
            by_key = {item.key: item for item in own}
            with self._computing(asked, len(own), sum(item.cost for item in own)):
                answers = list(cast(Ability, self._abilities[asked]).answer(own))
            for key, answer in answers:
                yield key, _counted(answer, by_key[key])

    def _answer_ongoing(
        self, ongoing: Ongoing, stream: Iterator[Encoded]
    ) -> Iterator[tuple[int, Answer]]:
        while (taken := ongoing.take(stream)) or len(ongoing):
            requests = len(ongoing) + len(taken)
            with self._computing(Generate, requests, ongoing.held):
                answers = list(ongoing.advance(taken))
            for item, answer in answers:
                yield item.key, _counted(answer, item)

    @contextmanager
    def _computing(
        self, asked: type[Request], requests: int, tokens: int
    ) -> Iterator[None]:
        """Compute as the session's precision asks."""
        parameter = next(self._module.parameters())
        with (
            counted_by(self._tally),
            torch.inference_mode(),
            torch.autocast(
                parameter.device.type,
                self._autocast,
                enabled=parameter.dtype != self._autocast,
            ),
            memory_errors(f"a batch of {tokens} tokens", requests=requests),
            wider_kernels("near" if asked in _EXACTING else "usual"),
        ):
            yield


def check_finite(values: Tensor, title: str) -> None:
    """Refuse outputs that are no numbers.

    Raises:
        CheckpointError: one of them is infinite or NaN.
    """
    # Only numbers sum up to one, unless they are huge; to look at each of them takes
    # thirty times as long.
    wide = torch.promote_types(values.dtype, torch.float32)
    if not values.sum(dtype=wide).isfinite() and not values.isfinite().all():
        is_exact = values.dtype in (torch.float32, torch.float64)
        remedy = "" if is_exact else ", or run it in fp32"
        raise CheckpointError(
            f"{title} answers with values that are no numbers in {values.dtype}: check "
            f"its weights{remedy}"
        )


def _counted(answer: Answer, item: Encoded) -> Answer:
    return replace(
        answer,
        tokens=answer.tokens or len(item.ids),
        truncated_tokens=item.truncated_tokens,
        truncated_side=item.truncated_side if item.truncated_tokens else None,
    )
