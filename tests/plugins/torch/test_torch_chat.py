"""Chat templates give transformers' prompts, and fail with one clear line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers

from harness import CheckpointError
from harness_torch.chat import find_chat_template, load_chat_template
from harness_torch.tokenizers.byte_level import byte_tokenizer

LLAMA_3 = """\
{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = "1 Jan 2020" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Today Date: " + date_string + "\\n\\n<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {{- message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
MISTRAL = """\
{%- if messages[0]["role"] == "system" %}{% set rest = messages[1:] %}
{%- else %}{% set rest = messages %}{% endif %}
{{- bos_token }}
{%- for message in rest %}
  {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
    {{- raise_exception("roles must alternate") }}
  {%- endif %}
  {%- if message["role"] == "user" %}
    {{- "[INST] " + message["content"] + "[/INST]" }}
  {%- else %}
    {% generation %}{{- " " + message["content"] + eos_token }}{% endgeneration %}
  {%- endif %}
{%- endfor %}
"""
QWEN_2 = """\
{% for message in messages %}
{% if loop.first and messages[0]['role'] != 'system' %}
{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}
{% endif %}
{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}
{% endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
"""
OTHERS = """\
{%- set seen = namespace(last='') %}
{%- for message in messages %}
{%- if loop.index0 > 5 %}{% break %}{% endif %}
{%- set seen.last = message | tojson %}
{%- endfor %}
{{ seen.last }}{{ {'b': [1, '<é>'], 'a': none} | tojson(indent=2) }}{{ tools }}{{ pad_token }}
  {%- if pad_token is defined and unk_token is not defined %} ok{% endif %}
"""
MESSAGES = [
    "Hello",
    "",
    "  spaces \n\n",
    "{{ 7 * 7 }} {% raw %}",
    "<é> \"quoted\" 'x' 🙂",
]


def chat_folder(tmp_path: Path, template: Any = None, file: str | None = None) -> Path:
    """Save a tokenizer with a template in its settings, or in a file."""
    for name, content in byte_tokenizer(length=64, bos=True, eos=False).files.items():
        (tmp_path / name).write_bytes(content)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    if template is not None:
        settings["chat_template"] = template
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    if file is not None:
        (tmp_path / "chat_template.jinja").write_text(file)
    return tmp_path


def render(folder: Path, message: str = "Hello") -> str:
    template = load_chat_template(folder)
    assert template is not None
    return template.render(message)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("template", [LLAMA_3, MISTRAL, QWEN_2, OTHERS])
def test_a_template_gives_what_transformers_gives(
    tmp_path: Path, template: str, message: str
) -> None:
    folder = chat_folder(tmp_path, template)
    reference = transformers.AutoTokenizer.from_pretrained(folder)
    expected = reference.apply_chat_template(
        [{"role": "user", "content": message}],
        tokenize=False,
        add_generation_prompt=True,
    )
    assert render(folder, message) == expected


def test_the_file_goes_before_the_settings(tmp_path: Path) -> None:
    folder = chat_folder(tmp_path, "settings", "file {{ messages[0].content }}")
    reference = transformers.AutoTokenizer.from_pretrained(folder)
    assert render(folder) == "file Hello"
    assert reference.chat_template == "file {{ messages[0].content }}"


def test_of_several_templates_the_default_counts(tmp_path: Path) -> None:
    named = [
        {"name": "tool_use", "template": "t"},
        {"name": "default", "template": "d"},
    ]
    assert render(chat_folder(tmp_path, named)) == "d"


def test_a_tokenizer_without_a_template_has_none(tmp_path: Path) -> None:
    assert load_chat_template(chat_folder(tmp_path)) is None
    assert find_chat_template(tmp_path / "nowhere") is None


def test_a_template_is_a_fact_with_file_and_hash(tmp_path: Path) -> None:
    source = find_chat_template(chat_folder(tmp_path, "abc"))
    assert source is not None
    # printf abc | sha256sum
    assert source.fact == "tokenizer_config.json, sha256 ba7816bf8f01"


def test_the_date_does_not_pass(tmp_path: Path) -> None:
    folder = chat_folder(tmp_path, "{{ strftime_now('%d %b %Y') }}")
    assert render(folder) == "26 Jul 2024"


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("{{ raise_exception('no users here') }}", "no users here"),
        ("{% for x in %}", "Expected an expression, got 'end of statement block'"),
        ("{{ nothing.at.all }}", "'nothing' is undefined"),
        ("{{ 1 + messages }}", "unsupported operand"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ range(10 ** 9) | list }}", "Range too big"),
        ("{{ messages.append(1) }}", "is unsafe"),
        ("{{ messages.__class__.__mro__ }}", "is unsafe"),
        ("{% include 'x' %}", "no loader for this environment"),
    ],
)
def test_a_template_that_fails_is_one_line(
    tmp_path: Path, template: str, cause: str
) -> None:
    with pytest.raises(
        CheckpointError, match=r"chat template in .*json fails"
    ) as caught:
        render(chat_folder(tmp_path, template))
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ([{"name": "rag", "template": "x"}], "templates rag, and none is the default"),
        (7, "has a chat_template that is a int: expected a string, or a list"),
        ([{"name": "default"}], "has a chat_template that is a list: expected"),
    ],
)
def test_what_is_no_template_is_refused(
    tmp_path: Path, template: object, message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        find_chat_template(chat_folder(tmp_path, template))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CheckpointError, match=r"chat_template\.jinja can't be read"):
        find_chat_template(tmp_path)


def test_finding_a_template_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from harness_torch import chat; "
        f"assert chat.find_chat_template(Path({str(chat_folder(tmp_path, 'x'))!r})); "
        "print({'jinja2', 'tokenizers', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
