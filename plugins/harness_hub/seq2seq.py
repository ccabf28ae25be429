"""`Score` of encoder-decoders: the encoder reads once for all choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor

from harness import CheckpointError, Encoded
from harness.requests import Score, ScoreAnswer
from harness_hub.batches import Batches, Padding, Row
from harness_hub.output_rows import OutputRows
from harness_hub.tokenizer import HubTokenizer
from harness_torch.scoring import Scored, log_probabilities

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_Ids = tuple[int, ...]


class Source(NamedTuple):
    """What the encoder reads, and the different choices that are scored after it."""

    ids: _Ids
    choices: list[_Ids]


class SourceScoreAbility:
    """Answers `Score`: log P of a choice's tokens given the context.

    As lm-evaluation-harness does, the end token is no part of a choice, and spaces
    that end the context are moved to the choice.
    """

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: HubTokenizer,
        padding: Padding,
        *,
        title: str,
    ) -> None:
        self._title = title
        self._tokenizer = tokenizer
        self._rows = SourceRows(module, padding, title=title)
        self._batches = Batches(module)

    def encode(self, requests: Sequence[Score]) -> list[Encoded]:
        """Tokenise contexts and choices; both are cut at their end."""
        moved = [
            (
                kept,
                [request.context[len(kept) :] + choice for choice in request.choices],
            )
            for request in requests
            for kept in (request.context.rstrip(),)
        ]
        sources = self._tokenizer.encode([(context, None) for context, _ in moved])
        choices = iter(self._tokenizer.plain([c for _, own in moved for c in own]))
        length = self._tokenizer.length
        encoded = []
        for key, (request, source) in enumerate(zip(requests, sources, strict=True)):
            whole = [next(choices) for _ in request.choices]
            kept = [tuple(ids[:length]) for ids in whole]
            read = sum(len(ids) for ids in dict.fromkeys(kept))
            cut = max((len(ids) - length for ids in whole), default=0)
            ids = source.ids or self._tokenizer.empty
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=len(ids) + read,
                    ids=ids,
                    truncated_tokens=source.truncated + max(0, cut),
                    truncated_side="right",
                    extra={"choices": kept, "read": len(ids) + read},
                )
            )
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, ScoreAnswer]]:
        """Answer each request of a batch."""
        sources = [
            Source(
                tuple(item.ids), [c for c in dict.fromkeys(item.extra["choices"]) if c]
            )
            for item in batch
        ]
        asked = [place for place, source in enumerate(sources) if source.choices]

        def compute(places: Sequence[int]) -> list[Tensor]:
            return self._compute([sources[asked[place]] for place in places])

        lengths = [len(sources[place].ids) for place in asked]
        values = dict(zip(asked, self._batches.run(lengths, compute), strict=True))
        for place, item in enumerate(batch):
            known = _sums(sources[place], values.get(place))
            yield item.key, _answer(item, known)

    def _compute(self, sources: Sequence[Source]) -> list[Tensor]:
        """Return log-probability and greedy flag of all choices' tokens, ``(tokens, 2)``."""
        scored = log_probabilities(
            torch.cat(self._rows.take(sources)),
            self._rows.project,
            [[token] for source in sources for c in source.choices for token in c],
            title=self._title,
        )
        flat = torch.tensor([list(one) for row in scored for one in row])
        sizes = [sum(map(len, source.choices)) for source in sources]
        return list(flat.to(torch.float64).split(sizes))


class SourceRows:
    """Computes what an encoder-decoder says at each token of what follows a source.

    Args:
        module: the model.
        padding: makes inputs of rows.
        title: how messages name the model.

    Raises:
        CheckpointError: the model does not say what a decoder begins with.
    """

    def __init__(
        self, module: PreTrainedModel, padding: Padding, *, title: str
    ) -> None:
        self._module = module
        self._padding = padding
        self._rows = OutputRows(module)
        self._start = _start_id(module, title)

    def project(self, rows: Tensor) -> Tensor:
        """Return logits, ``(rows, vocabulary)``."""
        return self._rows.project(rows)

    def take(self, sources: Sequence[Source]) -> list[Tensor]:
        """Return rows that `project` takes, one tensor a choice; a source is read once.

        Args:
            sources: what is read, each with a choice or more, none empty.
        """
        read = self._padding.inputs([Row(source.ids) for source in sources])
        states = self._module.get_encoder()(**read).last_hidden_state
        homes = [place for place, source in enumerate(sources) for _ in source.choices]
        choices = [choice for source in sources for choice in source.choices]
        written = self._padding.inputs([Row((self._start, *c[:-1])) for c in choices])
        inputs: dict[str, Any] = {
            "encoder_outputs": (states[homes],),
            "attention_mask": read["attention_mask"][homes],
            "decoder_input_ids": written["input_ids"],
            "decoder_attention_mask": written["attention_mask"],
        }
        return self._rows.take(inputs, [range(len(choice)) for choice in choices])


def _sums(source: Source, value: Tensor | None) -> dict[_Ids, Scored]:
    known: dict[_Ids, Scored] = {(): Scored(0.0, True)}  # no tokens are certain
    if value is not None:
        parts = value.split([len(choice) for choice in source.choices])
        for choice, part in zip(source.choices, parts, strict=True):
            total, flags = part[:, 0].sum(), part[:, 1]
            known[choice] = Scored(float(total), bool(flags.all()))
    return known


def _answer(item: Encoded, known: dict[_Ids, Scored]) -> ScoreAnswer:
    request = cast(Score, item.request)
    scored = [known[choice] for choice in item.extra["choices"]]
    return ScoreAnswer(
        tokens=item.extra["read"],
        log_probabilities=tuple(one.log_probability for one in scored),
        is_greedy=tuple(one.is_greedy for one in scored),
        token_counts=tuple(map(len, item.extra["choices"])),
        byte_counts=tuple(len(choice.encode()) for choice in request.choices),
    )


def _start_id(module: PreTrainedModel, title: str) -> int:
    for config in (module.generation_config, module.config):
        token = getattr(config, "decoder_start_token_id", None)
        if isinstance(token, int):
            return token
    raise CheckpointError(
        f"{title} has no decoder_start_token_id, the token that a decoder begins with: "
        "set it in its generation_config.json"
    )
