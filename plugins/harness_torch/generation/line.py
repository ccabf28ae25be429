"""One line of text, greedy or drawn."""

from __future__ import annotations

from torch import Tensor

from harness.requests import Generate
from harness_torch.generation.draws import Draws
from harness_torch.generation.stop_texts import StopTexts, ending


class Line:
    """The text of one request, written without looking back.

    Attributes:
        ids: what is written so far.
        finish_reason: why it ended; ``length`` until it has.
        rows: the one row that it continues.
    """

    def __init__(
        self, request: Generate, *, stops: StopTexts, end: frozenset[int]
    ) -> None:
        self._request = request
        self._stops = stops
        self._end = end
        self._draws = Draws(request) if request.temperature > 0 else None
        self.ids: list[int] = []
        self.finish_reason = "length"
        self.rows = [0]

    @property
    def length(self) -> int:
        """How many tokens are written so far."""
        return len(self.ids)

    @property
    def tokens(self) -> list[int]:
        """The last token."""
        return self.ids[-1:]

    def advance(self, greedy: int, logits: Tensor) -> bool:
        """Take a step, and tell whether the text goes on.

        Args:
            greedy: the most probable token.
            logits: those that a draw is made from, ``(vocabulary,)``.
        """
        self.ids.append(greedy if self._draws is None else self._draws.next(logits))
        reason = ending(self.ids, self._request, self._stops, self._end)
        self.finish_reason = reason or "length"
        return reason is None
