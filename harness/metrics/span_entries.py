"""The metrics over spans that the core registers; numpy loads when one is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn, cast

from harness.errors import PluginError
from harness.metric import Metric, MetricEntry

if TYPE_CHECKING:
    from harness.metrics.spans import Measure, Questions

SQUAD_1 = (
    "evaluate-v1.1.py of SQuAD (Rajpurkar et al., EMNLP 2016), the verbatim copy in "
    "deeppavlov/stand_squad_en at commit ac074edecd13f62510a1292f1e53a4e39a734a31"
)
SQUAD_2 = (
    "rajpurkar/SQuAD-explorer evaluate-v2.0.py at commit "
    "eee5fdbf62f8613a7812b03419e6b29617b74fd1 (Rajpurkar et al., ACL 2018)"
)
MLQA = (
    "facebookresearch/MLQA mlqa_evaluation_v1.py at commit "
    "24bf470b2e68f2bfb93b2fd31c370bb8ee18d9ed (Lewis et al., ACL 2020)"
)
NO_DOUBT = "no prediction says how likely no answer is"
NOT_ASKED = "no question is of that kind"
QUESTIONS = ("all", "answerable", "unanswerable")
LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh")

Options = Mapping[str, str]
Make = Callable[[str, "Measure", Options], Metric]


def _make_squad(name: str, measure: Measure, options: Options) -> Metric:
    from harness.metrics.span_text import normalise_squad
    from harness.metrics.spans import SpanMatch

    _check_known(name, options)
    return SpanMatch(name=name, measure=measure, normalise=normalise_squad)


def _make_mlqa(name: str, measure: Measure, options: Options) -> Metric:
    from harness.metrics.span_text import mlqa_normaliser
    from harness.metrics.spans import SpanMatch

    _check_known(name, options, "language")
    language = options.get("language")
    if language not in LANGUAGES:
        _refuse(name, "language", language, f"one of {', '.join(LANGUAGES)}")
    normalise = mlqa_normaliser(language)
    return SpanMatch(name=name, measure=measure, normalise=normalise, options=options)


def _make_squad2(name: str, measure: Measure, options: Options) -> Metric:
    from harness.metrics.span_text import normalise_squad
    from harness.metrics.spans import Squad2Match

    _check_known(name, options, "questions", "threshold")
    questions = options.get("questions", "all")
    if questions not in QUESTIONS:
        _refuse(name, "questions", questions, f"one of {', '.join(QUESTIONS)}")
    return Squad2Match(
        name=name,
        measure=measure,
        normalise=normalise_squad,
        options=options,
        questions=cast("Questions", questions),
        threshold=_read_threshold(name, options.get("threshold", "1")),
    )


def _make_best(name: str, measure: Measure, options: Options) -> Metric:
    from harness.metrics.span_text import normalise_squad
    from harness.metrics.spans import Squad2Best

    _check_known(name, options)
    return Squad2Best(name=name, measure=measure, normalise=normalise_squad)


def _read_threshold(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        _refuse(name, "threshold", text, "a number")
    return value


def _check_known(name: str, options: Options, *known: str) -> None:
    for option in options:
        if option not in known:
            raise PluginError(
                f"metric {name} has no option {option!r}, expected "
                f"{' or '.join(known) or 'none'}: correct the task's metrics"
            )


def _refuse(name: str, option: str, value: str | None, expected: str) -> NoReturn:
    raise PluginError(
        f"metric {name} has the option {option}={value}, expected {expected}: correct "
        "the task's metrics"
    )


def _entry(
    name: str,
    measure: Measure,
    summary: str,
    make: Make,
    source: str,
    options: Options | None = None,
    undefined: str = "",
) -> MetricEntry:
    def made(_labels: tuple[str, ...], given: Options) -> Metric:
        return make(name, measure, given)

    return MetricEntry(
        name=name,
        summary=summary,
        make=made,
        options=options or {},
        falls_short=f"undefined where {undefined}" if make is _make_best else "",
        undefined=undefined,
        source=source,
    )


_SQUAD2_OPTIONS = {
    "questions": "which questions count: all, answerable (HasAns) or unanswerable "
    "(NoAns)",
    "threshold": "a prediction whose no-answer score is above it counts as no answer; "
    "1 without",
}
_MLQA_OPTIONS = {"language": "the answers' language: " + ", ".join(LANGUAGES)}

METRICS: tuple[MetricEntry, ...] = (
    _entry(
        "squad_f1",
        "f1",
        "SQuAD 1.1: mean F1 of the words shared with the best reference",
        _make_squad,
        SQUAD_1,
    ),
    _entry(
        "squad_exact_match",
        "exact",
        "SQuAD 1.1: share of answers that equal a reference once normalised",
        _make_squad,
        SQUAD_1,
    ),
    _entry(
        "squad2_f1",
        "f1",
        "SQuAD 2.0: mean F1, where no answer may be right",
        _make_squad2,
        SQUAD_2,
        _SQUAD2_OPTIONS,
        undefined=NOT_ASKED,
    ),
    _entry(
        "squad2_exact",
        "exact",
        "SQuAD 2.0: share of exact answers, where no answer may be right",
        _make_squad2,
        SQUAD_2,
        _SQUAD2_OPTIONS,
        undefined=NOT_ASKED,
    ),
    _entry(
        "squad2_best_f1",
        "f1",
        "SQuAD 2.0: F1 at the no-answer threshold that suits the scored set best",
        _make_best,
        SQUAD_2,
        undefined=NO_DOUBT,
    ),
    _entry(
        "squad2_best_exact",
        "exact",
        "SQuAD 2.0: exact answers at the threshold that suits the scored set best",
        _make_best,
        SQUAD_2,
        undefined=NO_DOUBT,
    ),
    _entry(
        "mlqa_f1",
        "f1",
        "MLQA: mean F1, normalised as the answers' language asks",
        _make_mlqa,
        MLQA,
        _MLQA_OPTIONS,
    ),
    _entry(
        "mlqa_exact_match",
        "exact",
        "MLQA: share of answers that equal a reference once normalised",
        _make_mlqa,
        MLQA,
        _MLQA_OPTIONS,
    ),
)
