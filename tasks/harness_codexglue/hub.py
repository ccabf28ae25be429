"""Where the rows are: the Hub's data sets and the folders of the same names."""

from __future__ import annotations

import functools

from harness import Data, HubData, Row

PAPER = (
    "Lu et al., CodeXGLUE: A Machine Learning Benchmark Dataset for Code "
    "Understanding and Generation (NeurIPS Datasets and Benchmarks 2021)"
)


def _sample(name: str, config: str, split: str, seed: int) -> list[Row]:
    """Make a split's rows; what makes them loads then, and not with the list."""
    from harness_codexglue.sample import make_sample

    return make_sample(name, config, split, seed)


def data(
    name: str,
    config: str | None = None,
    *,
    train: str | None = "train",
    evaluate: str = "test",
    submit: str = "test",
    id_column: str = "id",
) -> Data:
    """Return where a task's rows are.

    Most test splits of CodeXGLUE are public with their labels, so the split that is
    scored is by default the one that is submitted.
    """
    folder = f"code_x_glue/{name}" + (f"/{config}" if config else "")
    return Data(
        hub=HubData(path=f"google/code_x_glue_{name}", config=config),
        folder=folder,
        train=train,
        evaluate=evaluate,
        submit=submit,
        id_column=id_column,
        sample=functools.partial(_sample, name, config or ""),
    )
