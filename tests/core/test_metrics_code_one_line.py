"""Python's assignments on one line, chained as CodeBLEU's grammar of 2020 chains them.

Which names are short enough follows from tree-sitter's lib/src/error_costs.h: skipping
a token costs 100 and 1 for each character, inventing one costs 110.
"""

from __future__ import annotations

import pytest

from harness.metrics.code.flow import extract_flows
from harness.metrics.code.grammars import parse
from harness.metrics.code.trees import Node


def _statements(code: str) -> list[str]:
    return [node.type for node in parse(code, "python").children]


def _assignment(code: str) -> Node:
    return parse(code, "python").children[0].children[0]


def test_an_assignment_behind_another_on_its_line_becomes_its_value() -> None:
    right = _assignment("a = compute(x, y) b = compute(z)").child("right")
    assert right is not None
    assert right.type == "assignment"
    types = [(child.type, child.field) for child in right.children]
    assert types == [
        ("expression_list", "left"),
        ("ERROR", None),
        ("=", None),
        ("expression_list", "right"),
    ]


def test_a_call_chains_as_the_parser_itself_chains_a_pattern() -> None:
    call = _assignment("a = compute(x, y) b = compute(z)").child("right")
    pattern = _assignment("a = compute.x b = compute(z)").child("right")
    assert call is not None
    assert pattern is not None
    assert [c.type for c in call.children] == [c.type for c in pattern.children]


def test_three_assignments_on_one_line_chain_from_the_last() -> None:
    code = "a = compute(x, y) b = compute(y, z) c = compute(z)"
    right = _assignment(code).child("right")
    assert right is not None
    innermost = right.child("right")
    assert innermost is not None
    assert innermost.type == "assignment"


def test_a_call_before_an_assignment_becomes_its_left_side() -> None:
    left = _assignment("compute(x, y) b = compute(z)").child("left")
    assert left is not None
    assert [child.type for child in left.children] == ["call"]


def test_an_augmented_assignment_chains_under_its_own_type() -> None:
    right = _assignment("a = compute(x, y) b += compute(z)").child("right")
    assert right is not None
    assert right.type == "augmented_assignment"


@pytest.mark.parametrize(("length", "count"), [(9, 1), (10, 2)])
def test_a_name_is_skipped_only_where_that_costs_less(length: int, count: int) -> None:
    code = f"a = compute(x, y) {'b' * length} = compute(z)"
    assert len(_statements(code)) == count


@pytest.mark.parametrize(
    "code",
    [
        "a = compute(x, y)\nb = compute(z)",
        "if c: a = compute(x, y)\nb = compute(z)",
        "def d(c):\n    a = compute(x, y)\nb = compute(z)",
        "return compute(x, y) b = compute(z)",
        "a = yield compute(x, y) b = compute(z)",
    ],
)
def test_other_assignments_stay_where_they_are(code: str) -> None:
    assert len(_statements(code)) == 2


def test_assignments_with_a_semicolon_between_stay_two() -> None:
    found = _statements("a = compute(x, y); b = compute(z)")
    assert found.count("expression_statement") == 2


def test_an_assignment_behind_a_body_on_its_line_goes_into_the_body() -> None:
    code = "def f(x): a = compute(x, y) b = compute(x)"
    assert _statements(code) == ["function_definition"]
    assert parse(code, "python").children[0].end == (0, len(code))


def test_values_flow_along_the_chain_and_the_skipped_name_gets_none() -> None:
    code = "a = compute(x, y) b = z"
    flows = extract_flows(parse(code, "python"), code, "python")
    sources = {flow.name: flow.names for flow in flows if flow.places}
    assert sources == {
        "a": ["compute", "x", "y", "b", "z"],
        "compute": ["z"],
        "x": ["z"],
        "y": ["z"],
    }
