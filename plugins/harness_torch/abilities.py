"""An adapter whose abilities are a table: for each type of request, how it is asked.

A model plugin writes one `Ability` a request type and gives `TorchAdapter` the table.
What all abilities share is here: order, batches, precision, out-of-memory errors, what
was read and cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from harness import Budget, CheckpointError, Encoded, PluginError, cut_batches
from harness.requests import HEAD_REQUESTS, Answer, Request
from harness_torch.device import memory_errors

Abilities = Mapping[type[Request], "Ability"]


class Ability(Protocol):
    """How requests of one type are asked of a module."""

    def encode(self, requests: Sequence[Any]) -> list[Encoded]:
        """Tokenise requests in one batch; keys are positions in the sequence.

        `Encoded.cost` is the tokens that the request adds to a forward (for `Generate`
        with what it may write), `Encoded.truncated_tokens` what had to be cut,
        `Encoded.truncated_side` where that is cut if it is.
        """

    def answer(self, batch: Sequence[Encoded]) -> Iterable[tuple[int, Answer]]:
        """Answer a batch, in any order, each with its key.

        Called in inference mode, under autocast where the precision asks for it.
        `Answer.tokens` may stay 0 where they are `Encoded.ids`, and
        `Answer.truncated_tokens` may always: the session fills them in.
        """


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
        return TorchSession(self.module, self._abilities, autocast=self._dtype)

    def _ability(self, asked: type[Request]) -> Ability:
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

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the answers of each batch as soon as it is computed.

        Raises:
            OutOfMemoryError: a batch did not fit.
        """
        self._module.eval()
        for batch in cut_batches(stream, budget.tokens):
            for asked in dict.fromkeys(type(item.request) for item in batch):
                yield from self._answer(
                    asked, [item for item in batch if type(item.request) is asked]
                )

    def _answer(
        self, asked: type[Request], batch: Sequence[Encoded]
    ) -> list[tuple[int, Answer]]:
        by_key = {item.key: item for item in batch}
        parameter = next(self._module.parameters())
        tokens = sum(item.cost for item in batch)
        with (
            torch.inference_mode(),
            torch.autocast(
                parameter.device.type,
                self._autocast,
                enabled=parameter.dtype != self._autocast,
            ),
            memory_errors(f"a batch of {tokens} tokens"),
        ):
            answers = list(self._abilities[asked].answer(batch))
        return [(key, _counted(answer, by_key[key])) for key, answer in answers]


def check_finite(values: Tensor, title: str) -> None:
    """Refuse outputs that are no numbers.

    Raises:
        CheckpointError: one of them is infinite or NaN.
    """
    if not values.isfinite().all():
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
