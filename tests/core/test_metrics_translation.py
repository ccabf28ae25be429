"""Translation metrics equal sacreBLEU's own corpus scores; here, what golden cases lack."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import sacrebleu

from harness import DataError, Example, PluginError, Prediction
from harness.metric import Metric, signature
from harness.metrics.translation import reference_count
from harness.metrics.translation_entries import METRICS
from harness.stats import interval, score
from harness.task import parse_spec

ENTRIES = {entry.name: entry for entry in METRICS}
HYPOTHESES = ["the cat sat on a mat", "", "Ein Haus, bitte!", "on the mat it sat"]
REFERENCES = [
    ["the cat sat on the mat", "a cat sat on a mat"],
    ["nothing to say"],
    ["Ein Haus bitte.", "Das Haus, bitte!", "Ein Haus, bitte!"],
    ["it sat on the mat"],
]


def _make(spec: str) -> Metric:
    name, options = parse_spec(spec)
    return ENTRIES[name].make((), options)


def _examples(references: Sequence[Sequence[str]]) -> list[Example]:
    return [
        Example(id=str(number), columns={}, target=list(texts))
        for number, texts in enumerate(references)
    ]


def _predictions(texts: Sequence[Any]) -> list[Prediction]:
    return [Prediction(id=str(n), value=text) for n, text in enumerate(texts)]


def _statistics(spec: str, hypotheses: Sequence[Any] = HYPOTHESES) -> Any:
    return _make(spec).statistics(_predictions(hypotheses), _examples(REFERENCES))


OFFICIAL = {
    "bleu": sacrebleu.BLEU(),
    "bleu,order=2,smooth=floor,smooth_value=0.5": sacrebleu.BLEU(
        max_ngram_order=2, smooth_method="floor", smooth_value=0.5
    ),
    "chrf": sacrebleu.CHRF(),
    "chrf++": sacrebleu.CHRF(word_order=2),
    "chrf,eps_smoothing=yes,words=1": sacrebleu.CHRF(eps_smoothing=True, word_order=1),
    "ter": sacrebleu.TER(),
}


@pytest.mark.parametrize(("spec", "official"), OFFICIAL.items(), ids=OFFICIAL.keys())
def test_score_with_a_varying_number_of_references_equals_sacrebleu(
    spec: str, official: Any
) -> None:
    longest = range(max(map(len, REFERENCES)))
    streams = [
        [texts[n] if n < len(texts) else None for texts in REFERENCES] for n in longest
    ]
    wanted = official.corpus_score(HYPOTHESES, streams).score
    assert score(_make(spec), _statistics(spec)) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("spec", OFFICIAL)
def test_weights_count_as_repeated_segments(spec: str) -> None:
    metric, rows = _make(spec), _statistics(spec)
    repeated = score(metric, rows[[0, 0, 2, 3]])
    weighted = metric.aggregate(rows, np.array([[2.0, 0.0, 1.0, 1.0]]))
    assert weighted[0] == pytest.approx(repeated, abs=1e-12)


def test_only_ter_is_better_when_lower() -> None:
    lower = [name for name in ENTRIES if _make(name).is_lower_better]
    assert lower == ["ter"]


def test_signature_holds_sacrebleus_own_parts() -> None:
    version = sacrebleu.__version__
    assert signature(_make("bleu,tokenize=char"), 9) == (
        f"bleu|case:mixed|eff:no|sacrebleu:{version}|smooth:exp|tok:char|n:9|v:1"
    )


def test_signature_over_examples_counts_their_references() -> None:
    examples = _examples(REFERENCES[:1])
    assert "|nrefs:2|" in signature(_make("bleu"), 1, examples)


def test_signature_of_chrf_holds_beta() -> None:
    assert "|beta:3|case:mixed|eff:yes|nc:6|nw:0|" in signature(_make("chrf,beta=3"))


@pytest.mark.parametrize(
    ("references", "count"), [(REFERENCES[:1], "2"), (REFERENCES, "var")]
)
def test_number_of_references_is_told(
    references: Sequence[Sequence[str]], count: str
) -> None:
    assert reference_count(_examples(references)) == count


def test_one_reference_needs_no_list() -> None:
    example = Example(id="1", columns={}, target="the cat sat on the mat")
    rows = _make("bleu").statistics(_predictions(["the cat sat on the mat"]), [example])
    assert score(_make("bleu"), rows) == pytest.approx(100)


def test_unread_prediction_is_an_empty_translation() -> None:
    none = _statistics("chrf", [None, *HYPOTHESES[1:]])
    assert (none == _statistics("chrf", ["", *HYPOTHESES[1:]])).all()


def test_prediction_that_is_no_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"the prediction 3 of example '0' is no text"):
        _statistics("bleu", [3, *HYPOTHESES[1:]])


def test_example_without_reference_is_refused() -> None:
    example = Example(id="7", columns={}, target=None)
    with pytest.raises(DataError, match=r"example '7' has the target None, expected"):
        _make("ter").statistics(_predictions(["a"]), [example])


def test_no_segment_is_refused() -> None:
    with pytest.raises(DataError, match=r"no segment to score, expected at least one"):
        _make("bleu").statistics([], [])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("bleu,tokenize=14a", "metric bleu has the option tokenize=14a, expected one"),
        ("bleu,smooth=more", "expected one of exp, floor, add-k, none"),
        ("bleu,smooth_value=x", "smooth_value=x, expected a number"),
        ("bleu,order=0", "order=0, expected a whole number above 0"),
        ("chrf,words=-1", "words=-1, expected a whole number: correct"),
        ("ter,asian=1", "asian=1, expected yes or no"),
        ("ter,words=1", "metric ter has no option 'words', expected one of normalized"),
    ],
)
def test_wrong_option_is_refused(spec: str, message: str) -> None:
    with pytest.raises(PluginError) as error:
        _make(spec)
    assert message in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["bleu", "chrf++", "ter"])
def test_thousand_resamples_of_a_test_set_take_under_three_seconds(spec: str) -> None:
    rows = np.tile(_statistics(spec), (500, 1))
    rows[:, 0] += np.arange(len(rows))  # no two alike, as in a real test set
    start = time.process_time()
    interval(_make(spec), rows, draws=1000)
    assert time.process_time() - start < 3


def test_tokenizer_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # as it is where mecab-ko is not installed, whatever this machine has
    monkeypatch.setattr("sacrebleu.tokenizers.tokenizer_ko_mecab.MeCab", None)
    with pytest.raises(PluginError, match=r"needs packages .* mecab-ko and mecab-ko"):
        _make("bleu,tokenize=ko-mecab")
