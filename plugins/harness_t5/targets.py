"""Log-probabilities of target texts, the source read once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from harness import Encoded
from harness_t5.model import T5, Reading
from harness_t5.sources import pack_sources
from harness_torch.crossing import cross
from harness_torch.packed import pack
from harness_torch.scoring import Scored, log_probabilities

Targets = Sequence[Sequence[int]]

_READ_AT_ONCE = 2048
"""Target tokens decoded at once: each is compared with each of the others."""


def score_targets(
    module: T5, batch: Sequence[Encoded], targets: Sequence[Targets], *, title: str
) -> list[list[list[Scored]]]:
    """Return the log-probability of each token of each target of each source.

    A source's targets branch from the one start token, and meet the source's keys at
    once. A target's last token is asked for and never read.

    Args:
        module: what scores.
        batch: the sources.
        targets: for each source the token ids of its targets, any of which may be
            empty.
        title: how messages name the model.

    Raises:
        CheckpointError: a log-probability is not a number.
    """
    lengths = [len(item.ids) for item in batch]
    read_states = module.encode(pack_sources(batch, module.shared.weight.device))
    longest = sum(max(map(len, several), default=0) for several in targets)
    step = max(1, _READ_AT_ONCE // max(longest, 1))
    found: list[list[list[Scored]]] = [[] for _ in targets]
    for start in range(0, max(map(len, targets), default=0), step):
        some = [several[start : start + step] for several in targets]
        scored = _score(module, read_states, lengths, some, title)
        for own, rows in zip(found, scored, strict=True):
            own += rows
    return found


def target_states(module: T5, batch: Sequence[Encoded]) -> Tensor:
    """Return the decoder's states that each source's one target follows.

    Args:
        module: what writes.
        batch: the sources, with ``target`` in `Encoded.extra`, which is not empty.

    Returns:
        One row for each token of each target, ``(rows, C)``.
    """
    read_states = module.encode(pack_sources(batch, module.shared.weight.device))
    lengths = [len(item.ids) for item in batch]
    targets = [[item.extra["target"]] for item in batch]
    return decode_targets(module, read_states, lengths, targets)


def _score(
    module: T5,
    read_states: Tensor,
    lengths: Sequence[int],
    targets: Sequence[Targets],
    title: str,
) -> list[list[list[Scored]]]:
    """Score some targets of every source, whose states were read before."""
    asked = [row for several in targets for row in _asked(several)]
    states = decode_targets(module, read_states, lengths, targets)
    scored = log_probabilities(states, module.project, asked, title=title)
    rows = iter(scored)
    return [
        _gather(several, [next(rows) for _ in _asked(several)]) for several in targets
    ]


def decode_targets(
    module: T5,
    read_states: Tensor,
    lengths: Sequence[int],
    targets: Sequence[Targets],
) -> Tensor:
    """Return the states of each source's start token and its targets' tokens."""
    if module.decoder is None:
        raise ValueError("a model without a decoder can't say anything")
    device = module.shared.weight.device
    layouts = [(1, *(max(len(t) - 1, 0) for t in several)) for several in targets]
    start = module.config.start_token_id
    read = [[start, *(i for t in several for i in t[:-1])] for several in targets]
    packed = pack(read, device=device, is_causal=True, layouts=layouts)
    crossing = cross([len(ids) for ids in read], lengths, device=device)
    sight = Reading(packed, module.decoder, read_states, crossing)
    return module.decode(packed.ids, sight)


def _asked(targets: Targets) -> list[list[int]]:
    """Return what is asked of each row: first tokens of the start, then the next."""
    first = [target[0] for target in targets if target]
    return [first, *([token] for target in targets for token in target[1:])]


def _gather(targets: Targets, rows: Sequence[list[Scored]]) -> list[list[Scored]]:
    first, later = iter(rows[0]), iter(rows[1:])
    return [
        [next(first), *(next(later)[0] for _ in target[1:])] if target else []
        for target in targets
    ]
