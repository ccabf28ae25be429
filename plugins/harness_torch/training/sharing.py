"""One step that several processes take together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, distributed, nn

from harness import Encoded
from harness.ranks import agree, rank, world_size
from harness_torch.training.accumulator import Total

_BUCKET = 1 << 23
"""Numbers that travel at once."""


def own_share(batch: Sequence[Encoded]) -> Sequence[Encoded]:
    """Return this process's part of a step; it may be empty.

    Lengths are dealt out in turns, so that all have about as much to do.
    """
    if world_size() == 1:
        return batch
    by_length = sorted(batch, key=lambda item: item.cost)
    return by_length[rank() :: world_size()]


@torch.no_grad()
def spread(parameters: Sequence[nn.Parameter]) -> None:
    """Give all processes the first one's weights."""
    if world_size() == 1:
        return
    agree()
    for parameter in parameters:
        distributed.broadcast(parameter.data, 0)


def add_up(total: Total, parameters: Sequence[nn.Parameter]) -> Total:
    """Sum losses and gradients over all processes, and leave the sum in each.

    Raises:
        PeerError: another process failed.
    """
    if world_size() == 1:
        return total
    agree()
    sums = torch.tensor([total.loss, total.terms], dtype=torch.float64)
    distributed.all_reduce(sums)
    has_gradient = torch.tensor(
        [p.grad is not None for p in parameters], dtype=torch.int
    )
    distributed.all_reduce(has_gradient, distributed.ReduceOp.MAX)
    concerned = zip(parameters, has_gradient.tolist(), strict=True)
    for bucket in _buckets([p for p, is_concerned in concerned if is_concerned]):
        _sum_gradients(bucket)
    loss, terms = sums.tolist()
    return Total(loss, int(terms))


def _buckets(parameters: Sequence[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    bucket: list[nn.Parameter] = []
    held = 0
    for parameter in parameters:
        if bucket and held + parameter.numel() > _BUCKET:
            yield bucket
            bucket, held = [], 0
        bucket.append(parameter)
        held += parameter.numel()
    if bucket:
        yield bucket


def _sum_gradients(parameters: Sequence[nn.Parameter]) -> None:
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, summed in zip(gradients, torch.split(flat, sizes), strict=True):
        gradient.copy_(summed.view_as(gradient))
