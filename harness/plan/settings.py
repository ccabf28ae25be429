"""Read a recipe's settings from text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.errors import UsageError, unknown_name
from harness.recipe import RecipeEntry
from harness.regime import Regime


def read_settings(recipe: RecipeEntry, written: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Return an instance of the recipe's settings class.

    Args:
        recipe: the recipe, whose settings class holds the defaults.
        written: settings as a suite or the command line gives them.

    Raises:
        UsageError: a setting is unknown or its value is of the wrong type.
    """
    return parse_settings(
        recipe.settings,
        written,
        owner=f"recipe {recipe.name}",
        listing="harness list recipes",
        remedy="correct the regime",
    )


def parse_settings(
    settings: type, written: Mapping[str, str], *, owner: str, listing: str, remedy: str
) -> Any:  # noqa: ANN401 # an instance of `settings`
    """Return an instance of a settings class.

    Args:
        settings: a frozen dataclass, whose fields have defaults.
        written: values by name, as text.
        owner: whose settings they are, for messages.
        listing: the command that shows them.
        remedy: what a user does about a wrong value.

    Raises:
        UsageError: a setting is unknown or its value is of the wrong type.
    """
    names = {field.name for field in dataclasses.fields(settings)}
    for name in written:
        if name not in names:
            raise unknown_name(f"setting of {owner}:", name, names, listing)
    try:
        return TypeAdapter(settings).validate_python(dict(written))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"setting {name}={first['input']!r} of {owner}: "
            f"{first['msg'][0].lower()}{first['msg'][1:]}: {remedy}"
        ) from error


def check_regime(recipe: RecipeEntry, regime: Regime) -> None:
    """Read the settings of every point of a regime's grid.

    Raises:
        UsageError: one is wrong, or points are to be chosen from without a selection.
    """
    for point in regime.points():
        settings = read_settings(recipe, point.settings)
        if regime.chooses and settings.select != "best":
            raise UsageError(
                f"regime {regime.written!r} chooses the best of its settings, which "
                "are compared on the selection slice, and select is "
                f"{settings.select!r}: add select=best"
            )
