"""What sacreBLEU says of a corpus, through the metrics that runs use.

Keys are those of golden cases: sacreBLEU's own names for the parts of a score, and a
name for each set of options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from harness import DataError, Example, Prediction
from harness.metric import Metric
from harness.metrics.translation import Bleu, reference_count
from harness.official import Inputs, Outputs, make_metric
from harness.requests import JsonValue
from harness.stats import score as score_statistics

Options = Mapping[str, str]

BLEU_VARIANTS: Mapping[str, Options] = {
    "bleu": {},
    "bleu_smooth_none": {"smooth": "none"},
    "bleu_floor_0.1": {"smooth": "floor", "smooth_value": "0.1"},
    "bleu_add-k_1": {"smooth": "add-k", "smooth_value": "1"},
    "bleu_lowercase": {"lowercase": "yes"},
    "bleu_effective_order": {"effective_order": "yes"},
    "bleu_intl": {"tokenize": "intl"},
    "bleu_char": {"tokenize": "char"},
    "bleu_none": {"tokenize": "none"},
    "bleu_zh": {"tokenize": "zh"},
    "bleu_ja-mecab": {"tokenize": "ja-mecab"},
}
CHRF_VARIANTS: Mapping[str, Options] = {
    "chrf": {},
    "chrf++": {"words": "2"},
    "chrf_lowercase": {"lowercase": "yes"},
    "chrf_whitespace": {"whitespace": "yes"},
    "chrf_beta1": {"beta": "1"},
    "chrf_char_order_4": {"characters": "4"},
    "chrf_eps_smoothing": {"eps_smoothing": "yes"},
}
TER_VARIANTS: Mapping[str, Options] = {
    "ter": {},
    "ter_case_sensitive": {"case_sensitive": "yes"},
    "ter_no_punct": {"no_punct": "yes"},
    "ter_normalized": {"normalized": "yes"},
    "ter_normalized_asian": {"normalized": "yes", "asian": "yes"},
}
CHINESE_OR_JAPANESE = ("zh", "ja-mecab")
"""Tokenizers of languages whose TER needs characters."""
CHARACTERS = {"normalized": "yes", "asian": "yes"}
TER_SEGMENTS = 200
SENTENCES = 25


class Corpus(NamedTuple):
    """Translations with their references, as metrics take them."""

    predictions: list[Prediction]
    examples: list[Example]

    def first(self, count: int) -> Corpus:
        """Return the first segments."""
        return Corpus(self.predictions[:count], self.examples[:count])


def score_bleu(inputs: Inputs) -> Outputs:
    """Return BLEU with its parts for every variant."""
    corpus = make_corpus(inputs["hypotheses"], inputs["references"])
    return {
        key: _bleu(make_metric("bleu", **options), corpus)
        for key, options in BLEU_VARIANTS.items()
    }


def score_chrf(inputs: Inputs) -> Outputs:
    """Return chrF for every variant."""
    corpus = make_corpus(inputs["hypotheses"], inputs["references"])
    return {
        key: _plain(make_metric("chrf", **options), corpus)
        for key, options in CHRF_VARIANTS.items()
    }


def score_ter(inputs: Inputs) -> Outputs:
    """Return TER with its parts for every variant."""
    corpus = make_corpus(inputs["hypotheses"], inputs["references"])
    return {
        key: _ter(make_metric("ter", **options), corpus)
        for key, options in TER_VARIANTS.items()
    }


def score_test_set(inputs: Inputs) -> Outputs:
    """Return what sacreBLEU says of a system's output on a whole test set.

    The plain keys are against the first reference alone.
    """
    hypotheses, streams = inputs["hypotheses"], inputs["references"]
    tokenizer = inputs["tokenize"]
    ter = CHARACTERS if tokenizer in CHINESE_OR_JAPANESE else {}
    corpus = make_corpus(hypotheses, streams[:1])
    outputs = _by_name(corpus, tokenizer, ter, "")
    for variant in ("char", "13a", "intl"):
        bleu = make_metric("bleu", tokenize=variant)
        outputs[f"bleu_{variant}"] = _bleu(bleu, corpus)
    lowercase = make_metric("bleu", tokenize=tokenizer, lowercase="yes")
    outputs["bleu_lowercase"] = _bleu(lowercase, corpus)
    sentences = {
        "sentence_bleu_first_25": make_metric(
            "bleu", tokenize=tokenizer, effective_order="yes"
        ),
        "sentence_chrf_first_25": make_metric("chrf"),
        "sentence_ter_first_25": make_metric("ter", **ter),
    }
    for key, made in sentences.items():
        outputs[key] = _sentences(made, corpus.first(SENTENCES))
    if len(streams) > 1:
        every = make_corpus(hypotheses, streams)
        outputs |= _by_name(every, tokenizer, ter, "_all_references")
    return outputs


def _by_name(
    corpus: Corpus, tokenizer: str, ter: Options, suffix: str
) -> dict[str, object]:
    bleu = make_metric("bleu", tokenize=tokenizer)
    return {
        f"bleu{suffix}": _bleu(bleu, corpus),
        f"chrf{suffix}": _plain(make_metric("chrf"), corpus),
        f"chrf++{suffix}": _plain(make_metric("chrf", words="2"), corpus),
        f"ter_first_200{suffix}": _ter(
            make_metric("ter", **ter), corpus.first(TER_SEGMENTS)
        ),
    }


def score_tokenizer(inputs: Inputs) -> Outputs:
    """Return lines as a tokenizer of sacreBLEU cuts them.

    Raises:
        DataError: the inputs name no tokenizer.
    """
    entry = str(inputs.get("entry", ""))
    if not entry.startswith("tokenize="):
        raise DataError(
            f"the tokenizer case has the entry {entry!r}, expected tokenize=NAME: "
            "correct its official_source"
        )
    bleu = _as_bleu(make_metric("bleu", tokenize=entry.removeprefix("tokenize=")))
    return {"tokenized": [bleu.tokenize(line) for line in inputs["lines"]]}


def make_corpus(
    hypotheses: Sequence[object], streams: Sequence[Sequence[str | None]]
) -> Corpus:
    """Pair translations with references; what is beyond the shortest list is cut.

    sacreBLEU cuts likewise, without a word; the harness's own data never gets here
    with lists of different lengths.

    Raises:
        DataError: a translation is no text, or there is none.
    """
    predictions, examples = [], []
    lines = zip(hypotheses, zip(*streams, strict=False), strict=False)
    for number, (line, wanted) in enumerate(lines, start=1):
        if not isinstance(line, str):
            raise DataError(
                f"translation {number} is {line!r:.60}, expected a text: correct the "
                "hypotheses"
            )
        predictions.append(Prediction(id=str(number), value=line))
        texts: list[JsonValue] = [text for text in wanted if text is not None]
        examples.append(Example(id=str(number), columns={}, target=texts))
    return Corpus(predictions, examples)


def signature(
    made: Metric, examples: Sequence[Example], more: Mapping[str, object] | None = None
) -> str:
    """Return sacreBLEU's own signature of a metric.

    Args:
        made: one of the translation metrics.
        examples: tell the number of references.
        more: parts that a test adds: its draws and its seed.
    """
    options = dict(made.options)
    version = options.pop("sacrebleu")
    for beyond in ("beta", "order"):
        options.pop(beyond, None)
    parts = {"nrefs": reference_count(examples), **(more or {}), **options}
    return "|".join(f"{k}:{v}" for k, v in {**parts, "version": version}.items())


def score(made: Metric, corpus: Corpus) -> dict[str, object]:
    """Return a corpus's score under sacreBLEU's key."""
    return {"score": score_statistics(made, made.statistics(*corpus))}


def _plain(made: Metric, corpus: Corpus) -> dict[str, object]:
    return {**score(made, corpus), "signature": signature(made, corpus.examples)}


def _bleu(made: Metric, corpus: Corpus) -> dict[str, object]:
    sums = made.statistics(*corpus).sum(axis=0, keepdims=True)
    parts = _as_bleu(made).parts(sums)
    return {
        **_plain(made, corpus),
        "precisions": parts.precisions[0].tolist(),
        "bp": float(parts.brevity_penalty[0]),
        "counts": parts.matched[0].tolist(),
        "totals": parts.total[0].tolist(),
        "sys_len": int(sums[0, 0]),
        "ref_len": int(sums[0, 1]),
    }


def _ter(made: Metric, corpus: Corpus) -> dict[str, object]:
    edits, length = made.statistics(*corpus).sum(axis=0).tolist()
    return {**_plain(made, corpus), "num_edits": int(edits), "ref_length": length}


def _sentences(made: Metric, corpus: Corpus) -> list[float]:
    rows = made.statistics(*corpus)
    scores: list[float] = made.aggregate(rows, np.eye(len(rows))).tolist()
    return scores


def _as_bleu(made: Metric) -> Bleu:
    assert isinstance(made, Bleu)
    return made
