"""Chat templates of strangers end, and write no more than fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import CheckpointError
from harness_torch.chat import ChatTemplate, TemplateSource

DEEP = (
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}"
    "{{ f(60) }}"
)
LOOPS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
DOUBLED = (
    "{% set ns = namespace(x='ab') %}"
    "{% for i in range(60) %}{% set ns.x = @ %}{% endfor %}{{ ns.x }}"
)
BLOCK = (
    "{% set ns = namespace(x='ab') %}{% for i in range(60) %}"
    "{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}{{ ns.x }}"
)


def rendered(template: str, message: str = "hi") -> str:
    source = TemplateSource(text=template, file=Path("chat_template.jinja"))
    return ChatTemplate(source, {"bos_token": "<s>"}).render(message)


@pytest.mark.parametrize("template", [LOOPS, DEEP])
def test_a_template_that_never_ends_is_refused(template: str) -> None:
    with pytest.raises(CheckpointError, match="it takes more than 100000 steps"):
        rendered(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 99999999999 }}",
        "{{ 99999999999 * 'x' }}",
        "{{ [1] * 99999999999 }}",
        "{{ 9 ** (9 ** 9) }}",
        DOUBLED.replace("@", "ns.x ~ ns.x"),
        DOUBLED.replace("@", "ns.x + ns.x"),
        DOUBLED.replace("'ab'", "99").replace("@", "ns.x * ns.x"),
        BLOCK,
        "{% for i in range(99999) %}{{ messages[0].content }}{% endfor %}",
    ],
)
def test_a_template_that_writes_without_end_is_refused(template: str) -> None:
    with pytest.raises(
        CheckpointError, match="it makes something longer than 10000000"
    ):
        rendered(template, "word " * 100)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for m in messages %}{{ loop.length }}{{ m.content }}{% endfor %}", "1hi"),
        ("{% for m in messages if m.role == 'bot' %}{% else %}no{% endfor %}", "no"),
        ("{{ bos_token ~ messages[0]['content'] + '!' * 3 }}", "<s>hi!!!"),
        ("{% set x %}{{ bos_token }}{% endset %}{{ x }}{{ 2 ** 3 }}", "<s>8"),
        ("{% set x | upper %}hi{% endset %}{{ x }}", "HI"),
        (
            "{% for i in [[1, [2]]] recursive %}"
            "{{ i if i is number else loop(i) }}{% endfor %}",
            "12",
        ),
        ("{% for i in range(3) %}{{ loop.last }}{{ loop.index }}{% endfor %}", ""),
    ],
)
def test_a_template_that_ends_renders_as_jinja_does(template: str, text: str) -> None:
    from jinja2 import Environment

    plain = Environment(trim_blocks=True, lstrip_blocks=True).from_string(template)
    values = {"messages": [{"role": "user", "content": "hi"}], "bos_token": "<s>"}
    assert rendered(template) == plain.render(values)
    assert rendered(template) == text or not text


def test_steps_are_counted_for_each_message_anew() -> None:
    source = TemplateSource(
        text="{% for i in range(60000) %}{% endfor %}ok", file=Path("t.jinja")
    )
    template = ChatTemplate(source, {})
    assert [template.render("a"), template.render("b")] == ["ok", "ok"]
