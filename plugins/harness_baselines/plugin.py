"""Baselines that every leaderboard shows: majority, random, oracle, n-grams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness import Predictor, PredictorEntry, Task, UsageError, hookimpl
from harness_baselines.ngram import Ngram, refuse
from harness_baselines.predictors import Majority, Oracle, Random


def _make_majority(options: Mapping[str, str], _seed: int) -> Predictor:
    _refuse_options("majority", options)
    return Majority()


def _make_random(options: Mapping[str, str], seed: int) -> Predictor:
    _refuse_options("random", options)
    return Random(seed=seed)


def _make_oracle(options: Mapping[str, str], _seed: int) -> Predictor:
    _refuse_options("oracle", options)
    return Oracle()


def _make_ngram(options: Mapping[str, str], _seed: int) -> Predictor:
    _refuse_options("ngram", options, "order")
    text = options.get("order", str(DEFAULT_ORDER))
    if not text.isdecimal() or int(text) not in ORDERS:
        raise UsageError(
            f"the baseline ngram has the option order={text}, expected a whole number "
            f"from {ORDERS[0]} to {ORDERS[-1]}: write ngram:,order={DEFAULT_ORDER}"
        )
    return Ngram(order=int(text))


def _has_no_oracle(task: Task) -> str | None:
    try:
        task.problem.perfect(())
    except UsageError as error:
        return str(error)
    return None


def _refuse_options(baseline: str, options: Mapping[str, str], *known: str) -> None:
    unknown = [option for option in options if option not in known]
    if unknown:
        raise UsageError(
            f"the baseline {baseline} has no option {', '.join(unknown)}, expected "
            f"{', '.join(known) or 'none'}: write {baseline}:"
        )


DEFAULT_ORDER = 3
ORDERS = range(1, 10)


@hookimpl
def harness_models() -> Sequence[PredictorEntry]:
    """Register the baselines."""
    return [
        PredictorEntry(
            name="majority",
            summary="the most frequent training label, or the mean training number",
            make=_make_majority,
            needs_training_targets=True,
        ),
        PredictorEntry(
            name="random",
            summary="a uniform draw, fixed by seed and example id",
            make=_make_random,
        ),
        PredictorEntry(
            name="oracle",
            summary="the right answer itself",
            make=_make_oracle,
            refuses=_has_no_oracle,
        ),
        PredictorEntry(
            name="ngram",
            summary="the likelihood of texts by n-grams of the training split's words",
            make=_make_ngram,
            trains=True,
            refuses=refuse,
            options={"order": f"the longest n-gram, {DEFAULT_ORDER} by default"},
        ),
    ]
