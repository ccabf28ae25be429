"""Syntax trees as plain values, and how many sub-trees of one are in another.

Source: `corpus_syntax_match` in CodeBLEU/syntax_match.py beside the evaluator of
code-to-code-trans in microsoft/CodeXGLUE at commit
ac74a62802a0dd159b3258c78a2df8ad36cdf2b9. A sub-tree counts as many times as the
reference holds it, however often the prediction does; names, values and operators are
no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

Point = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Node:
    """A node of a syntax tree.

    Attributes:
        type: its type in the grammar; the text itself for fixed tokens.
        field: what it is to its parent, such as ``condition``; None for no field.
        is_named: whether the grammar names it: fixed tokens have no name.
        is_missing: whether the parser invented it to go on.
        start: row and byte column where it starts.
        end: row and byte column behind it.
        children: all children, in order.
    """

    type: str
    field: str | None
    is_named: bool
    is_missing: bool
    start: Point
    end: Point
    children: list[Node]

    def child(self, field: str) -> Node | None:
        """Return the first child of a field."""
        return next((node for node in self.children if node.field == field), None)


def around(children: list[Node], name: str, field: str | None) -> Node:
    """Make a named node that holds existing ones."""
    return Node(
        type=name,
        field=field,
        is_named=True,
        is_missing=False,
        start=children[0].start,
        end=children[-1].end,
        children=children,
    )


def bottom_up(root: Node) -> list[Node]:
    """List all nodes, children before their parent, without recursion."""
    order, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(node.children)
    return order[::-1]


class SubtreeMatch(NamedTuple):
    """How many sub-trees of a reference the prediction holds too."""

    found: int
    total: int


Shape = tuple[object, ...]


def match_subtrees(prediction: Node, reference: Node) -> SubtreeMatch:
    """Count the reference's sub-trees, and those that the prediction holds."""
    numbers: dict[Shape, int] = {}
    held = set(_subtrees(prediction, numbers))
    wanted = list(_subtrees(reference, numbers))
    return SubtreeMatch(sum(shape in held for shape in wanted), len(wanted))


def _subtrees(root: Node, numbers: dict[Shape, int]) -> Iterator[int]:
    """Number the root and every node with children by its shape."""
    shapes: dict[int, int] = {}
    for node in bottom_up(root):
        parts = [
            (child.field, shapes[id(child)])
            for child in node.children
            if child.is_named or child.is_missing
        ]
        shape = (node.type, node.is_missing, *parts)
        shapes[id(node)] = numbers.setdefault(shape, len(numbers))
        if node.children or node is root:
            yield shapes[id(node)]
