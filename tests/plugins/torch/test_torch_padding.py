"""Padded to one group, as on CUDA, models answer as they do without padding."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import LoadSettings, ModelCard, ModelName
from harness.agreement import ask, compare
from harness.model import Adapter
from harness.requests import Request
from harness.selftest import sample_requests
from harness_bert import plugin as bert
from harness_gpt import plugin as gpt
from harness_t5 import plugin as t5
from harness_torch.crossing import cross
from harness_torch.packed import pack

FAMILIES: dict[
    str,
    tuple[
        Callable[[ModelName], ModelCard], Callable[[ModelName, LoadSettings], Adapter]
    ],
] = {
    "bert": (bert.describe, bert.load),
    "gpt": (gpt.describe, gpt.load),
    "t5": (t5.describe, t5.load),
}


def abilities() -> list[tuple[str, type[Request]]]:
    cards = {f: tell(ModelName.parse(f"{f}:tiny")) for f, (tell, _) in FAMILIES.items()}
    able = [(f, one) for f, card in cards.items() for one in card.abilities]
    return sorted(able, key=lambda pair: (pair[0], pair[1].__name__))


@pytest.mark.parametrize(("family", "ability"), abilities())
def test_padding_changes_no_answer(
    family: str, ability: type[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = FAMILIES[family][1](ModelName.parse(f"{family}:tiny"), LoadSettings())
    requests = sample_requests(ability, None)
    packed = ask(model, requests, 9999)
    for lay_out in (pack, cross):
        usual = lay_out.__kwdefaults__ or {}
        assert usual["is_padded"] is None
        monkeypatch.setitem(usual, "is_padded", True)
    assert compare(packed, ask(model, requests, 9999)).is_within
