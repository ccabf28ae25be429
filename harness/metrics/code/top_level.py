"""Cut Java methods outside a class as a grammar does that has none there.

The grammar of CodeBLEU's build knows methods in classes only. A method alone becomes
a variable declaration whose semicolon is missing, an error that holds the parameters,
and a block; today's grammar sees the method.
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
    behind = method.children[cut + 1 :]
    kept = [child for child in behind if child is not body and child.type != ";"]
    name.field = "name"
    declarator = around([name], "variable_declarator", "declarator")
    header = [*method.children[:cut], declarator, _missing_semicolon(name.end)]
    declaration = around(header, "local_variable_declaration", None)
    error = around(_without_throws(kept), "ERROR", None)
    rest = [child for child in behind if child is body or child.type == ";"]
    for child in rest:
        child.field = None
    return [declaration, error, *rest]


def _without_throws(nodes: list[Node]) -> list[Node]:
    """Put thrown types in place of a ``throws`` clause; a plain one is an identifier."""
    found = []
    for node in nodes:
        node.field = None
        if node.type != "throws":
            found.append(node)
            continue
        for child in node.children:
            if child.type == "type_identifier":
                child.type = "identifier"
            found.append(child)
    return found


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
