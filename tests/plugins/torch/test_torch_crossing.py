"""Sequences of one batch attend to those of another as they would alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from harness_torch.crossing import Crossing, attend_across, cross

CPU = torch.device("cpu")
ASKING = (2, 2, 5, 1, 1, 1)
READING = (7, 7, 3, 4, 4, 9)


def crossing(is_padded: bool) -> Crossing:
    return cross(ASKING, READING, device=CPU, is_padded=is_padded)


def states() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    return (
        torch.randn(sum(ASKING), 2, 8),
        torch.randn(sum(READING), 2, 8),
        torch.randn(sum(READING), 2, 8),
    )


@pytest.mark.parametrize("is_padded", [False, True])
def test_each_sequence_reads_its_own(is_padded: bool) -> None:
    query, key, value = states()
    met = crossing(is_padded)
    ours = attend_across(query, met.spread(key), met.spread(value), met)
    pieces = zip(
        query.split(ASKING), key.split(READING), value.split(READING), strict=True
    )
    alone = [
        F.scaled_dot_product_attention(*(x.transpose(0, 1) for x in piece))
        for piece in pieces
    ]
    slow = torch.cat([rows.transpose(0, 1).flatten(1) for rows in alone])
    assert torch.allclose(ours, slow, rtol=0, atol=1e-6)


def test_on_the_cpu_nothing_is_padded_and_neighbours_of_one_size_go_together() -> None:
    met = crossing(False)
    assert [one.sequences for one in met.meetings] == [2, 1, 2, 1]
    assert sum(one.reading for one in met.meetings) == sum(READING)
    assert met.places is None


def test_elsewhere_one_kernel_takes_all() -> None:
    assert [one.sequences for one in crossing(True).meetings] == [len(ASKING)]
