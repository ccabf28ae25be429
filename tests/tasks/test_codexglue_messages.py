"""What chat models are asked of CodeXGLUE, in our own words, and what is read of it."""

from __future__ import annotations

import pytest

from harness import Example, Row
from harness.formulations import Formulation
from harness.requests import Generate, GenerateAnswer
from harness_codexglue.plugin import harness_tasks

TASKS = {task.id.removeprefix("codexglue/"): task for task in harness_tasks()}
CASES: dict[str, tuple[Row, str]] = {
    "code-repair/small": (
        {"buggy": "int METHOD_1 ( ) { } \n"},
        "The following Java method has a bug. Its names were replaced by METHOD_1, "
        "TYPE_1, VAR_1 and so on. Write the whole method without the bug, in one line "
        "with its tokens set apart by spaces, and nothing else.\n\n"
        "int METHOD_1 ( ) { }",
    ),
    "code-translation/java-cs": (
        {"java": "int f(){}\n"},
        "Translate the following method from Java into C#. Write the method in one line "
        "and nothing else.\n\nint f(){}",
    ),
    "code-translation/cs-java": (
        {"cs": "int F(){}\n"},
        "Translate the following method from C# into Java. Write the method in one line "
        "and nothing else.\n\nint F(){}",
    ),
    "text-to-code": (
        {"nl": "adds . concode_field_sep int n"},
        "Write the Java method that the following description asks for. Behind it stand "
        "the fields and methods of its class, set apart by concode_field_sep and "
        "concode_elem_sep. Call the method function, its arguments arg0, arg1 and so "
        "on, and its local variables loc0, loc1 and so on. Write the method in one line "
        "with its tokens set apart by spaces, and nothing else.\n\n"
        "adds . concode_field_sep int n",
    ),
    "code-summarisation/ruby": (
        {"code_tokens": ["def", "f", "\n", "end"]},
        "Say in one sentence what the following Ruby function does. Write the sentence "
        "and nothing else.\n\ndef f end",
    ),
    "documentation-translation/da-en": (
        {"source": "God dag .\n"},
        "Translate the following line of documentation from Danish into English. Write "
        "the translation and nothing else.\n\nGod dag .",
    ),
}


def _way(task: str, prompt: str = "chat") -> Formulation:
    ways = TASKS[task].formulations()
    return next(way for way in ways if way.prompt == prompt)


def _read(task: str, said: str, columns: Row) -> object:
    example = Example(id="1", columns=columns, target="x")
    return _way(task).predict(example, (GenerateAnswer(text=said),)).value


@pytest.mark.parametrize("task", CASES)
def test_a_message_says_what_to_write_and_in_which_form(task: str) -> None:
    columns, text = CASES[task]
    (request,) = _way(task).requests(Example(id="1", columns=columns, target="x"))
    assert isinstance(request, Generate)
    assert (request.prompt, request.is_message, request.stop) == (text, True, ())


def test_all_that_is_written_whole_can_be_asked_of_a_chat_model() -> None:
    written = {name.partition("/")[0] for name in CASES}
    for name, task in TASKS.items():
        assert ("chat" in task.prompts) is (name.partition("/")[0] in written)


def test_what_is_no_message_stays_a_text_to_go_on_with() -> None:
    for task in TASKS.values():
        messages = {name for name, prompt in task.prompts.items() if prompt.is_message}
        assert messages <= {"chat"}
        assert messages == {"chat"} & task.prompts.keys()


@pytest.mark.parametrize(
    "said",
    [
        "int F()  {\n  return 1;\n}",
        "Sure:\n```csharp\nint F()  {\n\n  return 1;\n}\n```\nIt returns 1.",
    ],
)
def test_code_is_read_as_one_line_whose_own_spaces_stay(said: str) -> None:
    assert _read("code-translation/java-cs", said, {}) == "int F()  { return 1; }"


def test_a_summary_is_read_as_one_line() -> None:
    said = "Here is what it does:\n\nAdds two\nnumbers.\n\nAnything else?"
    assert _read("code-summarisation/go", said, {}) == "Adds two numbers."
