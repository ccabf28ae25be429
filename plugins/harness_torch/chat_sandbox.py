"""Where chat templates run: jinja2's sandbox, with an end to time and to size.

jinja2's own sandbox bounds a single ``range`` and closes Python's insides. A template
from a stranger may still nest loops without end, or double a text forty times. Here
every turn of a loop and every call counts as a step, and every text that is made by an
operator has a length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

STEPS = 100_000
"""The most turns of loops and calls; one message needs a few dozen."""

LENGTH = 10_000_000
"""The most characters of a text, and digits (in bits) of a number."""

_COUNTED, _BOUNDED = "harness_counted", "harness_bounded"


class BoundedSandbox(ImmutableSandboxedEnvironment):
    """A sandbox in which every template ends; what does not raises `SecurityError`."""

    intercepted_binops = frozenset({"+", "*", "**"})

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  jinja2's own settings
        super().__init__(**settings)
        self.filters[_COUNTED] = self._counted
        self.filters[_BOUNDED] = _bounded
        self._steps = 0

    def write(self, template: Template, **values: object) -> str:
        """Render a template of this environment.

        Raises:
            SecurityError: it takes too many steps, or writes too much.
        """
        self._steps = 0
        parts: list[str] = []
        length = 0
        for part in template.generate(**values):
            length += len(part)
            if length > LENGTH:
                raise _too_long()
            parts.append(part)
        return "".join(parts)

    def call(
        self,
        __context: Context,
        __obj: Any,  # noqa: ANN401
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Count a call of a macro or function as a step."""
        self._step()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(
        self,
        context: Context,
        operator: str,
        left: Any,  # noqa: ANN401
        right: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Refuse a result that is too long, before it is made."""
        if operator != "+" and _product(operator, left, right) > LENGTH:
            raise _too_long()
        return _bounded(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> Any:  # noqa: ANN401
        return _Counting().visit(super()._parse(source, name, filename))

    def _counted(self, values: Iterable[object]) -> Iterator[object]:
        for value in values:
            self._step()
            yield value

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEPS:
            raise SecurityError(f"it takes more than {STEPS} steps")


class _Counting(NodeTransformer):
    """Puts the two filters where a template could run away."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = _filtered(node.iter, _COUNTED, node)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        self.generic_visit(node)
        return _filtered(node, _BOUNDED, node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.AssignBlock:
        self.generic_visit(node)
        node.filter = _filtered(node.filter, _BOUNDED, node)
        return node


def _filtered(inner: nodes.Node | None, name: str, at: nodes.Node) -> nodes.Filter:
    made = nodes.Filter(inner, name, [], [], None, None, lineno=at.lineno)
    if at.environment is not None:
        made.set_environment(at.environment)
    return made


def _product(operator: str, left: Any, right: Any) -> float:  # noqa: ANN401
    """Return how long a product or power will be, or how many bits it will have."""
    if operator == "**":
        return _size(left) * abs(right) if isinstance(right, int) else 0
    if isinstance(left, int) and isinstance(right, int):
        return _size(left) + _size(right)
    for text, times in ((left, right), (right, left)):
        if isinstance(times, int) and not isinstance(text, int | float):
            return _size(text) * max(0, times)
    return 0


def _size(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, int):
        return value.bit_length()
    return len(value) if hasattr(value, "__len__") else 0


def _bounded(value: Any) -> Any:  # noqa: ANN401
    if _size(value) > LENGTH:
        raise _too_long()
    return value


def _too_long() -> SecurityError:
    return SecurityError(f"it makes something longer than {LENGTH} characters")
