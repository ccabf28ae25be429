"""The registered metrics over spans: their options, and what MLQA's rule drops."""

from __future__ import annotations

import pytest

from harness import PluginError
from harness.builtin import harness_metrics
from harness.metric import MetricEntry, signature
from harness.metrics.span_entries import LANGUAGES as OFFERED
from harness.metrics.span_entries import METRICS
from harness.metrics.span_text import LANGUAGES, mlqa_normaliser, normalise_squad
from harness.task import parse_spec

ENTRIES = {entry.name: entry for entry in METRICS}


def refusal(spec: str) -> str:
    name, options = parse_spec(spec)
    with pytest.raises(PluginError) as error:
        ENTRIES[name].make((), options)
    return str(error.value)


def test_all_are_registered() -> None:
    assert ENTRIES.keys() <= {entry.name for entry in harness_metrics()}


@pytest.mark.parametrize("entry", METRICS, ids=ENTRIES.keys())
def test_an_entry_makes_the_metric_of_its_name(entry: MetricEntry) -> None:
    options = {"language": "de"} if "language" in entry.options else {}
    assert entry.make((), options).name == entry.name


def test_the_signature_tells_the_questions() -> None:
    made = ENTRIES["squad2_f1"].make((), {"questions": "answerable"})
    assert signature(made, 9) == "squad2_f1|questions:answerable|n:9|v:1"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "squad_f1,language=de",
            "metric squad_f1 has no option 'language', expected none: correct the "
            "task's metrics",
        ),
        (
            "squad2_f1,questions=hard",
            "metric squad2_f1 has the option questions=hard, expected one of all, "
            "answerable, unanswerable: correct the task's metrics",
        ),
        (
            "squad2_exact,threshold=high",
            "metric squad2_exact has the option threshold=high, expected a number: "
            "correct the task's metrics",
        ),
        (
            "mlqa_f1",
            "metric mlqa_f1 has the option language=None, expected one of ar, de, en, "
            "es, hi, vi, zh: correct the task's metrics",
        ),
    ],
)
def test_wrong_options_are_refused(spec: str, message: str) -> None:
    assert refusal(spec) == message


def test_the_light_module_offers_the_languages_that_there_are() -> None:
    assert OFFERED == LANGUAGES


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The U.S. Army's  plan", "us armys plan"),
        ("a-b", "ab"),
        ("“Paris”", "“paris”"),
        ("An answer", "answer"),
    ],
)
def test_squad_drops_case_punctuation_and_articles(text: str, left: str) -> None:
    assert normalise_squad(text) == left


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("en", "“The Paris”", "paris"),
        ("ar", "\u0627\u0644\u0628\u064a\u062a", "\u0628\u064a\u062a"),
        ("hi", "the \u0918\u0930\u0964", "the \u0918\u0930"),
        ("zh", "2008\u5e74 \u5965\u8fd0", "2008 \u5e74 \u5965 \u8fd0"),
    ],
)
def test_mlqa_normalises_by_language(language: str, text: str, left: str) -> None:
    assert mlqa_normaliser(language)(text) == left
