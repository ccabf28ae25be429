"""Where seven programming languages let values flow, as names of syntax nodes.

Source: the ``DFG_...`` functions in CodeBLEU/parser/DFG.py beside the evaluator of
code-to-code-trans in microsoft/CodeXGLUE at commit
ac74a62802a0dd159b3258c78a2df8ad36cdf2b9, after Guo et al., "GraphCodeBERT" (2021).
They differ in a handful of choices, which are the fields of a row here. Names that
newer grammars have changed stand beside the ones that the source has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Loop = Literal["again behind a part", "pairs and block", "pattern and body"]
Branch = Literal["all behind the first", "each"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRules:
    """One language's choices.

    Attributes:
        definitions: nodes that name a value: the name comes from the value.
        definition_value: the field of the value in a definition; None where it is
            the second of exactly two children.
        assignments: nodes that compute their left side from their right side.
        is_assigned_in_pairs: whether several left sides go with several right sides.
        increments: nodes that compute what they hold from itself.
        conditions: nodes of which one of several parts runs.
        branches: parts of a condition that start from the state before it.
        branch: whether only such parts do, or all parts behind the first one too.
        keeps_state: whether the state before a condition stays possible behind it
            even where there is an ``else``.
        loops: nodes whose header and body run again.
        loop: how they run.
        repeated: the part behind which everything runs again.
        each_loops: nodes that take each value of a collection, run twice.
        each_fields: the fields of name, value and body in such nodes; empty where
            value and name are the first two variables among the children.
        whiles: nodes that run twice as they stand.
        first: parts that run before their siblings.
    """

    definitions: frozenset[str]
    definition_value: str | None = "value"
    assignments: frozenset[str]
    is_assigned_in_pairs: bool = False
    increments: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset({"if_statement", "else"})
    branches: frozenset[str] = frozenset({"if_statement", "else"})
    branch: Branch = "all behind the first"
    keeps_state: bool = False
    loops: frozenset[str] = frozenset({"for_statement"})
    loop: Loop = "again behind a part"
    repeated: str = ""
    each_loops: frozenset[str] = frozenset()
    each_fields: tuple[str, ...] = ()
    whiles: frozenset[str] = frozenset({"while_statement"})
    first: frozenset[str] = frozenset()


FLOW_RULES = {
    "c_sharp": FlowRules(
        definitions=frozenset({"variable_declarator"}),
        definition_value=None,
        assignments=frozenset({"assignment_expression"}),
        increments=frozenset({"postfix_unary_expression"}),
        repeated="local_variable_declaration",
        each_loops=frozenset({"for_each_statement"}),
        each_fields=("left", "right", "body"),
    ),
    "go": FlowRules(
        definitions=frozenset({"var_spec"}),
        assignments=frozenset({"assignment_statement"}),
        increments=frozenset({"inc_statement"}),
        keeps_state=True,
        repeated="for_clause",
        whiles=frozenset(),
    ),
    "java": FlowRules(
        definitions=frozenset({"variable_declarator"}),
        assignments=frozenset({"assignment_expression"}),
        increments=frozenset({"update_expression"}),
        repeated="local_variable_declaration",
        each_loops=frozenset({"enhanced_for_statement"}),
        each_fields=("name", "value", "body"),
    ),
    "javascript": FlowRules(
        definitions=frozenset({"variable_declarator"}),
        assignments=frozenset(
            {"assignment_pattern", "augmented_assignment_expression"}
        ),
        increments=frozenset({"update_expression"}),
        repeated="variable_declaration",
    ),
    "php": FlowRules(
        definitions=frozenset({"simple_parameter"}),
        definition_value="default_value",
        assignments=frozenset(
            {"assignment_expression", "augmented_assignment_expression"}
        ),
        increments=frozenset({"update_expression"}),
        conditions=frozenset({"if_statement", "else_clause"}),
        branches=frozenset({"if_statement", "else_clause"}),
        keeps_state=True,
        repeated="assignment_expression",
        each_loops=frozenset({"foreach_statement"}),
    ),
    "python": FlowRules(
        definitions=frozenset({"default_parameter"}),
        assignments=frozenset({"assignment", "augmented_assignment", "for_in_clause"}),
        is_assigned_in_pairs=True,
        conditions=frozenset({"if_statement"}),
        branches=frozenset({"elif_clause", "else_clause"}),
        branch="each",
        loop="pairs and block",
        first=frozenset({"for_in_clause"}),
    ),
    "ruby": FlowRules(
        definitions=frozenset({"keyword_parameter"}),
        assignments=frozenset({"assignment", "operator_assignment"}),
        is_assigned_in_pairs=True,
        conditions=frozenset({"if", "elsif", "else", "unless", "when"}),
        branches=frozenset({"if", "elsif", "else", "unless", "when"}),
        branch="each",
        loops=frozenset({"for"}),
        loop="pattern and body",
        whiles=frozenset({"while_modifier", "until"}),
    ),
}
