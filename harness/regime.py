"""Regimes: how a model meets a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal

from harness.errors import UsageError
from harness.task import parse_spec

Kind = Literal["zero-shot", "few-shot", "finetune", "baseline"]

ALTERNATIVE = "|"
"""Stands between the values of a setting that is tried with several."""
CHOOSE = "choose"
"""The setting that makes a grid one regime, of which the best point is evaluated."""
_EXPECTED = (
    "expected zero-shot, few-shot:K (such as few-shot:5, or few-shot:5,draw=each) or "
    "finetune:RECIPE (such as finetune:full or finetune:full,epochs=2)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A regime, taken apart.

    Attributes:
        kind: ``zero-shot``, ``few-shot``, ``finetune``, or ``baseline`` for
            predictors, which no regime applies to.
        shots: exemplars before each question, for ``few-shot``.
        recipe: the recipe's name, for ``finetune``.
        settings: the recipe's settings as written; for ``few-shot`` what differs from
            the default, ``draw=each``.
    """

    kind: Kind
    shots: int = 0
    recipe: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse_grid(cls, text: str) -> list[Regime]:
        """Parse a regime whose settings may have several values, one regime for each.

        ``finetune:full,learning_rate=2e-5|5e-5,epochs=1|3`` is four, in the order in
        which the last setting changes first. With ``choose=best`` beside them they stay
        one: see `points`.

        Raises:
            UsageError: one of them is no regime, or a value is missing or stands twice.
        """
        if any(piece.partition("=")[0].strip() == CHOOSE for piece in text.split(",")):
            return [cls._parse_choice(text)]
        kind, colon, rest = text.partition(":")
        pieces = [_values(text, piece) for piece in rest.split(",")]
        return [cls.parse(f"{kind}{colon}{','.join(one)}") for one in product(*pieces)]

    @classmethod
    def _parse_choice(cls, text: str) -> Regime:
        regime = cls.parse(text)
        if not regime.chooses:
            raise UsageError(
                f"regime {text!r}: {CHOOSE} is {regime.settings[CHOOSE]!r}, expected "
                f"{CHOOSE}=best in a fine-tuning by one recipe, beside a setting with "
                "several values: correct it"
            )
        regime.points()  # refuses values that are missing or stand twice
        return regime

    @classmethod
    def parse(cls, text: str) -> Regime:
        """Parse ``zero-shot``, ``few-shot:5`` or ``finetune:full,epochs=2``.

        ``few-shot:5`` has the same exemplars before every question (``draw=fixed``);
        with ``draw=each`` every question has its own (`harness.data.draw_for_each`).

        Raises:
            UsageError: the text is none of them.
        """
        kind, _, rest = text.partition(":")
        try:
            argument, settings = parse_spec(rest)
        except ValueError as error:
            raise UsageError(f"regime {text!r}: {error}: {_EXPECTED}") from error
        if kind == "zero-shot" and not rest:
            return cls(kind="zero-shot")
        if kind == "few-shot" and argument.isdigit() and int(argument):
            if settings in ({}, {"draw": "fixed"}):
                return cls(kind="few-shot", shots=int(argument))
            if settings == {"draw": "each"}:
                return cls(kind="few-shot", shots=int(argument), settings=settings)
        if kind == "finetune" and argument:
            return cls(kind="finetune", recipe=argument, settings=settings)
        raise UsageError(f"unknown regime {text!r}: {_EXPECTED}")

    @property
    def chooses(self) -> bool:
        """Whether the best point of its grid is chosen, on the selection slice."""
        has_values = any(ALTERNATIVE in value for value in self.settings.values())
        is_one = self.kind == "finetune" and ALTERNATIVE not in self.recipe
        return is_one and has_values and self.settings.get(CHOOSE) == "best"

    def points(self) -> list[Regime]:
        """Return what it may be: the points of a grid to choose from, or itself."""
        if not self.chooses:
            return [self]
        settings = {k: v for k, v in self.settings.items() if k != CHOOSE}
        return self.parse_grid(replace(self, settings=settings).written)

    @property
    def draws_each(self) -> bool:
        """Whether every question has exemplars of its own."""
        return self.kind == "few-shot" and bool(self.settings)

    def __str__(self) -> str:
        if self.kind == "few-shot":
            return f"few-shot:{self.shots}"
        if self.kind == "finetune":
            return f"finetune:{self.recipe}"
        return self.kind

    @property
    def written(self) -> str:
        """The regime with its settings by name, as the command line takes it."""
        settings = "".join(f",{k}={v}" for k, v in sorted(self.settings.items()))
        return f"{self}{settings}"


def _values(text: str, piece: str) -> list[str]:
    """Return a setting once with each of its values."""
    name, equals, written = piece.rpartition("=")
    values = [value.strip() for value in written.split(ALTERNATIVE)]
    if len(values) > 1 and (not all(values) or len(set(values)) < len(values)):
        raise UsageError(
            f"regime {text!r}: the values of {piece!r} are empty or the same, expected "
            f"different ones between {ALTERNATIVE!r}: correct them"
        )
    return [f"{name}{equals}{value}" for value in values]


BASELINE = Regime(kind="baseline")
ZERO_SHOT = Regime(kind="zero-shot")
