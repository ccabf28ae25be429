"""What forwards compute is counted: by our own models as by what their words meet."""

from __future__ import annotations

import pytest
from torch import nn

from harness import Budget, Measured, Positions
from harness.requests import Request
from harness.selftest import sample_requests
from harness_torch.positions import Tally, count, counted_by
from tests.plugins.torch.families import abilities, load_tiny


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
    model = load_tiny(family)
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
