"""Continuations that share a context, computed in one sequence that branches.

A tree's trunk is the context; each branch is a continuation but for its last token,
which nothing is asked of. Equal continuations are one branch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import torch

from harness_gpt.decoder import Decoder
from harness_torch.beginnings import Beginning, shared_beginning
from harness_torch.cache import Attending, BehindAttention, PackedAttention
from harness_torch.packed import Layout, Packed, pack
from harness_torch.scoring import Pair, Scored, log_probabilities

AT_ONCE = 4096
"""Tokens of several trees that are read together; one tree may have more."""

_Ids = tuple[int, ...]
_NOTHING = Scored(0.0, True)  # a continuation without tokens is certain


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A context and the different continuations that are scored after it.

    Attributes:
        trunk: the context, or what of it comes behind the beginning.
        branches: the continuations.
        beginning: what other trees' contexts begin with too, if anything.
    """

    trunk: _Ids
    branches: tuple[_Ids, ...]
    beginning: Beginning | None = None

    @property
    def ids(self) -> list[int]:
        """What the model reads of this tree alone."""
        return [*self.trunk, *(token for b in self.branches for token in b[:-1])]

    @property
    def layout(self) -> Layout:
        """Trunk and branches; a single one needs no branching."""
        lengths = [len(branch) - 1 for branch in self.branches if len(branch) > 1]
        trunk = len(self.trunk)
        return (trunk, *lengths) if len(self.branches) > 1 else (trunk + sum(lengths),)

    @property
    def targets(self) -> list[list[int]]:
        """What is asked of each row from the trunk's last one on."""
        first = [branch[0] for branch in self.branches]
        return [first, *([token] for b in self.branches for token in b[1:])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The trees of one request.

    Attributes:
        trees: what is read.
        places: tree and branch of each continuation, None for one without tokens.
        cut: tokens that were cut from the longest of them.
    """

    trees: tuple[Tree, ...]
    places: tuple[tuple[int, int] | None, ...]
    cut: int

    @property
    def ids(self) -> list[int]:
        """All that the model reads, without what other trees begin with too."""
        return [token for tree in self.trees for token in tree.ids]

    @property
    def all_ids(self) -> list[int]:
        """The same with beginnings."""
        return [
            token
            for tree in self.trees
            for ids in (tree.beginning.ids if tree.beginning else (), tree.ids)
            for token in ids
        ]

    def behind(self, virtual: _Ids) -> Forest:
        """Return the same behind virtual tokens, with which every tree begins."""
        trees = (replace(tree, trunk=virtual + tree.trunk) for tree in self.trees)
        return replace(self, trees=tuple(trees))

    def pick(self, scored: Sequence[Sequence[Scored]]) -> list[Scored]:
        """Return each continuation's score of the scores of all trees' branches."""
        return [
            _NOTHING if place is None else scored[place[0]][place[1]]
            for place in self.places
        ]


def grow(pairs: Sequence[Pair], *, length: int) -> Forest:
    """Make the trees of a request.

    What doesn't fit is cut from the context's left, for each continuation as little as
    it needs, as lm-evaluation-harness does: the last token is not read, so one more
    than the length fits.

    Args:
        pairs: contexts, none empty, and continuations.
        length: the model's longest input.
    """
    branches: dict[_Ids, dict[_Ids, int]] = {}
    found: list[tuple[_Ids, _Ids] | None] = []
    cut = 0
    for context, continuation in pairs:
        whole = (*context, *continuation)
        excess = max(0, len(whole) - length - 1)
        start = min(max(excess + 1, len(context)), len(whole))
        trunk, branch = whole[excess:start], whole[start:]
        cut = max(cut, excess)
        if branch:
            known = branches.setdefault(trunk, {})
            known.setdefault(branch, len(known))
        found.append((trunk, branch) if branch else None)
    order = {trunk: place for place, trunk in enumerate(branches)}
    return Forest(
        trees=tuple(Tree(trunk=t, branches=tuple(b)) for t, b in branches.items()),
        places=tuple(
            (order[one[0]], branches[one[0]][one[1]]) if one else None for one in found
        ),
        cut=cut,
    )


def share_beginning(forests: Sequence[Forest], *, sight: int | None) -> list[Forest]:
    """Take what the trees of many forests begin with out of them, to be read once.

    Forests that were cut have lost it, and stay as they are; so do those with a tree
    that a token may not see all of.

    Args:
        forests: what is asked.
        sight: how many places a token sees; see `Decoder`.
    """

    def may_share(forest: Forest) -> bool:
        longest = max((len(tree.ids) for tree in forest.trees), default=0)
        return not forest.cut and (sight is None or longest <= sight)

    able = [may_share(forest) for forest in forests]
    sharing = [forest for forest, is_able in zip(forests, able, strict=True) if is_able]
    ids = shared_beginning([tree.trunk for forest in sharing for tree in forest.trees])
    if not ids:
        return list(forests)
    shared = Beginning(ids)
    return [
        _behind(forest, shared) if is_able else forest
        for forest, is_able in zip(forests, able, strict=True)
    ]


def _behind(forest: Forest, shared: Beginning) -> Forest:
    trees = (
        replace(tree, trunk=tree.trunk[len(shared.ids) :], beginning=shared)
        for tree in forest.trees
    )
    return replace(forest, trees=tuple(trees))


def score_trees(
    trees: Sequence[Tree], model: Decoder, *, device: torch.device, title: str
) -> list[list[Scored]]:
    """Return the score of each tree's branches, in their order.

    Raises:
        CheckpointError: a score is not a number.
    """
    by_beginning: dict[Beginning | None, list[int]] = defaultdict(list)
    for place in sorted(range(len(trees)), key=lambda place: trees[place].layout):
        by_beginning[trees[place].beginning].append(place)
    costs = [len(tree.ids) for tree in trees]
    scored: dict[int, list[Scored]] = {}
    for order in by_beginning.values():
        for places in cut_at_once(order, costs):
            answers = _score([trees[place] for place in places], model, device, title)
            scored.update(zip(places, answers, strict=True))
    return [scored[place] for place in range(len(trees))]


def cut_at_once(order: Sequence[int], costs: Sequence[int]) -> Iterator[list[int]]:
    """Divide places, in order, into runs of at most `AT_ONCE` tokens or of one."""
    batch: list[int] = []
    for place in order:
        if batch and sum(costs[p] for p in batch) + costs[place] > AT_ONCE:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _score(
    trees: Sequence[Tree], model: Decoder, device: torch.device, title: str
) -> Iterator[list[Scored]]:
    packed = pack(
        [tree.ids for tree in trees],
        device=device,
        is_causal=True,
        layouts=[tree.layout for tree in trees],
    )
    starts = accumulate((len(tree.ids) for tree in trees[:-1]), initial=0)
    rows = [
        row
        for tree, start in zip(trees, starts, strict=True)
        for row in range(start + len(tree.trunk) - 1, start + len(tree.ids))
    ]
    attending, before = _attending(packed, trees[0].beginning, model)
    hidden = model(
        packed.ids,
        packed.positions + before,
        attending,
        torch.tensor(rows, device=device),
    )
    targets = [asked for tree in trees for asked in tree.targets]
    scored = iter(log_probabilities(hidden, model.logits, targets, title=title))
    for tree in trees:
        firsts = next(scored)
        yield [
            _joined([first, *(next(scored)[0] for _ in branch[1:])])
            for first, branch in zip(firsts, tree.branches, strict=True)
        ]


def _attending(
    packed: Packed, beginning: Beginning | None, model: Decoder
) -> tuple[Attending, int]:
    """Return how a batch attends, and how many tokens it stands behind."""
    if beginning is None:
        return PackedAttention(packed), 0
    kept = beginning.kept(model, packed.ids.device)
    return BehindAttention(packed, kept), kept.longest


def _joined(tokens: Sequence[Scored]) -> Scored:
    return Scored(
        sum(token.log_probability for token in tokens),
        all(token.is_greedy for token in tokens),
    )
