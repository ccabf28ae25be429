"""`Follow`: what a decoder would have said at each word, given the true words before.

As the token-level completion of CodeXGLUE is evaluated (`eval_acc` of
Code-Code/CodeCompletion-token/code/run_lm.py, commit f035d42): the model reads the true
text once, at each of a word's sub-tokens its most probable one is taken, and their text
up to the first space is the prediction. So a word of several sub-tokens is right where
all of them are, which is when writing them one after another would have been right; a
wrong word may differ from what the model would have written, and a word that the model
would have gone on writing counts as written. The official run cuts its whole corpus
into blocks that begin with nothing before them; here a long text rolls in windows that
share half of what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, cast

from harness import Encoded
from harness.requests import Follow, FollowAnswer
from harness_torch.rolling import Window, rolling_windows
from harness_torch.scoring import need_prefix
from harness_torch.tokenizers.protocol import TextTokenizer
from harness_torch.words import cut_words, read_words

Greedy = Callable[[Sequence[Window]], list[list[int]]]
"""Returns the most probable token in place of each one that a window scores."""


class Limits(NamedTuple):
    """What a decoder reads: what stands before a text, and its longest input."""

    prefix: int | None
    length: int


class FollowAbility:
    """Answers `Follow`; nothing is ever cut.

    Args:
        tokenizer: makes ids of words and text of ids.
        limits: what the decoder reads.
        greedy: runs the decoder.
        title: how messages name the model.
    """

    def __init__(
        self, *, tokenizer: TextTokenizer, limits: Limits, greedy: Greedy, title: str
    ) -> None:
        self._tokenizer = tokenizer
        self._limits = limits
        self._greedy = greedy
        self._title = title

    def encode(self, requests: Sequence[Follow]) -> list[Encoded]:
        """Tokenise words and cut them into windows, which `extra` holds.

        Raises:
            PluginError: a word is empty.
            CheckpointError: there is no token for the first word to follow.
        """
        texts = [request.words for request in requests]
        cut = cut_words(texts, self._tokenizer, kind="Follow")
        encoded = []
        for key, (request, words) in enumerate(zip(requests, cut, strict=True)):
            windows = self._windows(words.ids)
            cost = sum(len(read_of(window)) for window in windows)
            encoded.append(
                Encoded(
                    key=key,
                    request=request,
                    cost=max(1, cost),
                    extra={"words": words, "windows": windows, "read": cost},
                )
            )
        return encoded

    def answer(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, FollowAnswer]]:
        """Answer each request of a batch.

        Raises:
            CheckpointError: the model's output is not a number.
        """
        windows = [window for item in batch for window in item.extra["windows"]]
        greedy = iter(self._greedy(windows))
        for item in batch:
            said = [token for _ in item.extra["windows"] for token in next(greedy)]
            texts = cast(Follow, item.request).words
            read = read_words(texts, item.extra["words"], said, self._tokenizer)
            tokens = item.extra["read"]
            yield item.key, FollowAnswer(predictions=tuple(read), tokens=tokens)

    def _windows(self, ids: Sequence[int]) -> list[Window]:
        if not ids:
            return []
        length = self._limits.length
        prefix = need_prefix(self._limits.prefix, self._title)
        step = max(1, length // 2)
        return list(rolling_windows(ids, prefix=prefix, length=length, step=step))


def read_of(window: Window) -> list[int]:
    """Return what is read of a window: the last token that is scored is not."""
    return [*window.context, *window.scored[:-1]]
