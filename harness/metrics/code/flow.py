"""Extract the data flow of a program: which value comes from which.

Source: `get_data_flow` in CodeBLEU/dataflow_match.py and the functions of
CodeBLEU/parser beside the evaluator of code-to-code-trans in microsoft/CodeXGLUE at
commit ac74a62802a0dd159b3258c78a2df8ad36cdf2b9. What differs between languages is in
`flow_rules`. Where the source's extraction fails (a part is missing in broken code,
the nesting is too deep), the program has no data flow, as there. One oddity: where
``else`` is a token of its own (Java, C#), it counts as a branch that does nothing, so
that a value from before the condition stays possible behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from harness.metrics.code.flow_rules import FLOW_RULES, FlowRules
from harness.metrics.code.trees import Node, Point

States = dict[str, list[int]]
"""Where each name may have its value from: places of tokens."""


class Token(NamedTuple):
    """A token: its place among all tokens, and its text."""

    place: int
    text: str


class Flow(NamedTuple):
    """A value at a place, and the values that it comes from.

    `relation` is ``comesFrom`` or ``computedFrom``.
    """

    name: str
    place: int
    relation: str
    names: list[str]
    places: list[int]


class _MissingPart(Exception):
    """A node lacks a part that its kind must have: the code is broken."""


def extract_flows(root: Node, code: str, language: str) -> list[Flow]:
    """Return a program's flows in order of place, those of one place merged.

    Args:
        root: the program's tree.
        code: its text, which the tree was parsed from.
        language: as CodeXGLUE names it.
    """
    return _Extractor(FLOW_RULES[language], root, code).extract(root)


class _Extractor:
    """Walks one program's tree."""

    def __init__(self, rules: FlowRules, root: Node, code: str) -> None:
        self._rules = rules
        lines = code.split("\n")
        ends = [(leaf.start, leaf.end) for leaf in leaves(root)]
        self._tokens = {
            span: Token(place, text_between(lines, *span))
            for place, span in enumerate(ends)
        }
        self._handlers: list[tuple[frozenset[str], Callable[..., _Step]]] = [
            (rules.definitions, self._define),
            (rules.assignments, self._assign),
            (rules.increments, self._increment),
            (rules.conditions, self._choose),
            (rules.loops, self._loop),
            (rules.each_loops, self._loop_over_each),
            (rules.whiles, self._repeat),
        ]

    def extract(self, root: Node) -> list[Flow]:
        try:
            flows, _ = self._visit(root, {})
        except (_MissingPart, RecursionError):
            return []
        return _merge_places(_connected(_in_order(flows)))

    def _visit(self, node: Node, states: States) -> _Step:
        if is_leaf(node):
            return self._leaf(node, dict(states))
        for types, handle in self._handlers:
            if node.type in types:
                return handle(node, dict(states))
        first = [child for child in node.children if child.type in self._rules.first]
        rest = [child for child in node.children if child.type not in self._rules.first]
        return self._run([*first, *rest], states)

    def _run(self, nodes: Iterable[Node], states: States) -> _Step:
        flows: list[Flow] = []
        for node in nodes:
            step = self._visit(node, states)
            flows += step.flows
            states = step.states
        return _Step(_in_order(flows), states)

    def _leaf(self, node: Node, states: States) -> _Step:
        place, text = self._tokens[node.start, node.end]
        if node.type == text:
            return _Step([], states)
        if text in states:
            flow = Flow(text, place, "comesFrom", [text], list(states[text]))
            return _Step([flow], states)
        if node.type == "identifier":
            states[text] = [place]
        return _Step([Flow(text, place, "comesFrom", [], [])], states)

    def _define(self, node: Node, states: States) -> _Step:
        name, value = self._definition(node)
        if value is None:
            flows = []
            for place, text in self._variables(name):
                flows.append(Flow(text, place, "comesFrom", [], []))
                states[text] = [place]
            return _Step(_in_order(flows), states)
        flows, states = self._visit(value, states)
        return self._bind(name, value, _Step(flows, states), "comesFrom")

    def _definition(self, node: Node) -> tuple[Node, Node | None]:
        field = self._rules.definition_value
        if field is not None:
            return _part(node, "name"), node.child(field)
        return node.children[0], (node.children[1] if len(node.children) == 2 else None)

    def _assign(self, node: Node, states: States) -> _Step:
        if self._rules.is_assigned_in_pairs:
            if node.type != "for_in_clause" and node.child("right") is None:
                return _Step([], states)
            return self._assign_pairs(*_sides(node), states)
        left, right = _part(node, "left"), _part(node, "right")
        return self._bind(left, right, self._visit(right, states), "computedFrom")

    def _assign_pairs(
        self, left: Sequence[Node], right: Sequence[Node], states: States
    ) -> _Step:
        flows, states = self._run(right, states)
        states = dict(states)
        for one, other in zip(left, right, strict=False):
            sources = self._variables(other)
            for place, text in self._variables(one):
                names = [source.text for source in sources]
                places = [source.place for source in sources]
                flows.append(Flow(text, place, "computedFrom", names, places))
                states[text] = [place]
        return _Step(_in_order(flows), states)

    def _increment(self, node: Node, states: States) -> _Step:
        return self._bind(node, node, _Step([], states), "computedFrom")

    def _bind(self, name: Node, value: Node, step: _Step, relation: str) -> _Step:
        """Let every variable of the name come from every one of the value."""
        flows, states = list(step.flows), dict(step.states)
        sources = self._variables(value)
        for place, text in self._variables(name):
            flows += [
                Flow(text, place, relation, [source.text], [source.place])
                for source in sources
            ]
            states[text] = [place]
        return _Step(_in_order(flows), states)

    def _choose(self, node: Node, states: States) -> _Step:
        flows: list[Flow] = []
        current, others = dict(states), []
        has_else, is_behind = "else" in node.type, False
        for child in node.children:
            has_else = has_else or "else" in child.type
            is_branch = is_behind or child.type in self._rules.branches
            if self._rules.branch == "all behind the first":
                is_behind = is_branch
            step = self._visit(child, states if is_branch else current)
            flows += step.flows
            if is_branch:
                others.append(step.states)
            else:
                current = step.states
        others.append(current)
        if self._rules.keeps_state or not has_else:
            others.append(states)
        return _Step(_in_order(flows), _join(others))

    def _loop(self, node: Node, states: States) -> _Step:
        if self._rules.loop == "pairs and block":
            return self._twice(lambda s: self._loop_over_pairs(node, s), states)
        if self._rules.loop == "pattern and body":
            return self._twice(lambda s: self._loop_over_pattern(node, s), states)
        flows, states = self._run(node.children, states)
        again = self._run(self._behind_repeated(node), states)
        return _Step(_merge_relations(flows + again.flows), again.states)

    def _behind_repeated(self, node: Node) -> list[Node]:
        types = [child.type for child in node.children]
        if self._rules.repeated not in types:
            return []
        start = types.index(self._rules.repeated)
        update = node.children[start].child("update")
        rest = node.children[start + 1 :]
        is_clause = self._rules.repeated == "for_clause"
        return [update, *rest] if is_clause and update is not None else rest

    def _loop_over_pairs(self, node: Node, states: States) -> _Step:
        step = self._assign_pairs(*_sides(node), states)
        if node.children[-1].type != "block":
            return step
        body = self._visit(node.children[-1], step.states)
        return _Step(step.flows + body.flows, body.states)

    def _loop_over_pattern(self, node: Node, states: States) -> _Step:
        sides = [_part(node, "pattern")], [_part(node, "value")]
        step = self._assign_pairs(*sides, states)
        body = self._visit(_part(node, "body"), step.states)
        return _Step(step.flows + body.flows, body.states)

    def _loop_over_each(self, node: Node, states: States) -> _Step:
        name, value, body = self._each_parts(node)

        def once(before: States) -> _Step:
            header = self._visit(value, before)
            bound = self._bind(name, value, header, "computedFrom")
            inner = self._visit(body, bound.states)
            return _Step(bound.flows + inner.flows, inner.states)

        return self._twice(once, states)

    def _each_parts(self, node: Node) -> tuple[Node, Node, Node]:
        if self._rules.each_fields:
            name, value, body = self._rules.each_fields
            return _part(node, name), _part(node, value), _part(node, body)
        variables = [c for c in node.children if c.type == "variable_name"]
        if len(variables) < 2:
            raise _MissingPart
        return variables[1], variables[0], _part(node, "body")

    def _repeat(self, node: Node, states: States) -> _Step:
        return self._twice(lambda s: self._run(node.children, s), states)

    def _twice(self, once: Callable[[States], _Step], states: States) -> _Step:
        first = once(states)
        second = once(first.states)
        return _Step(_merge_relations(first.flows + second.flows), second.states)

    def _variables(self, node: Node) -> list[Token]:
        tokens = [(leaf, self._tokens[leaf.start, leaf.end]) for leaf in leaves(node)]
        return [token for leaf, token in tokens if leaf.type != token.text]


class _Step(NamedTuple):
    flows: list[Flow]
    states: States


def is_leaf(node: Node) -> bool:
    """Tell whether a node is a token: it has no children, or is a Python string."""
    return (not node.children or node.type == "string") and node.type != "comment"


def leaves(root: Node) -> list[Node]:
    """List a tree's tokens in order."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if is_leaf(node):
            found.append(node)
        else:
            waiting.extend(reversed(node.children))
    return found


def text_between(lines: Sequence[str], start: Point, end: Point) -> str:
    """Return a token's text; columns are bytes and cut characters, as in the source."""
    if start[0] == end[0]:
        return lines[start[0]][start[1] : end[1]]
    between = lines[start[0] + 1 : end[0]]
    return "".join([lines[start[0]][start[1] :], *between, lines[end[0]][: end[1]]])


def _part(node: Node, field: str) -> Node:
    found = node.child(field)
    if found is None:
        raise _MissingPart
    return found


def _sides(node: Node) -> tuple[list[Node], list[Node]]:
    """Return what is assigned to, and what is assigned, one for one where they are."""
    if node.type == "for_in_clause":
        return [_part(node, "left")], [node.children[-1]]
    if node.type == "operator_assignment":
        return [node.children[0]], [node.children[-1]]
    left, right = _part(node, "left"), _part(node, "right")
    many = [child for child in left.children if child.type != ","]
    values = [child for child in right.children if child.type != ","]
    if len(many) != len(values) or not many:
        return [left], [right]
    return many, values


def _join(states: Sequence[States]) -> States:
    names = dict.fromkeys(name for one in states for name in one)
    return {
        name: sorted({place for one in states for place in one.get(name, ())})
        for name in names
    }


def _in_order(flows: list[Flow]) -> list[Flow]:
    return sorted(flows, key=lambda flow: flow.place)


def _merge_relations(flows: list[Flow]) -> list[Flow]:
    """Merge flows of one name, place and relation."""
    merged: dict[tuple[str, int, str], Flow] = {}
    for flow in flows:
        key = flow[:3]
        merged[key] = _united(merged[key], flow) if key in merged else flow
    return _in_order(list(merged.values()))


def _connected(flows: list[Flow]) -> list[Flow]:
    """Leave out values that come from nothing and nothing comes from."""
    places = {flow.place for flow in flows if flow.places}
    places.update(place for flow in flows for place in flow.places)
    return [flow for flow in flows if flow.place in places]


def _merge_places(flows: list[Flow]) -> list[Flow]:
    """Merge flows of one place under the first one's name and relation."""
    merged: dict[int, Flow] = {}
    for flow in flows:
        known = merged.get(flow.place)
        merged[flow.place] = flow if known is None else _united(known, flow)
    return list(merged.values())


def _united(one: Flow, other: Flow) -> Flow:
    names = list(dict.fromkeys([*one.names, *other.names]))
    places = sorted({*one.places, *other.places})
    return one._replace(names=names, places=places)
