"""What forwards compute is counted: by our own models as by what their words meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from harness import Budget, LoadSettings, Measured, ModelCard, ModelName, Positions
from harness.requests import Request
from harness.selftest import sample_requests
from harness_bert import plugin as bert
from harness_gpt import plugin as gpt
from harness_t5 import plugin as t5
from harness_torch.positions import Tally, count, counted_by

FAMILIES: dict[str, tuple[Callable[[ModelName], ModelCard], Callable[..., Any]]] = {
    "bert": (bert.describe, bert.load),
    "gpt": (gpt.describe, gpt.load),
    "t5": (t5.describe, t5.load),
}


def abilities() -> list[tuple[str, type[Request]]]:
    cards = {f: tell(ModelName.parse(f"{f}:tiny")) for f, (tell, _) in FAMILIES.items()}
    able = [(f, one) for f, card in cards.items() for one in card.abilities]
    return sorted(able, key=lambda pair: (pair[0], pair[1].__name__))


def test_forwards_are_counted_by_whoever_listens() -> None:
    tally = Tally()
    count(1, 1)
    with counted_by(tally):
        count(3, 4)
        count(2, 4)
    count(1, 1)
    assert tally.positions == Positions(held=5, computed=8)


@pytest.mark.parametrize(("family", "ability"), abilities())
def test_every_token_that_meets_a_word_vector_is_counted_and_none_is_padding(
    family: str, ability: type[Request]
) -> None:
    model = FAMILIES[family][1](ModelName.parse(f"{family}:tiny"), LoadSettings())
    words = max(
        (part for part in model.module.modules() if isinstance(part, nn.Embedding)),
        key=lambda part: part.num_embeddings,
    )
    met: list[int] = []
    words.register_forward_pre_hook(lambda _, given: met.append(given[0].numel()))
    session = model.session()
    requests = sample_requests(ability, None)
    assert len(list(session.answer(model.encode(requests), Budget(tokens=300)))) == 12
    assert isinstance(session, Measured)
    assert session.positions == Positions(sum(met), sum(met))
