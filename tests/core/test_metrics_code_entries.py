"""The registered metrics of code: their options, signatures and refusals."""

from __future__ import annotations

import pytest

from harness import PluginError
from harness.metric import MetricEntry, signature
from harness.metrics import ranking_entries
from harness.metrics.code import entries
from harness.metrics.code.grammars import GRAMMARS, grammar_version
from harness.metrics.code.keywords import KEYWORDS
from tests.core.code_scores import metric_of, score_of

ENTRIES = [*entries.METRICS, *ranking_entries.METRICS]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.name))
def test_a_metric_has_its_entry_s_name(entry: MetricEntry) -> None:
    options = {"lang": "java"} if entry.name == "codebleu" else {}
    assert entry.make((), options).name == entry.name


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.name))
def test_an_entry_names_the_official_script(entry: MetricEntry) -> None:
    assert "microsoft/CodeXGLUE" in entry.source


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.name))
def test_an_unknown_option_is_refused(entry: MetricEntry) -> None:
    with pytest.raises(PluginError, match=rf"{entry.name} has no option 'depth'"):
        entry.make((), {"depth": "3"})


@pytest.mark.parametrize("language", entries.LANGUAGES)
def test_a_language_has_keywords_and_a_grammar(language: str) -> None:
    assert "return" in KEYWORDS[language]
    assert grammar_version(language).startswith(GRAMMARS[language].package)


def test_signature_names_the_grammar() -> None:
    text = signature(metric_of("codebleu,lang=java,params=0.1:0.1:0.4:0.4"))
    version = grammar_version("java")
    assert text == (f"codebleu|grammar:{version}|lang:java|params:0.1:0.1:0.4:0.4|v:1")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(PluginError) as error:
        metric_of("codebleu,lang=cobol")
    assert str(error.value) == (
        "metric codebleu has the option lang=cobol, expected one of c_sharp, go, java, "
        "javascript, php, python, ruby: write codebleu,lang=LANGUAGE"
    )


@pytest.mark.parametrize("params", ["0.5:0.5", "a:b:c:d", ""])
def test_shares_that_are_no_four_numbers_are_refused(params: str) -> None:
    with pytest.raises(PluginError) as error:
        metric_of(f"codebleu,lang=java,params={params}")
    assert str(error.value) == (
        f"metric codebleu has the option params={params}, expected four numbers with "
        "colons between, as in 0.1:0.1:0.4:0.4: correct the task's metrics"
    )


def test_an_unknown_comparison_is_refused() -> None:
    with pytest.raises(PluginError, match=r"compare=words, expected one of stripped"):
        metric_of("exact_match,compare=words")


def test_codebleu_says_why_short_programs_fall_short_of_themselves() -> None:
    # bleu.py of CodeBLEU divides by one where a program has no n-grams
    programs = ["int f(int a){int b = a;return b;}", "int x ;"]
    assert score_of("codebleu,lang=java", programs, programs) < 1 - 1e-6
    (entry,) = (each for each in entries.METRICS if each.name == "codebleu")
    assert "fewer than four tokens" in entry.falls_short
