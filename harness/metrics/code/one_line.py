"""Chain Python's assignments on one line as the grammar of 2020 does.

The grammar of CodeBLEU's build lets any expression stand left of ``=``, today's only
patterns. So where several assignments stand on one line with nothing between them, its
parser has two ways on: to invent the line's end, or to skip the second name and to read
``a = f() b = g()`` as ``a = (f() = g())``. It takes the cheaper one, as today's does
where the first value is a pattern too, such as ``a.b``.

Source: ``assignment`` in tree-sitter-python's grammar.js as it was before patterns came
(0.19 has them), and tree-sitter's lib/src/error_costs.h.
"""

from __future__ import annotations

from harness.metrics.code.trees import Node, around, bottom_up

INVENTED_COST = 110
"""What a token costs that the parser invents."""
SKIPPED_COST = 100
"""What a token costs that the parser skips, beside 1 for each of its bytes."""
_COMPOUND = frozenset(
    {
        "block",
        "class_definition",
        "decorated_definition",
        "elif_clause",
        "else_clause",
        "except_clause",
        "finally_clause",
        "for_statement",
        "function_definition",
        "if_statement",
        "try_statement",
        "while_statement",
        "with_statement",
    }
)
_ASSIGNMENTS = frozenset({"assignment", "augmented_assignment"})
_NEVER_LEFT = frozenset({"ERROR", "yield"})


def chain_assignments(root: Node) -> None:
    """Chain all assignments that an earlier parser would chain, in place."""
    for node in bottom_up(root):
        for place in reversed(range(len(node.children) - 1)):
            before, behind = node.children[place : place + 2]
            if before.end[0] == behind.start[0] and _chain(before, behind):
                del node.children[place + 1]


def _chain(before: Node, behind: Node) -> bool:
    """Move an assignment to the end of the statement before it, if it can stand there.

    Returns:
        whether it has moved.
    """
    path = _path_to_value(before)
    if not path or not _starts_with_short_name(behind):
        return False
    assignment = behind.children[0]
    value, skipped, *rest = path.pop(), *assignment.children
    field, value.field, skipped.field = value.field, "left", None
    parts = [value, around([skipped], "ERROR", None), *rest]
    path[-1].children[-1] = around(parts, assignment.type, field)
    for node in path:
        node.end = assignment.end
    return True


def _starts_with_short_name(statement: Node) -> bool:
    if statement.type != "expression_statement" or len(statement.children) != 1:
        return False
    assignment = statement.children[0]
    if assignment.type not in _ASSIGNMENTS or assignment.children[1].type == ":":
        return False
    name = assignment.children[0]
    length = name.end[1] - name.start[1]
    return name.type == "identifier" and SKIPPED_COST + length < INVENTED_COST


def _path_to_value(statement: Node) -> list[Node]:
    """Return the nodes from a statement down to the value at its end.

    Empty where its last simple statement is no expression and no assignment.
    """
    path = [statement]
    while path[-1].children:
        node = path[-1]
        last = node.children[-1]
        path.append(last)
        if node.type in _COMPOUND:
            continue
        is_single = node.type == "expression_statement" and len(node.children) == 1
        is_right = node.type in _ASSIGNMENTS and last.field == "right"
        if not is_single and not is_right:
            return []
        if last.type not in _ASSIGNMENTS:
            return [] if last.type in _NEVER_LEFT else path
    return []
