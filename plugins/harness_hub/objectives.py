"""What trains the output layer of a decoder, or of an encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness import Encoded
from harness_hub.batches import Batches, Padding
from harness_hub.follow import take_windows
from harness_hub.generate import end_ids
from harness_hub.output_rows import OutputRows
from harness_hub.seq2seq import Source, SourceRows
from harness_hub.tokenizer import HubTokenizer
from harness_torch.chat import Render
from harness_torch.follow import read_of
from harness_torch.objectives.continuation import Continuations, DecoderTexts
from harness_torch.objectives.translation import SourceTexts, Translations
from harness_torch.rolling import Window

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def continuations(
    module: PreTrainedModel,
    tokenizer: HubTokenizer,
    padding: Padding,
    *,
    render: Render,
    title: str,
) -> Continuations:
    """Return what trains a decoder."""
    rows, batches = OutputRows(module), Batches(module)

    def states(windows: Sequence[Window]) -> Tensor:
        lengths = [len(read_of(window)) for window in windows]

        def compute(places: Sequence[int]) -> list[Tensor]:
            return take_windows(rows, padding, [windows[place] for place in places])

        return torch.cat(batches.run(lengths, compute))

    texts = DecoderTexts(
        title=title,
        tokenizer=tokenizer,
        ids=tokenizer.opened,
        bare=tokenizer.plain,
        prefix=tokenizer.prefix,
        end=_last_token(module, tokenizer),
        render=render,
        length=tokenizer.length,
    )
    return Continuations(texts, states, rows.project)


def translations(
    module: PreTrainedModel,
    tokenizer: HubTokenizer,
    padding: Padding,
    *,
    title: str,
    longest: int | None,
) -> Translations:
    """Return what trains an encoder-decoder.

    Args:
        module: the model.
        tokenizer: makes ids of texts.
        padding: makes inputs of rows.
        title: how messages name the model.
        longest: tokens that the decoder reads at most; None where there is no bound.
    """
    rows, batches = SourceRows(module, padding, title=title), Batches(module)

    def states(batch: Sequence[Encoded]) -> Tensor:
        sources = [Source(tuple(i.ids), [tuple(i.extra["target"])]) for i in batch]

        def compute(places: Sequence[int]) -> list[Tensor]:
            return rows.take([sources[place] for place in places])

        return torch.cat(batches.run([len(source.ids) for source in sources], compute))

    first = getattr(module.generation_config, "forced_bos_token_id", None)
    texts = SourceTexts(
        title=title,
        encode=tokenizer.encode,
        bare=tokenizer.plain,
        begin=() if first is None else (first,),
        end=_last_token(module, tokenizer),
        longest=longest,
    )
    return Translations(texts, states, rows.project)


def _last_token(module: PreTrainedModel, tokenizer: HubTokenizer) -> int | None:
    """Return the token that a text to write is trained to end with, if any."""
    ends, usual = end_ids(module), tokenizer.special.eos
    return usual if usual in ends else min(ends, default=None)
