"""docs/training.md says what the loop can be told."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from harness_torch.training.settings import LoopSettings

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text("utf-8")
DEFAULTS = {field.name: field.default for field in fields(LoopSettings)}
TABLE = TEXT[TEXT.index("| setting |") :].split("\n\n", 1)[0]
ROWS = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", TABLE, re.MULTILINE))


def test_every_setting_of_the_loop_is_there() -> None:
    elsewhere = {"select_on", "select_share", "train_examples", "max_examples"}
    assert set(DEFAULTS) - set(ROWS) <= elsewhere
    assert set(ROWS) <= set(DEFAULTS)


def test_defaults_are_the_real_ones() -> None:
    told = {name: text.strip("`") for name, text in ROWS.items()}
    for name, text in told.items():
        default = DEFAULTS[name]
        if default is None:
            assert text in ("none", "the model's")
        elif isinstance(default, bool):
            assert text == str(default).lower()
        else:
            assert text == (
                f"{default:g}" if isinstance(default, float) else f"{default}"
            )
