"""Parse code with tree-sitter into plain trees.

The grammars are packages of PyPI; the signature of a metric that parses names their
versions, since another version may give other trees.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, cast

from harness.metrics.code.shapes import reshape
from harness.metrics.code.trees import Node

if TYPE_CHECKING:
    import tree_sitter


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Where a language's grammar comes from.

    Attributes:
        package: the distribution, such as ``tree-sitter-java``.
        function: what returns the grammar in the package's module.
    """

    package: str
    function: str = "language"


GRAMMARS = {
    "c_sharp": Grammar(package="tree-sitter-c-sharp"),
    "go": Grammar(package="tree-sitter-go"),
    "java": Grammar(package="tree-sitter-java"),
    "javascript": Grammar(package="tree-sitter-javascript"),
    # code of data sets stands alone: with the full grammar it is text behind no `<?php`
    "php": Grammar(package="tree-sitter-php", function="language_php_only"),
    "python": Grammar(package="tree-sitter-python"),
    "ruby": Grammar(package="tree-sitter-ruby"),
}


def grammar_version(language: str) -> str:
    """Return what parses a language, such as ``tree-sitter-java-0.23.5``."""
    package = GRAMMARS[language].package
    return f"{package}-{metadata.version(package)}"


def parse(code: str, language: str) -> Node:
    """Parse code; what is no code of the language becomes nodes of type ``ERROR``."""
    tree = _parser(language).parse(code.encode("utf-8", "surrogatepass"))
    return reshape(_plain(tree.walk()), language)


@functools.cache
def _parser(language: str) -> tree_sitter.Parser:
    import tree_sitter

    grammar = GRAMMARS[language]
    module = importlib.import_module(grammar.package.replace("-", "_"))
    return tree_sitter.Parser(tree_sitter.Language(getattr(module, grammar.function)()))


def _plain(cursor: tree_sitter.TreeCursor) -> Node:
    """Copy a tree without recursion, so that no depth is too deep."""
    root = _node(cursor)
    path = [root]
    while True:
        if cursor.goto_first_child():
            path.append(_attach(path[-1], cursor))
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return root
            path.pop()
        path[-1] = _attach(path[-2], cursor)


def _attach(parent: Node, cursor: tree_sitter.TreeCursor) -> Node:
    child = _node(cursor)
    parent.children.append(child)
    return child


def _node(cursor: tree_sitter.TreeCursor) -> Node:
    node = cast("tree_sitter.Node", cursor.node)  # a parsed tree has no empty node
    start, end = node.start_point, node.end_point
    return Node(
        type=node.type,
        field=cursor.field_name,
        is_named=node.is_named,
        is_missing=node.is_missing,
        start=(start.row, start.column),
        end=(end.row, end.column),
        children=[],
    )
