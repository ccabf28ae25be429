"""Baselines that every leaderboard shows: majority, random, oracle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness import Predictor, PredictorEntry, UsageError, hookimpl
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


def _refuse_options(baseline: str, options: Mapping[str, str]) -> None:
    if options:
        raise UsageError(
            f"the baseline {baseline} has no option {', '.join(options)}, expected "
            f"none: write {baseline}:"
        )


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
            name="oracle", summary="the right answer itself", make=_make_oracle
        ),
    ]
