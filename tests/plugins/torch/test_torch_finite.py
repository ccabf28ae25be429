"""Outputs that are no numbers are refused, large ones are not."""

from __future__ import annotations

import pytest
import torch

from harness import CheckpointError
from harness_torch.abilities import check_finite


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_is_no_number_is_refused(wrong: float, dtype: torch.dtype) -> None:
    values = torch.zeros(3, 5, dtype=dtype)
    values[1, 2] = wrong
    with pytest.raises(CheckpointError, match="values that are no numbers in torch"):
        check_finite(values, "model")


def test_infinities_that_cancel_are_refused() -> None:
    with pytest.raises(
        CheckpointError, match=r"no numbers in torch\.float32: check its"
    ):
        check_finite(torch.tensor([torch.inf, -torch.inf]), "model")


def test_numbers_whose_sum_is_none_pass() -> None:
    check_finite(torch.full((9,), 3e38), "model")
    check_finite(torch.full((9,), 6e4, dtype=torch.float16), "model")
    check_finite(torch.zeros(0, 4), "model")
