"""Made-up rows of cloze tests, completion, repair, translation and summaries."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace

from harness.requests import JsonValue
from harness_codexglue.cloze_words import read_words
from harness_codexglue.sample_pairs import documented
from harness_codexglue.sample_programs import (
    SIDES,
    draw_program,
    tokens_of,
    with_number,
)

Made = Mapping[str, JsonValue]

MASK = "<mask>"
CALLS = {
    "go": "{result} := math . {word} ( {item} , {limit} )",
    "java": "int {result} = Math . {word} ( {item} , {limit} ) ;",
    "javascript": "const {result} = Math . {word} ( {item} , {limit} ) ;",
    "php": "$ {result} = {word} ( $ {item} , $ {limit} ) ;",
    "python": "{result} = {word} ( {item} , {limit} )",
    "ruby": "{result} = [ {item} , {limit} ] . {word}",
}
"""A statement in which either word fits, by language."""
MEANINGS = (
    (
        "Never below {limit} .",
        "Keep {item} at {limit} or more .",
        "Raise {item} to {limit} .",
    ),
    (
        "Never above {limit} .",
        "Keep {item} at {limit} or less .",
        "Lower {item} to {limit} .",
    ),
)
"""What the statement is for, by word: max, min."""
BUGS = (
    (" > ", " < "),
    (" < ", " > "),
    (" += ", " -= "),
    (" == ", " != "),
    (" = 0", " = 1"),
)
"""What is right and what it is mistaken for."""


def make_cloze_of_two(
    generator: random.Random, config: str, _split: str, label: int
) -> Made:
    """Make a function out of which max (label 0) or min was taken."""
    side = generator.choice(SIDES)
    words = {slot: generator.choice(names) for slot, names in side.items()}
    words["item"] = words["items"].removesuffix("s")
    lines = [CALLS[config].format(word=MASK, **words)]
    for place in (0, 0, 3):  # two statements before, one behind
        word = generator.choice(("max", "min"))
        other = generator.choice(SIDES)
        names = {slot: generator.choice(found) for slot, found in other.items()}
        names["item"] = names["items"].removesuffix("s")
        lines.insert(place, CALLS[config].format(word=word, **names))
    return {
        "nl_tokens": [*generator.choice(MEANINGS[label]).format(**words).split()],
        "pl_tokens": [*" ".join(lines).split()],
        "answer": ("max", "min")[label],
    }


def make_cloze_of_all(
    generator: random.Random, config: str, _split: str, _label: int
) -> Made:
    """Make a function out of which one of the 930 words was taken."""
    known = frozenset(read_words())
    program = draw_program(generator)
    tokens = tokens_of(program.write(config))
    places = [place for place, token in enumerate(tokens[:-1]) if token in known]
    if not places:
        program = replace(program, result="result")
        tokens = tokens_of(program.write(config))
        places = [place for place, token in enumerate(tokens[:-1]) if token in known]
    place = generator.choice(places)
    return {
        "nl_tokens": [*program.docstring(generator).split()],
        "pl_tokens": [*tokens[:place], MASK, *tokens[place + 1 :]],
        "answer": tokens[place],
    }


def make_file(generator: random.Random, config: str, _split: str, _label: int) -> Made:
    """Make the tokens of a file of two functions."""
    tokens = _file_tokens(generator, config)
    path = {"path": f"made/up/{generator.randrange(10**6)}.py"}
    return {**(path if config == "python" else {}), "code": [*tokens]}


def make_unfinished(
    generator: random.Random, config: str, _split: str, _label: int
) -> Made:
    """Make a file that breaks off within a line, and the rest of that line."""
    tokens = _file_tokens(generator, config)
    ends = {"<EOL>"} if config == "python" else {";", "{", "}"}
    while True:
        place = generator.randrange(len(tokens) // 2, len(tokens) - 2)
        rest = tokens[place : _line_end(tokens, place, ends)]
        if rest and rest[0] not in ends:
            return {"input": " ".join(tokens[:place]), "gt": " ".join(rest)}


def make_bug(generator: random.Random, config: str, _split: str, _label: int) -> Made:
    """Make a Java method with abstract names and one mistake, and its correction."""
    names = ("VAR_1", "VAR_2", "VAR_3")
    program = replace(
        draw_program(generator), items=names[0], limit=names[1], result=names[2]
    )
    if generator.random() < 0.5:
        program = with_number(program, generator)
    code = program.write("java")
    code = re.sub(r"int \w+\(", f"int METHOD_{generator.randrange(1, 20)}(", code)
    code = re.sub(r"int VAR_1 :", f"int VAR_{generator.randrange(4, 20)} :", code)
    item = re.findall(r"int (\w+) :", code)[0]
    head, _, body = code.partition(" : VAR_1) {")
    code = f"{head} : VAR_1) {{{body.replace('VAR_1', item)}"
    if config == "medium":
        guard = (
            f"if (VAR_1 == null) {{ throw new TYPE_{generator.randrange(1, 50)}(); }}"
        )
        code = code.replace("{", "{ " + guard, 1)
    right = " ".join(tokens_of(code))
    bugs = [bug for bug in BUGS if bug[0] in right]
    good, bad = generator.choice(bugs or [(" return ", " return - ")])
    return {"buggy": right.replace(good, bad, 1) + " \n", "fixed": right + " \n"}


def make_translation(
    generator: random.Random, _config: str, _split: str, _label: int
) -> Made:
    """Make one method in Java and in C#, each in a line."""
    program = draw_program(generator)
    if generator.random() < 0.5:
        program = with_number(program, generator)
    java, cs = (program.write(language) for language in ("java", "cs"))
    return {"java": _one_line(java), "cs": _one_line(cs)}


def make_described(
    generator: random.Random, _config: str, _split: str, _label: int
) -> Made:
    """Make a description with the members of a class, and a method."""
    program = draw_program(generator)
    if generator.random() < 0.5:
        program = with_number(program, generator)
    code = re.sub(r"public int \w+\(", "int function(", program.write("java"))
    code = re.sub(rf"\b{program.items}\b", "arg0", code)
    code = (
        re.sub(rf"\b{program.limit}\b(?!\d)", "arg1", code)
        if (not program.limit.isdecimal())
        else code
    )
    members = [f"int {name}" for name in generator.sample(SIDES[0]["result"], 2)]
    words = program.docstring(generator).lower()
    nl = f"{words} concode_field_sep {' concode_elem_sep '.join(members)}"
    return {"nl": nl, "code": " ".join(tokens_of(code))}


def make_summarised(
    generator: random.Random, config: str, _split: str, _label: int
) -> Made:
    """Make a function and what it does."""
    program = draw_program(generator)
    if generator.random() < 0.5:
        program = with_number(program, generator)
    words = program.docstring(generator)
    return documented(generator, config, program.write(config), words)


def _file_tokens(generator: random.Random, language: str) -> list[str]:
    tokens = ["<s>"]
    for _ in range(2):
        for line in draw_program(generator).write(language).splitlines():
            tokens += tokens_of(line)
            tokens += ["<EOL>"] if language == "python" else []
    return [*tokens, "</s>"]


def _line_end(tokens: list[str], place: int, ends: set[str]) -> int:
    while tokens[place] not in ends and place < len(tokens) - 1:
        place += 1
    return place + (tokens[place] in (";", "}"))


def _one_line(code: str) -> str:
    """Write a method as the data set does: in one line, no space between statements."""
    return "".join(line.strip() for line in code.splitlines()) + "\n"
