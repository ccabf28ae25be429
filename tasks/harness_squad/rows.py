"""SQuAD 1.1 and 2.0, one row each.

Columns are those of the Hub data sets. The official test sets are hidden: the
development sets are what is scored.
"""

from __future__ import annotations

import functools

from harness import Archive, Benchmark, Data, HubData, Row, SpanAnswer, Task
from harness_squad import prompts
from harness_squad.submission import AnswerFile, DoubtFile

PAPER_1 = (
    "Rajpurkar et al., SQuAD: 100,000+ Questions for Machine Comprehension of Text "
    "(EMNLP 2016)"
)
PAPER_2 = (
    "Rajpurkar et al., Know What You Don't Know: Unanswerable Questions for SQuAD "
    "(ACL 2018)"
)


def _sample(version: int, split: str, seed: int) -> list[Row]:
    """Make a split's rows; what makes them loads then, and not with the list."""
    from harness_squad.sample import make_sample

    return make_sample(version, split, seed)


V1 = Task(
    id="squad/v1",
    title="SQuAD 1.1",
    summary="which words of a Wikipedia paragraph answer the question?",
    data=Data(
        hub=HubData(
            path="rajpurkar/squad",
            config="plain_text",
            revision="7b6d24c440a36b6815f21b70d25016731768db1f",
        ),
        folder="squad/squad",
        submit=None,
        id_column="id",
        sample=functools.partial(_sample, 1),
    ),
    problem=SpanAnswer(more={"title": "text"}),
    metrics=("squad_f1", "squad_exact_match"),
    headline=("squad_f1",),
    prompts=prompts.V1,
    submission=AnswerFile(may_leave_out=True),
    source=PAPER_1,
)
V2 = Task(
    id="squad/v2",
    title="SQuAD 2.0",
    summary="which words of a Wikipedia paragraph answer the question, if any do?",
    data=Data(
        hub=HubData(
            path="rajpurkar/squad_v2",
            config="squad_v2",
            revision="3ffb306f725f7d2ce8394bc1873b24868140c412",
        ),
        folder="squad/squad_v2",
        submit=None,
        id_column="id",
        sample=functools.partial(_sample, 2),
    ),
    problem=SpanAnswer(may_be_unanswerable=True, more={"title": "text"}),
    metrics=(
        "squad2_f1",
        "squad2_exact",
        "squad2_f1,questions=answerable",
        "squad2_exact,questions=answerable",
        "squad2_f1,questions=unanswerable",
        "squad2_exact,questions=unanswerable",
        "squad2_best_f1",
        "squad2_best_exact",
    ),
    headline=("squad2_f1",),
    prompts=prompts.V2,
    submission=AnswerFile(),
    companions=(DoubtFile(),),
    source=PAPER_2,
)

TASKS: tuple[Task, ...] = (V1, V2)

SQUAD = Benchmark(
    id="squad",
    title="SQuAD",
    tasks=tuple(task.id for task in TASKS),
    groups=(),  # each version has a leaderboard of its own, and no mean is official
    archive=Archive(
        kind="folder",
        instructions="score the files with the official script on the development "
        "set; the hidden test set takes programs, as "
        "https://rajpurkar.github.io/SQuAD-explorer/ says",
    ),
    source="https://rajpurkar.github.io/SQuAD-explorer/",
)
