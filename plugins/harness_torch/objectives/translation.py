"""What an encoder-decoder is trained to write of what its encoder reads.

Sources and targets are tokenised as the same request is asked with: a text to write
ends with the end token, a choice that is scored does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from harness import Encoded, Loss, TrainingExample
from harness.requests import Generate, Score
from harness_torch.objectives.words import Project, to_say, word_loss
from harness_torch.scoring import Encode, move_spaces
from harness_torch.tokenizers.protocol import TextPair, Tokens

States = Callable[[Sequence[Encoded]], Tensor]
"""Returns the states that targets follow, those in `Encoded.extra`, ``(rows, width)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTexts:
    """How an encoder-decoder reads texts.

    Attributes:
        title: how messages name the model.
        encode: makes ids of sources, special tokens included, cut where too long.
        bare: makes ids of targets alone.
        begin: tokens that what is written always begins with.
        end: the token that ends what is written; None where there is none.
        longest: tokens of the longest target; any length where it is None.
    """

    title: str
    encode: Callable[[Sequence[TextPair]], Sequence[Tokens]]
    bare: Encode
    begin: tuple[int, ...] = ()
    end: int | None
    longest: int | None = None


class Translations:
    """Trains an encoder-decoder on `Generate` and `Score`.

    Args:
        texts: how it reads.
        states: runs it.
        project: its output layer.
    """

    def __init__(self, texts: SourceTexts, states: States, project: Project) -> None:
        self._texts = texts
        self._states = states
        self._project = project

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise examples; `extra` holds the target, which is never cut if it may be.

        An example with nothing to say is left out.

        Raises:
            PluginError: an example is no `Generate` or `Score` with its answer.
        """
        said = [self._said(example) for example in examples]
        sources = self._texts.encode([(source, None) for source, _ in said])
        targets = self._texts.bare([target for _, target in said])
        encoded, end = [], [] if self._texts.end is None else [self._texts.end]
        rows = zip(examples, sources, targets, strict=True)
        for key, (example, source, words) in enumerate(rows):
            is_written = isinstance(example.request, Generate)
            whole = [*self._texts.begin, *words, *end] if is_written else words
            target = whole[: self._texts.longest]
            if not target:
                continue
            encoded.append(
                Encoded(
                    key=key,
                    request=example.request,
                    cost=len(source.ids) + len(target),
                    ids=source.ids,
                    truncated_tokens=source.truncated + len(whole) - len(target),
                    truncated_side="right",
                    extra={"target": target},
                )
            )
        return encoded

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed cross-entropy of targets, counted in their tokens."""
        ordered = sorted(
            batch, key=lambda item: (len(item.ids), len(item.extra["target"]))
        )
        return word_loss(
            self._states(ordered),
            self._project,
            [token for item in ordered for token in item.extra["target"]],
            label_smoothing=label_smoothing,
        )

    def _said(self, example: TrainingExample) -> tuple[str, str]:
        source, target = to_say(example)
        if isinstance(example.request, Score):
            return move_spaces(source, target)
        # What stands between question and answer is no part of a text of its own.
        return source, target.lstrip()
