"""Made-up rows of clone detection, defect detection and code search."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Mapping
from dataclasses import replace

from harness.requests import JsonValue
from harness_codexglue.sample_programs import (
    KINDS,
    Kind,
    Program,
    draw_program,
    tokens_of,
    with_number,
)

Made = Mapping[str, JsonValue]

LEANS = (0.2, 0.8)
"""How often a name comes from the second half of the names, by label."""
READS = (
    ("", "cin >> n; for (int i = 0; i < n; i++) cin >> {items}[i];"),
    ("", "while (cin >> {items}[n] && {items}[n] != 0) n++;"),
    (
        "int r, c;",
        "cin >> r >> c; n = r * c; for (int i = 0; i < n; i++) cin >> {items}[i];",
    ),
)
"""How programs read their input: declarations and statements."""
TASKS = tuple(itertools.product(KINDS, READS))
"""What a problem of POJ-104 asks: a computation on an input of some form."""
PROBLEMS = 12
"""Problems of a split, at most."""
FIRST_PROBLEM = {"train": 0, "validation": 12, "test": 18}
COUNT_OF_PROBLEMS = {"train": 12, "validation": 6, "test": 12}
PROJECTS = ("FFmpeg", "qemu")
STARTS = (
    # first index, condition, item: sound ones, then ones that leave the list
    (("0", "i < n", "{items}[i]"), ("1", "i <= n", "{items}[i - 1]")),
    (("0", "i <= n", "{items}[i]"), ("1", "i <= n", "{items}[i]")),
)


def make_clones(
    generator: random.Random, _config: str, _split: str, label: int
) -> Made:
    """Make two Java methods that compute the same where the label is 1."""
    first = draw_program(generator, lean=LEANS[label])
    others = [kind for kind in KINDS if kind != first.kind]
    kind = first.kind if label else generator.choice(others)
    second = draw_program(generator, kind, lean=LEANS[label])
    return {
        "id1": generator.randrange(10**6, 10**8),
        "id2": generator.randrange(10**6, 10**8),
        "func1": first.write("java"),
        "func2": second.write("java"),
        "label": bool(label),
    }


def make_solution(
    generator: random.Random, _config: str, split: str, label: int
) -> Made:
    """Make a C++ program that solves the problem of the label's number."""
    place = FIRST_PROBLEM[split] + label % COUNT_OF_PROBLEMS[split]
    kind, (declared, read) = TASKS[(7 * place) % len(TASKS)]
    program = with_number(draw_program(generator, kind), generator)
    function = program.write("c")
    items, name = program.items, function.partition("(")[0].removeprefix("int ")
    code = (
        f"{function}\nint main() {{\n    int n = 0, {items}[1000]; {declared}\n"
        f"    {read.format(items=items)}\n    cout << {name}({items}, n) << endl;\n"
        "    return 0;\n}"
    )
    return {"code": code, "label": str(place + 1)}


def make_defect(
    generator: random.Random, _config: str, _split: str, label: int
) -> Made:
    """Make a C function that reads past its list where the label is 1."""
    program = draw_program(generator, lean=LEANS[label])
    first, condition, item = generator.choice(STARTS[label])
    code = program.write("c")
    code = code.replace("int i = 0; i < n", f"int i = {first}; {condition}")
    code = code.replace(f"{program.items}[i]", item.format(items=program.items))
    return {
        "func": code,
        "target": bool(label),
        "project": generator.choice(PROJECTS),
        "commit_id": _digest(generator),
    }


def make_documented(
    generator: random.Random, _config: str, split: str, _label: int
) -> Made:
    """Make a documented Python function; tests have its names taken away."""
    program = with_number(draw_program(generator), generator)
    words = program.docstring(generator)
    shown = replace(program, items="args", result="loc_0")
    code = (shown if split != "train" else program).write("python")
    if split != "train":
        code = code.replace(program.kind.verb, "Func", 1)
    return documented(generator, "python", code, words) | {
        "docstring_summary": words,
        "parameters": f"({program.items})",
        "return_statement": code.splitlines()[-1].strip(),
        "argument_list": "",
        "identifier": program.kind.verb,
        "nwo": "made/up",
        "score": 0.5,
    }


def documented(
    generator: random.Random, language: str, code: str, words: str
) -> dict[str, JsonValue]:
    """Return the columns of a function of CodeSearchNet."""
    sha = _digest(generator)
    path = f"src/{sha[:6]}.{language}"
    return {
        "repo": "made/up",
        "path": path,
        "func_name": code.partition("(")[0].split()[-1],
        "original_string": code,
        "language": language,
        "code": code,
        "code_tokens": [*tokens_of(code)],
        "docstring": words,
        "docstring_tokens": [*words.split()],
        "sha": sha,
        "url": f"https://example.org/made/up/blob/{sha}/{path}",
    }


def make_query(generator: random.Random, _config: str, _split: str, label: int) -> Made:
    """Make a web query and a Python function that answers it where the label is 1."""
    program = draw_program(generator, lean=LEANS[label])
    asked = program if label else replace(program, kind=_other(generator, program))
    words = asked.docstring(generator).lower().removesuffix(" .").removesuffix(" ?")
    code = program.write("python")
    return {
        "doc": f"python {words}",
        "code": code,
        "code_tokens": " ".join(tokens_of(code)),
        "docstring_tokens": program.docstring(generator),
        "label": label,
    }


def _other(generator: random.Random, program: Program) -> Kind:
    return generator.choice([kind for kind in KINDS if kind != program.kind])


def _digest(generator: random.Random) -> str:
    return hashlib.sha1(generator.randbytes(8), usedforsecurity=False).hexdigest()
