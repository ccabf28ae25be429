"""`Score`: log P of each choice's tokens given the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from harness import Encoded
from harness.requests import Score, ScoreAnswer
from harness_t5.model import T5
from harness_t5.sources import SourceReader, by_length, encoded
from harness_t5.targets import score_targets
from harness_torch.tokenizers.protocol import TextTokenizer


class ScoreAbility:
    """Answers `Score` as lm-evaluation-harness scores encoder-decoders.

    The encoder reads the context with its special tokens, the decoder is asked for the
    choice's tokens without them: the end token does not count (`_encode_pair` of its
    lm_eval/api/model.py). Spaces that end the context are moved to the choice.

    Args:
        module: what scores.
        tokenizer: makes ids of texts.
        title: how messages name the model.
    """

    def __init__(self, module: T5, *, tokenizer: TextTokenizer, title: str) -> None:
        self._module = module
        self._tokenizer = tokenizer
        self._sources = SourceReader(tokenizer, module.config)
        self._title = title

    def encode(self, requests: Sequence[Score]) -> list[Encoded]:
        """Tokenise contexts and choices; ``choices`` of `extra` are distinct ones."""
        read = self._sources.encode([(r.context.rstrip(), None) for r in requests])
        targets = [tuple(dict.fromkeys(_moved(request))) for request in requests]
        every = list(dict.fromkeys(text for texts in targets for text in texts))
        pieces = zip(every, self._tokenizer.pieces(every), strict=True)
        ids = {text: one.ids for text, one in pieces}
        rows = zip(requests, read, targets, strict=True)
        return [
            replace(
                encoded(key, request, tokens, cost=sum(len(ids[t]) for t in texts)),
                extra={"choices": {text: ids[text] for text in texts}},
            )
            for key, (request, tokens, texts) in enumerate(rows)
        ]

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, ScoreAnswer]]:
        """Answer each request of a batch."""
        ordered = by_length(batch)
        choices = [item.extra["choices"] for item in ordered]
        targets = [list(ids.values()) for ids in choices]
        scored = score_targets(self._module, ordered, targets, title=self._title)
        for item, ids, rows in zip(ordered, choices, scored, strict=True):
            found = dict(zip(ids, rows, strict=True))
            texts = _moved(cast(Score, item.request))
            yield (
                item.key,
                ScoreAnswer(
                    log_probabilities=tuple(
                        float(sum(one.log_probability for one in found[text]))
                        for text in texts
                    ),
                    is_greedy=tuple(
                        all(one.is_greedy for one in found[text]) for text in texts
                    ),
                    token_counts=tuple(len(ids[text]) for text in texts),
                    byte_counts=tuple(
                        len(choice.encode(errors="replace"))
                        for choice in cast(Score, item.request).choices
                    ),
                    tokens=item.cost,
                ),
            )


def _moved(request: Score) -> list[str]:
    """Return the choices with the spaces that end the context."""
    spaces = request.context[len(request.context.rstrip()) :]
    return [spaces + choice for choice in request.choices]
