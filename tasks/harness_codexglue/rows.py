"""The CodeXGLUE benchmark: all its rows, and how predictions are handed in."""

from __future__ import annotations

from harness import Archive, Benchmark
from harness_codexglue import cloze, generation, understanding
from harness_codexglue.hub import PAPER

TASKS = (*understanding.TASKS, *cloze.TASKS, *generation.TASKS)

CODEXGLUE = Benchmark(
    id="codexglue",
    title="CodeXGLUE",
    tasks=tuple(task.id for task in TASKS),
    # the paper and the leaderboard rank each data set by its own metric, on scales
    # that no mean would join: BLEU, accuracy, F1, MAP, MRR
    groups=(),
    archive=Archive(
        kind="folder",
        instructions="send the predictions of each task by mail as "
        "https://microsoft.github.io/CodeXGLUE/ asks; the file names are those of the "
        "evaluators in the benchmark's repository",
    ),
    source=PAPER,
)
