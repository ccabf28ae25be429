"""CodeBLEU's parts: comments, trees and data flow of seven languages.

Expected flows follow by hand from the rules of Guo et al., "GraphCodeBERT" (2021),
section 3.1, as CodeXGLUE's scripts carry them out; that the scores equal the scripts'
is tested with the golden cases.
"""

from __future__ import annotations

import pytest

from harness.metrics.code.comments import remove_comments
from harness.metrics.code.entries import LANGUAGES
from harness.metrics.code.flow import extract_flows
from harness.metrics.code.flow_match import match_flows
from harness.metrics.code.grammars import parse
from harness.metrics.code.trees import match_subtrees
from tests.core.code_scores import score_of

PROGRAMS = {
    "c_sharp": "int f(int a){int b = a;foreach(var x in a){b = x;}b++;return b;}",
    "go": "func f(a int) int {\n var b = a\n for i := 0; i < a; i++ {\n b = i\n }\n"
    " return b\n}",
    "java": "int f(int a){int b = a;for(int x : a){b = x;}b++;return b;}",
    "javascript": "function f(a){let b = a;for(let i = 0;i < a;i++){b += i;}return b}",
    "php": "function f($a){$b = $a;foreach($a as $x){$b = $x;}$b++;return $b;}",
    "python": "def f(a, c=1):\n    b = a\n    for x in a:\n        b = x\n    return b",
    "ruby": "def f(a)\n b = a\n for x in a do\n  b = x\n end\n b\nend",
}


def _sources(code: str, language: str) -> list[tuple[str, list[str]]]:
    flows = extract_flows(parse(code, language), code, language)
    return [(flow.name, flow.names) for flow in flows]


def _same(one: str, other: str, language: str = "java") -> bool:
    match = match_subtrees(parse(one, language), parse(other, language))
    return match.found == match.total


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_scores_fully_against_itself(language: str) -> None:
    code = PROGRAMS[language]
    assert score_of(f"codebleu,lang={language}", [code], [code]) == pytest.approx(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_assigned_variable_has_flows_into_it(language: str) -> None:
    name = "b"
    into = {
        source
        for flow, names in _sources(PROGRAMS[language], language)
        if flow == name
        for source in names
    }
    assert into


def test_a_value_comes_from_all_branches_of_a_condition() -> None:
    code = "b = 0\nif c:\n    b = 1\nelse:\n    b = 2\nd = b"
    flows = extract_flows(parse(code, "python"), code, "python")
    assigned = [flow.place for flow in flows if flow.names in (["1"], ["2"])]
    assert flows[-1].places == assigned


def test_in_java_the_value_before_a_condition_stays_possible_as_in_the_script() -> None:
    code = "void f(){int b = 0;if(c){b = 1;}else{b = 2;}return b;}"
    flows = extract_flows(parse(code, "java"), code, "java")
    assigned = [flow.place for flow in flows if flow.names in (["0"], ["1"], ["2"])]
    assert flows[-1].places == assigned


def test_a_condition_without_else_keeps_the_value_before_it() -> None:
    code = "void f(){int b = 0;if(c){b = 1;}return b;}"
    *_, last = extract_flows(parse(code, "java"), code, "java")
    assert len(last.places) == 2


def test_renamed_variables_have_the_same_flow() -> None:
    code = PROGRAMS["java"]
    flows = [
        extract_flows(parse(c, "java"), c, "java")
        for c in (code, code.replace("b", "total"))
    ]
    match = match_flows(*flows)
    assert match.found == match.total > 0


def test_flows_of_a_comprehension_come_from_its_loop() -> None:
    assert ("n", ["n"]) in _sources("x = [n for n in a]", "python")


def test_an_assignment_goes_pair_by_pair_in_python() -> None:
    flows = _sources("a, b = c, d\nprint(a, b)", "python")
    assert ("a", ["c"]) in flows
    assert ("b", ["d"]) in flows


def test_code_nested_too_deep_has_no_flow() -> None:
    code = "x = " + "(" * 1500 + "y" + ")" * 1500
    assert _sources(code, "python") == []


def test_names_and_operators_are_no_part_of_a_sub_tree() -> None:
    assert _same("int f(){return a + b;}", "int g(){return c - d;}")


def test_a_sub_tree_counts_as_often_as_the_reference_has_it() -> None:
    one, other = (parse(code, "java") for code in ("f();", "f(); g(); h();"))
    match = match_subtrees(one, other)
    assert (match.found, match.total) == (9, 10)


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("a /* b */ c", "a   c"),
        ("a // b\nc", "a  \nc"),
        ('x = "// no comment"', 'x = "// no comment"'),
        ("x = '/* no */'", "x = '/* no */'"),
        ("a\n   \nb", "a\nb"),
    ],
)
def test_comments_become_spaces(code: str, plain: str) -> None:
    assert remove_comments(code) == plain


def test_comments_in_the_prediction_cost_n_grams_only() -> None:
    code = "int f ( ) { int a = b ; return a ; }"
    said = code.replace("{", "{ // why\n")
    syntax = score_of("codebleu,lang=java,params=0:0:0.5:0.5", [said], [code])
    assert syntax == pytest.approx(1)
    assert score_of("codebleu,lang=java", [said], [code]) < 1


def test_a_corpus_without_data_flow_loses_that_share() -> None:
    found = score_of("codebleu,lang=java,params=0:0:0:1", ["return ;"], ["return ;"])
    assert found == 0


def test_a_right_text_of_three_tokens_misses_a_four_gram_as_in_the_script() -> None:
    # modified_precision's denominator is max(1, n-grams); eleven are right, one missed
    texts = ["int f ( ) { int a = b ; return a ; }", "return x ;"]
    found = score_of("codebleu,lang=java,params=1:0:0:0", texts, texts)
    assert found == pytest.approx((11 / 12) ** 0.25, abs=1e-12)


def test_half_a_surrogate_pair_is_code_like_any_other() -> None:
    code = 'String s = "\ud800";'
    assert score_of("codebleu,lang=java,params=0:0:1:0", [code], [code]) == 1


def test_a_reference_s_flows_are_added_up_over_references() -> None:
    code = PROGRAMS["java"]
    both = score_of(
        "codebleu,lang=java,params=0:0:0:1", [code], [[code, "x = y; z = x;"]]
    )
    assert 0 < both < 1
