"""docs/recipes.md says what recipes there are, and their own settings."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from harness import ModelName
from harness_torch.training.settings import LoopSettings
from tests.plugins.finetune.tiny_recipes import ENTRIES, RECIPES

TEXT = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text("utf-8")
ROWS = {
    row[0]: row[1:]
    for row in re.findall(
        r"^\| `([\w-]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE
    )
}
LOOP = {field.name: field.default for field in fields(LoopSettings)}


def test_every_recipe_is_there() -> None:
    assert set(ROWS) >= set(RECIPES)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_settings_that_differ_from_the_loops_are_told_with_their_defaults(
    recipe: str,
) -> None:
    own = {
        field.name: str(field.default).lower().removesuffix(".0")
        for field in fields(RECIPES[recipe].settings)
        if field.name not in LOOP or field.default != LOOP[field.name]
    }
    told = dict(re.findall(r"`(\w+)=([\w.-]+)`", ROWS[recipe][1]))
    assert told == own


@pytest.mark.parametrize("recipe", sorted(RECIPES.keys() - {"full"}))
def test_learning_rates_are_the_real_ones(recipe: str) -> None:
    entry, name = RECIPES[recipe], ModelName.parse("bert:tiny")
    settings = entry.resolve(entry.settings(), ENTRIES["bert"].describe(name))
    assert float(ROWS[recipe][2]) == settings.learning_rate
