"""What a forward may hold: asked for, known by the adapter, or learnt by failing."""

from __future__ import annotations

import pytest

from harness.engine import first_budget
from harness.measure import usual_dtype
from harness.model import (
    Budget,
    LoadSettings,
    ModelCard,
    ModelEntry,
    ModelName,
    SimpleAdapter,
)
from harness.requests import Answer, Request
from harness.runner import ModelPool


class Large:
    """Has room for 50,000 tokens."""

    def answer(self, requests: list[Request]) -> list[Answer]:
        return []

    def room(self) -> int | None:
        return 50_000


def load(name: ModelName, settings: LoadSettings) -> SimpleAdapter:
    return Large()  # type: ignore[return-value] # asks nothing


ENTRY = ModelEntry(
    name="large",
    summary="",
    examples=("large:",),
    describe=lambda _: ModelCard(abilities=frozenset(), fingerprint="1"),
    load=load,
)


def pool(name: str = "large:") -> ModelPool:
    made = ModelPool()
    made.load(ENTRY, ModelName.parse(name), LoadSettings())
    return made


@pytest.mark.parametrize(
    ("adapter", "asked", "tokens"),
    [(Large(), 300, 300), (Large(), None, 50_000), (object(), None, 2048)],
    ids=["what is asked for", "what there is room for", "the usual"],
)
def test_a_first_budget_is(adapter: object, asked: int | None, tokens: int) -> None:
    assert first_budget(adapter, asked) == Budget(tokens=tokens)


def test_what_a_model_turned_out_to_hold_is_kept_for_its_next_cells() -> None:
    models = pool()
    assert models.budget(None).tokens == 50_000
    models.learn(Budget(tokens=12_500))
    models.load(ENTRY, ModelName.parse("large:"), LoadSettings())
    assert models.budget(None).tokens == 12_500


def test_another_model_learns_anew() -> None:
    models = pool()
    models.learn(Budget(tokens=12_500))
    models.load(ENTRY, ModelName.parse("large:other"), LoadSettings())
    assert models.budget(None).tokens == 50_000


def test_a_run_that_names_no_precision_is_fp32_on_a_cpu() -> None:
    assert usual_dtype("cpu") == "fp32"


@pytest.mark.parametrize(("can", "dtype"), [(True, "bf16"), (False, "fp32")])
def test_a_run_that_names_no_precision_is_bf16_on_a_gpu_that_can(
    can: bool, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")

    def told(*, including_emulation: bool) -> bool:
        return can and not including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", told)
    assert usual_dtype("cuda:1") == dtype
