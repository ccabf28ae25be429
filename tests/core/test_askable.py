"""Which formulations a model can be asked in, by what they ask."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from harness import ModelCard, ModelName, Prompt
from harness.formulations import ClassifyHead, FillBlank, Formulation, GenerateText
from harness.plan.askable import Unfit, choose_formulation
from harness.regime import ZERO_SHOT, Regime
from harness.requests import Classify, Embed, Fill, Generate, Request

CARD = ModelCard(abilities=frozenset({Embed, Classify}), fingerprint="x")
NAME = ModelName(adapter="toy", checkpoint="")
HEAD = ClassifyHead(texts=("{text}",), labels=("a", "b"))
FILLER = ModelCard(abilities=frozenset({Classify, Fill}), fingerprint="x")
BLANK_TO_FILL = FillBlank(
    prompt="cloze",
    wording=Prompt(text="{text} {blank}"),
    candidates=lambda _: ("a", "b"),
)
ALL_WAYS: list[Formulation] = [
    HEAD,
    GenerateText(prompt="plain", wording=Prompt(text="{text}")),
    BLANK_TO_FILL,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest(ClassifyHead):
    """Asks for vectors: no prompt words it, and no trained head is needed."""

    @property
    def name(self) -> str:
        return "embed"

    @property
    def asks(self) -> type[Request]:
        return Embed


NEAREST = Nearest(texts=("{text}",), labels=("a", "b"))


def test_a_vector_needs_neither_prompt_nor_head() -> None:
    offered = [HEAD, NEAREST]
    assert choose_formulation(offered, CARD, ZERO_SHOT, frozenset(), NAME) is NEAREST


def test_a_head_that_the_checkpoint_lacks_cannot_be_asked() -> None:
    with pytest.raises(Unfit, match="a head with the task's own labels"):
        choose_formulation([HEAD], CARD, ZERO_SHOT, frozenset(), NAME)


def test_a_head_is_not_asked_for_where_none_would_help() -> None:
    card = ModelCard(
        abilities=frozenset({Classify}),
        fingerprint="x",
        trainable=frozenset({"regress"}),
    )
    reason = "toy: answers Classify, and zero-shot needs one of Embed$"
    with pytest.raises(Unfit, match=reason):
        choose_formulation([NEAREST], card, ZERO_SHOT, frozenset(), NAME)


def test_training_is_advised_where_it_would_give_the_head() -> None:
    card = ModelCard(
        abilities=frozenset(), fingerprint="x", trainable=frozenset({"classify"})
    )
    with pytest.raises(Unfit, match=r"own labels\): fine-tune it with --regime"):
        choose_formulation([HEAD], card, ZERO_SHOT, frozenset(), NAME)


def test_exemplars_need_a_prompt() -> None:
    few = Regime(kind="few-shot", shots=2)
    with pytest.raises(Unfit, match="few-shot:2 needs a prompt that words exemplars"):
        choose_formulation([NEAREST], CARD, few, frozenset(), NAME)


def test_a_blank_takes_no_exemplars() -> None:
    few = Regime(kind="few-shot", shots=2)
    reason = "needs a prompt that words exemplars, and cloze has none$"
    with pytest.raises(Unfit, match=reason):
        choose_formulation([BLANK_TO_FILL], FILLER, few, frozenset(), NAME)


def test_what_takes_exemplars_is_named_and_no_head() -> None:
    few = Regime(kind="few-shot", shots=2)
    reason = "few-shot:2 needs one of Generate; Fill takes no exemplars$"
    with pytest.raises(Unfit, match=reason):
        choose_formulation(ALL_WAYS, FILLER, few, frozenset(), NAME)


def test_a_blank_is_filled_zero_shot() -> None:
    chosen = choose_formulation(ALL_WAYS, FILLER, ZERO_SHOT, frozenset(), NAME)
    assert chosen is BLANK_TO_FILL


def test_a_recipe_that_trains_no_blank_is_not_asked_for_one() -> None:
    regime = Regime(kind="finetune", recipe="full")
    trains = frozenset({"classify", "language"})
    card = replace(FILLER, trainable=trains)
    with pytest.raises(Unfit, match="can't be fine-tuned for fill by finetune:full"):
        choose_formulation([BLANK_TO_FILL], card, regime, trains, NAME)


def test_a_model_says_why_it_cannot_be_asked() -> None:
    facts = {"Classify": "its head is gone"}
    card = ModelCard(abilities=frozenset({Embed}), fingerprint="x", facts=facts)
    with pytest.raises(Unfit, match="own labels\\); Classify: its head is gone"):
        choose_formulation([HEAD], card, ZERO_SHOT, frozenset(), NAME)


FULL = Regime(kind="finetune", recipe="full")
EVERY = frozenset({"classify", "fill", "language"})
WRITER = ModelCard(
    abilities=frozenset({Generate}),
    fingerprint="x",
    trainable=EVERY,
    prefers=("generate",),
)


def test_what_a_model_prefers_is_what_it_is_trained_for() -> None:
    chosen = choose_formulation(ALL_WAYS, WRITER, FULL, EVERY, NAME)
    assert chosen.name == "generate"


def test_it_may_prefer_something_else_where_it_is_trained() -> None:
    card = replace(WRITER, prefers_trained=("head",))
    assert choose_formulation(ALL_WAYS, card, FULL, EVERY, NAME) is HEAD
    chosen = choose_formulation(ALL_WAYS, card, ZERO_SHOT, EVERY, NAME)
    assert chosen.name == "generate"


def test_a_layer_of_its_own_is_trained_for_what_it_answers_alone() -> None:
    with pytest.raises(Unfit, match="can't be fine-tuned for fill by finetune:full"):
        choose_formulation([BLANK_TO_FILL], WRITER, FULL, EVERY, NAME)
    card = replace(WRITER, abilities=frozenset({Fill}))
    chosen = choose_formulation([BLANK_TO_FILL], card, FULL, EVERY, NAME)
    assert chosen is BLANK_TO_FILL
