"""What a decoder is trained to say: what is right after what it reads, and no more.

What is read carries no loss. Tokens are those that the same request is asked with, so
that a model is asked what it was trained on: a `Generate` prompt is read as generation
reads it (within the chat template where there is one) and what is written ends with an
end token; a `Score` context and its right choice are cut as scoring cuts them, and a
`Follow` text as its words are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from harness import Encoded, Loss, PluginError, TrainingExample
from harness.requests import Follow, FollowAnswer, Generate, Request, Score
from harness_torch.chat import Render, ids_within
from harness_torch.follow import read_of
from harness_torch.objectives.words import Project, to_say, word_loss
from harness_torch.rolling import Window, rolling_windows
from harness_torch.scoring import Encode, Pair, need_prefix, pair_ids
from harness_torch.tokenizers.protocol import TextTokenizer
from harness_torch.words import cut_words

States = Callable[[Sequence[Window]], Tensor]
"""Returns the states that windows' scored tokens follow, one by one, ``(rows, width)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderTexts:
    """How a decoder reads texts.

    Attributes:
        title: how messages name the model.
        tokenizer: makes ids of words.
        ids: makes ids of texts, with what a text begins with.
        bare: makes ids of texts alone.
        prefix: the token that stands for nothing; None where there is none.
        end: the token that ends what is written; None where there is none.
        render: puts those prompts into the chat template that go into one.
        length: the longest input in tokens, virtual ones not counted.
        virtual: ids of virtual tokens, which stand before every input.
    """

    title: str
    tokenizer: TextTokenizer
    ids: Encode
    bare: Encode
    prefix: int | None
    end: int | None
    render: Render
    length: int
    virtual: Sequence[int] = ()


class Continuations:
    """Trains a decoder on `Generate`, `Score` and `Follow`.

    Args:
        texts: how it reads.
        states: runs it.
        project: its output layer.
    """

    def __init__(self, texts: DecoderTexts, states: States, project: Project) -> None:
        self._texts = texts
        self._states = states
        self._project = project

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples of one type; `extra` holds windows over what is learnt.

        What doesn't fit is cut from the left of what is read, never from what is to be
        said: that rolls in windows where it is longer than the model's longest input.
        An example with nothing to say is left out.

        Raises:
            PluginError: an example is no request of these with its answer.
            CheckpointError: there is no token for a first one to follow.
        """
        if not examples:
            return []
        encoded = []
        pairs = self._pairs(type(examples[0].request), examples)
        for key, (example, pair) in enumerate(zip(examples, pairs, strict=True)):
            if not pair.continuation:
                continue
            whole, cut = cut_windows(pair, self._texts.length)
            virtual = self._texts.virtual
            windows = [Window([*virtual, *read], said) for read, said in whole]
            ids = [token for window in windows for token in read_of(window)]
            encoded.append(
                Encoded(
                    key=key,
                    request=example.request,
                    cost=len(ids),
                    ids=ids,
                    truncated_tokens=cut,
                    truncated_side="left",
                    extra={"windows": windows},
                )
            )
        return encoded

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed cross-entropy of what is to be said, counted in tokens."""
        windows = [window for item in batch for window in item.extra["windows"]]
        windows.sort(key=lambda window: len(read_of(window)))
        return word_loss(
            self._states(windows),
            self._project,
            [token for window in windows for token in window.scored],
            label_smoothing=label_smoothing,
        )

    def _pairs(
        self, asked: type[Request], examples: Sequence[TrainingExample]
    ) -> list[Pair]:
        if asked is Follow:
            return self._followed(examples)
        if asked is Generate:
            return self._written(examples)
        said = [to_say(example) for example in examples]
        if asked is Score:
            texts = self._texts
            return pair_ids(
                said, encode=texts.ids, prefix=texts.prefix, title=texts.title
            )
        raise PluginError(
            f"{self._texts.title} can't be trained on {asked.__name__} requests, "
            "expected Generate, Score or Follow: choose another formulation"
        )

    def _written(self, examples: Sequence[TrainingExample]) -> list[Pair]:
        texts = self._texts
        prompts, said = zip(*map(to_say, examples), strict=True)
        requests = [e.request for e in examples if isinstance(e.request, Generate)]
        within = [texts.render(request) for request in requests]
        is_within = [text is not None for text in within]
        # What stands between a message and its answer is for the template to say.
        answers = [
            answer.lstrip() if is_one else answer
            for answer, is_one in zip(said, is_within, strict=True)
        ]
        shown = [text or prompt for text, prompt in zip(within, prompts, strict=True)]
        read = partial(ids_within, opened=texts.ids, plain=texts.bare)
        own = read(shown, is_within)
        whole = read([a + b for a, b in zip(shown, answers, strict=True)], is_within)
        alone = texts.bare(answers)
        end = [] if texts.end is None else [texts.end]
        return [
            # Where a token reaches over the border, generation never sees it.
            Pair(
                context or [need_prefix(texts.prefix, texts.title)],
                (both[len(context) :] if both[: len(context)] == context else answer)
                + end,
            )
            for context, both, answer in zip(own, whole, alone, strict=True)
        ]

    def _followed(self, examples: Sequence[TrainingExample]) -> list[Pair]:
        texts = self._texts
        words = [_words(example) for example in examples]
        cut = cut_words(words, texts.tokenizer, kind="Follow")
        first = need_prefix(texts.prefix, texts.title)
        return [Pair([first], list(one.ids)) for one in cut]


def cut_windows(pair: Pair, length: int) -> tuple[list[Window], int]:
    """Return what is read and what is learnt of it, and how many tokens were cut.

    Args:
        pair: what stands before and what is to be said, neither empty.
        length: the model's longest input; the last token is not read.
    """
    context, target = pair
    room = max(1, length + 1 - len(target))
    kept = context[-room:]
    cut = len(context) - len(kept)
    if len(target) <= length:
        return [Window(kept, target)], cut
    return list(rolling_windows(target, prefix=kept[-1], length=length)), cut


def _words(example: TrainingExample) -> tuple[str, ...]:
    request, answer = example.request, example.answer
    if isinstance(request, Follow) and isinstance(answer, FollowAnswer):
        return request.words
    raise PluginError(
        f"a training example pairs a {type(request).__name__} request with a "
        f"{type(answer).__name__}, expected Follow with FollowAnswer: correct the "
        "formulation's target"
    )
