"""Cut Java methods outside a class as a grammar does that has none there.

The grammar of CodeBLEU's build knows methods in classes only. A method alone becomes
a variable declaration whose semicolon is missing, an error that holds the parameters,
and a block; a constructor alone, an error and a block. Today's grammar sees a method,
of which a constructor lacks the name.
"""

from __future__ import annotations

from harness.metrics.code.trees import Node, Point, around

METHOD = "method_declaration"


def split_methods(root: Node) -> None:
    """Replace every method that is a child of the root by its parts, in place."""
    root.children = [
        part
        for child in root.children
        for part in (_parts(child) if child.type == METHOD else [child])
    ]


def _parts(method: Node) -> list[Node]:
    name, body = method.child("name"), method.child("body")
    parameters = method.child("parameters")
    if name is None or parameters is None:
        return [method]
    cut = method.children.index(name)
    before, behind = method.children[:cut], method.children[cut + 1 :]
    kept = [child for child in behind if child is not body and child.type != ";"]
    rest = [child for child in behind if child is body or child.type == ";"]
    for child in rest:
        child.field = None
    if name.is_missing:
        return [_error([*before, *kept]), *rest]
    name.field = "name"
    declarator = around([name], "variable_declarator", "declarator")
    header = [*before, declarator, _missing_semicolon(name.end)]
    declaration = around(header, "local_variable_declaration", None)
    return [declaration, _error(kept), *rest]


def _error(nodes: list[Node]) -> Node:
    """Hold nodes in an error, where a plain type reads as an identifier."""
    found = []
    for node in nodes:
        found += node.children if node.type == "throws" else [node]
    for node in found:
        node.field = None
        if node.type == "type_identifier":
            node.type = "identifier"
    return around(found, "ERROR", None)


def _missing_semicolon(place: Point) -> Node:
    return Node(
        type=";",
        field=None,
        is_named=False,
        is_missing=True,
        start=place,
        end=place,
        children=[],
    )
