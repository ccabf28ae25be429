"""Give today's syntax trees the shape that the grammars of CodeBLEU's build had.

CodeBLEU's script brings tree-sitter grammars as they were in early 2020. Since then
they wrap, name and split some nodes in another way; where code is well-formed, these
rules undo that, so that sub-trees and data flow count as the script counts them. Code
that is broken mostly gives other trees still: what a parser does after an error hangs
on its grammar's tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.metrics.code.one_line import chain_assignments
from harness.metrics.code.top_level import split_methods
from harness.metrics.code.trees import Node, around, bottom_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one language's trees are changed.

    Attributes:
        leaves: nodes that were single tokens.
        renamed: nodes that had another name.
        unnamed: nodes that had no name, so that sub-trees don't show them.
        dissolved: nodes that did not exist: their children stood in their place.
        wrapped: for a node and a field, the node that stood around the field's child.
        wrapped_children: for a node, the node that stood around its named children.
        wrapped_tokens: for a token's field and its parent, or its text and nothing,
            the node that stood around it.
        clauses: nodes whose ``=`` and all behind it stood in an `equals_value_clause`.
        splits_methods: whether methods outside a class were broken code.
        chains_assignments: whether any expression could stand left of an assignment.
    """

    leaves: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()
    dissolved: frozenset[str] = frozenset()
    wrapped: Mapping[tuple[str, str], str] = field(default_factory=dict)
    wrapped_children: Mapping[str, str] = field(default_factory=dict)
    wrapped_tokens: Mapping[tuple[str, str], str] = field(default_factory=dict)
    clauses: frozenset[str] = frozenset()
    splits_methods: bool = False
    chains_assignments: bool = False


SHAPES: dict[str, Shape] = {
    "c_sharp": Shape(
        renamed={
            "foreach_statement": "for_each_statement",
            "typeof_expression": "type_of_expression",
        },
        dissolved=frozenset({"global_statement"}),
        wrapped_tokens={
            ("operator", "assignment_expression"): "assignment_operator",
            ("this", ""): "this_expression",
            ("base", ""): "base_expression",
        },
        clauses=frozenset({"variable_declarator", "parameter"}),
    ),
    "java": Shape(
        leaves=frozenset({"string_literal", "character_literal"}),
        dissolved=frozenset({"switch_block_statement_group"}),
        splits_methods=True,
    ),
    "python": Shape(
        renamed={
            "pattern_list": "expression_list",
            "tuple_pattern": "tuple",
            "list_pattern": "list",
            "list_splat_pattern": "list_splat",
            "dictionary_splat_pattern": "dictionary_splat",
        },
        unnamed=frozenset({"string_start", "string_end"}),
        dissolved=frozenset(
            {
                "string_content",
                "is not",
                "not in",
                "as_pattern",
                "as_pattern_target",
                "with_clause",
            }
        ),
        wrapped={
            ("assignment", "left"): "expression_list",
            ("assignment", "right"): "expression_list",
            ("augmented_assignment", "left"): "expression_list",
            ("augmented_assignment", "right"): "expression_list",
            ("for_statement", "left"): "variables",
            ("for_statement", "right"): "expression_list",
        },
        wrapped_children={
            "return_statement": "expression_list",
            "delete_statement": "expression_list",
            "raise_statement": "expression_list",
        },
        chains_assignments=True,
    ),
}
_UNWRAPPED = frozenset({"assignment", "augmented_assignment", "yield"})
"""What stood on an assignment's right side as it is."""


def reshape(root: Node, language: str) -> Node:
    """Change a tree in place, from its leaves up, and return it."""
    shape = SHAPES.get(language)
    if shape is None:
        return root
    if shape.chains_assignments:
        chain_assignments(root)
    for node in bottom_up(root):
        _reshape_node(node, shape)
    if shape.splits_methods:
        split_methods(root)
    return root


def _reshape_node(node: Node, shape: Shape) -> None:
    if node.type in shape.leaves:
        node.children = []
    node.children = [
        part
        for child in node.children
        for part in (child.children if child.type in shape.dissolved else [child])
    ]
    for place, child in enumerate(node.children):
        if child.type in shape.unnamed:
            child.is_named = False
        node.children[place] = _wrap_token(child, node, shape)
    _wrap_fields(node, shape)
    if node.type in shape.wrapped_children:
        _wrap_all(node, shape.wrapped_children[node.type])
    if node.type in shape.clauses:
        _wrap_clause(node)
    node.type = shape.renamed.get(node.type, node.type)


def _wrap_token(child: Node, parent: Node, shape: Shape) -> Node:
    if child.is_named or not shape.wrapped_tokens:
        return child
    name = shape.wrapped_tokens.get((child.field or "", parent.type))
    name = name or shape.wrapped_tokens.get((child.type, ""))
    return child if name is None else _around([child], name, child.field)


def _wrap_fields(node: Node, shape: Shape) -> None:
    for place, child in enumerate(node.children):
        name = shape.wrapped.get((node.type, child.field or ""))
        if name is None or not child.is_named or child.type in _UNWRAPPED:
            continue
        if child.type == "expression_list":
            child.type = name
        elif child.type != name:
            node.children[place] = _around([child], name, child.field)


def _wrap_all(node: Node, name: str) -> None:
    named = [place for place, child in enumerate(node.children) if child.is_named]
    if not named or node.children[named[0]].type == name:
        return
    start, end = named[0], named[-1] + 1
    node.children[start:end] = [_around(node.children[start:end], name, None)]


def _wrap_clause(node: Node) -> None:
    signs = [place for place, child in enumerate(node.children) if child.type == "="]
    if signs:
        start = signs[0]
        node.children[start:] = [
            _around(node.children[start:], "equals_value_clause", None)
        ]


def _around(children: list[Node], name: str, field_name: str | None) -> Node:
    """Wrap nodes; a field goes over to the node around them."""
    if field_name is not None:
        for child in children:
            child.field = None
    return around(children, name, field_name)
