"""Regimes as they are written."""

from __future__ import annotations

import pytest

from harness import UsageError
from harness.regime import Regime


@pytest.mark.parametrize(
    "text",
    ["zero-shot", "few-shot:5", "few-shot:5,draw=each", "finetune:full,epochs=2"],
)
def test_a_regime_is_written_as_it_is_read(text: str) -> None:
    assert Regime.parse(text).written == text


def test_a_regime_shows_without_settings() -> None:
    assert str(Regime.parse("finetune:full,epochs=2")) == "finetune:full"


@pytest.mark.parametrize(
    "text",
    [
        "zero",
        "few-shot",
        "few-shot:0",
        "few-shot:x",
        "finetune:",
        "zero-shot:1",
        "few-shot:5,draw=all",
        "few-shot:5,k=1",
    ],
)
def test_an_unknown_regime_says_what_is_expected(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected zero-shot, few-shot:K"):
        Regime.parse(text)


def test_fixed_exemplars_are_the_default() -> None:
    assert Regime.parse("few-shot:5,draw=fixed") == Regime.parse("few-shot:5")
    assert not Regime.parse("few-shot:5").draws_each
    assert Regime.parse("few-shot:5,draw=each").draws_each


def test_a_setting_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError, match="'epochs' is not a new option=value"):
        Regime.parse("finetune:full,epochs")


def test_several_values_of_settings_make_a_regime_of_each_combination() -> None:
    grid = Regime.parse_grid("finetune:full,learning_rate=2e-5|5e-5,epochs=1|3")
    assert [dict(one.settings) for one in grid] == [
        {"learning_rate": rate, "epochs": epochs}
        for rate in ("2e-5", "5e-5")
        for epochs in ("1", "3")
    ]


def test_a_grid_may_try_recipes_and_shots() -> None:
    grid = [
        *Regime.parse_grid("finetune:full|lora"),
        *Regime.parse_grid("few-shot:1|5"),
    ]
    assert [one.written for one in grid] == [
        "finetune:full",
        "finetune:lora",
        "few-shot:1",
        "few-shot:5",
    ]


@pytest.mark.parametrize("values", ["1|", "|", "1|1", "1| 1"])
def test_a_grid_with_an_empty_or_repeated_value_is_refused(values: str) -> None:
    with pytest.raises(
        UsageError, match=r"values of 'epochs=.*' are empty or the same"
    ):
        Regime.parse_grid(f"finetune:full,epochs={values}")
