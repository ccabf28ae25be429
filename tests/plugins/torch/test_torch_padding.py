"""Padded to one group, as on CUDA, models answer as they do without padding."""

from __future__ import annotations

import pytest

from harness.agreement import ask, compare
from harness.requests import Request
from harness.selftest import sample_requests
from harness_torch.crossing import cross
from harness_torch.packed import pack
from tests.plugins.torch.families import abilities, load_tiny


@pytest.mark.parametrize(("family", "ability"), abilities())
def test_padding_changes_no_answer(
    family: str, ability: type[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_tiny(family)
    requests = sample_requests(ability, None)
    packed = ask(model, requests, 9999)
    for lay_out in (pack, cross):
        usual = lay_out.__kwdefaults__ or {}
        assert usual["is_padded"] is None
        monkeypatch.setitem(usual, "is_padded", True)
    assert compare(packed, ask(model, requests, 9999)).is_within
