"""sacreBLEU's paired tests of systems, through the metrics that runs use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from harness.metric import Metric
from harness.official import Inputs, Outputs, make_metric
from harness.paired import (
    approximate_randomisation,
    bootstrap_spread,
    paired_bootstrap,
)
from harness_wmt.corpus_scores import Corpus, make_corpus, score, signature

if TYPE_CHECKING:
    from harness.metric import Floats


def score_paired(inputs: Inputs) -> Outputs:
    """Return sacreBLEU's paired tests of every system against the first.

    The keys of `PairedTest` itself stand beside those of both tests by name.
    """
    names, references = inputs["systems"], inputs["references"]
    corpora = [make_corpus(lines, references) for lines in inputs["hypotheses"]]
    start = names.index(inputs["baseline"])
    names = [names[start], *names[:start], *names[start + 1 :]]
    corpora = [corpora[start], *corpora[:start], *corpora[start + 1 :]]
    draws, seed = inputs["n_samples"], inputs["seed"]
    metrics = {"BLEU": make_metric("bleu"), "chrF2": make_metric("chrf")}
    tests = {"bs": _bootstrap_results, "ar": _randomisation_results}
    results: dict[str, dict[str, object]] = {test: {} for test in tests}
    signatures: dict[str, dict[str, str]] = {test: {} for test in tests}
    for test, run in tests.items():
        for key, made in metrics.items():
            results[test][key] = run(made, corpora, draws, seed)
            signatures[test][key] = signature(
                made, corpora[0].examples, {test: draws, "seed": seed}
            )
    second = _spread(metrics["BLEU"], corpora[1], draws, seed)
    more = {"bs": draws, "seed": seed}
    text = signature(metrics["BLEU"], corpora[0].examples, more)
    return {
        "System": names,
        **results["bs"],
        "paired_bootstrap": {
            "systems": names,
            **results["bs"],
            "signatures": signatures["bs"],
        },
        "paired_approximate_randomization": {
            "systems": names,
            **results["ar"],
            "signatures": signatures["ar"],
        },
        "bootstrap_ci_of_second_system": {**second, "signature": text},
    }


def _bootstrap_results(
    made: Metric, corpora: Sequence[Corpus], draws: int, seed: int
) -> list[dict[str, object]]:
    baseline = _in_32_bits(made, corpora[0])
    results: list[dict[str, object]] = [
        {**_spread(made, corpora[0], draws, seed), "p_value": None}
    ]
    for corpus in corpora[1:]:
        system = _in_32_bits(made, corpus)
        test = paired_bootstrap(made, baseline, system, draws=draws, seed=seed)
        results.append(
            {**_spread(made, corpus, draws, seed), "p_value": test.p},
        )
    return results


def _randomisation_results(
    made: Metric, corpora: Sequence[Corpus], trials: int, seed: int
) -> list[dict[str, object]]:
    baseline = made.statistics(*corpora[0])
    nothing = {"p_value": None, "mean": None, "ci": None}
    results: list[dict[str, object]] = [{**score(made, corpora[0]), **nothing}]
    for corpus in corpora[1:]:
        system = made.statistics(*corpus)
        p = approximate_randomisation(made, baseline, system, trials=trials, seed=seed)
        results.append({**score(made, corpus), **nothing, "p_value": p})
    return results


def _spread(made: Metric, corpus: Corpus, draws: int, seed: int) -> dict[str, object]:
    found = bootstrap_spread(made, _in_32_bits(made, corpus), draws=draws, seed=seed)
    return {**score(made, corpus), "mean": found.mean, "ci": found.half_width}


def _in_32_bits(made: Metric, corpus: Corpus) -> Floats:
    """Return statistics in the precision that sacreBLEU resamples in."""
    return cast("Floats", made.statistics(*corpus).astype(np.float32))
