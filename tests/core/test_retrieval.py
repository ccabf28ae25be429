"""Retrieval: nearest vectors of a set, baselines, and errors."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence

import numpy as np
import pytest

from harness import Data, Example, PluginError, Retrieval, Task
from harness.formulations import Formulation
from harness.formulations.nearest import nearest
from harness.requests import Embed, EmbedAnswer, JsonValue
from harness.testing import ConformanceError, check_task
from harness_baselines.predictors import Majority, Oracle, Random

CLASSES = Retrieval(query="{code}", inputs={"code": "text"}, target="label", depth=3)
PAIRS = Retrieval(
    query="{words}",
    candidate="{code}",
    inputs={"words": "text", "code": "text"},
    target="id",
    depth=2,
)
CODES = [
    Example(id=str(n), columns={"code": f"code {n}"}, target=label)
    for n, label in enumerate("aabab")
]
ASKED = [
    Example(id=n, columns={"words": f"words {n}", "code": f"code {n}"}, target=n)
    for n in ("7", "8", "9")
]


def task_of(problem: Retrieval) -> Task:
    data = Data(hub=None, folder="f")
    return Task(
        id="toy/find",
        title="Find",
        summary="find it",
        data=data,
        problem=problem,
        metrics=("accuracy",),
    )


def way_of(problem: Retrieval) -> Formulation:
    (only,) = task_of(problem).formulations()
    return only


def ranked(
    problem: Retrieval,
    examples: Sequence[Example],
    *vectors: Sequence[tuple[float, ...]],
) -> list[JsonValue]:
    way = way_of(problem)
    answers = [tuple(EmbedAnswer(vector=v) for v in both) for both in vectors]
    pairs = zip(examples, answers, strict=True)
    found = way.finish([way.predict(example, given) for example, given in pairs])
    return [prediction.value for prediction in found]


def test_a_code_is_asked_once_and_a_pair_twice() -> None:
    assert way_of(CLASSES).requests(CODES[0]) == (Embed(text="code 0"),)
    assert way_of(PAIRS).requests(ASKED[0]) == (
        Embed(text="words 7"),
        Embed(text="code 7"),
    )


def test_others_are_ranked_by_cosine_and_the_query_is_left_out() -> None:
    vectors = [((1.0, 0.0),), ((0.0, 2.0),), ((9.0, 1.0),), ((1.0, 1.0),)]
    assert ranked(CLASSES, CODES[:4], *vectors)[0] == ["2", "3", "1"]


def test_a_query_finds_candidates_of_all_examples_its_own_among_them() -> None:
    right, up = (1.0, 0.0), (0.0, 1.0)
    found = ranked(PAIRS, ASKED, (right, right), (right, up), (up, (1.0, 1.0)))
    assert found == [["7", "9"], ["7", "9"], ["8", "9"]]


def test_equal_cosines_keep_the_order_of_the_set() -> None:
    same = ((1.0, 0.0),)
    assert ranked(CLASSES, CODES, *[same] * 5)[4] == ["0", "1", "2"]


def test_a_vector_of_length_zero_is_far_from_all() -> None:
    vectors = [((1.0, 0.0),), ((0.0, 0.0),), ((1.0, 0.1),)]
    assert ranked(CLASSES, CODES[:3], *vectors)[0] == ["2", "1"]


def test_a_single_example_finds_nothing() -> None:
    assert ranked(CLASSES, CODES[:1], ((1.0, 0.0),)) == [[]]


def test_vectors_of_two_widths_are_refused() -> None:
    with pytest.raises(PluginError) as error:
        ranked(CLASSES, CODES[:2], ((1.0, 0.0),), ((1.0,),))
    assert str(error.value) == (
        "the model's vectors have 1, 2 entries, expected one width for all: correct "
        "the adapter"
    )


def test_blocks_rank_as_one_matrix_does() -> None:
    vectors = np.random.default_rng(1).normal(size=(600, 8)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(600, dtype=np.float32)
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :20]
    rows = [array("f", row) for row in vectors.tolist()]
    found = np.array([*nearest(rows, rows, 20, skips_own=True)])
    assert (found == expected).mean() > 0.999  # blocks may round a last bit otherwise


@pytest.mark.slow
def test_the_ranking_of_poj104_takes_seconds() -> None:
    generator = np.random.default_rng(1)
    vectors = [array("f", row) for row in generator.normal(size=(12_000, 384)).tolist()]
    start = time.perf_counter()
    count = sum(len(row) for row in nearest(vectors, vectors, 499, skips_own=True))
    assert count == 12_000 * 499
    assert time.perf_counter() - start < 30


@pytest.mark.parametrize(("problem", "examples"), [(CLASSES, CODES), (PAIRS, ASKED)])
def test_right_answers_lead_to_what_belongs_together(
    problem: Retrieval, examples: list[Example]
) -> None:
    check_task(task_of(problem), examples)


def test_a_wrong_right_answer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retrieval, "perfect", lambda *_: [["4"]] * len(CODES))
    with pytest.raises(ConformanceError, match="the right answer to example 0 leads"):
        check_task(task_of(CLASSES), CODES)


def test_the_oracle_says_the_class_and_the_own_candidate() -> None:
    oracle = Oracle()
    assert oracle.predict(task_of(CLASSES), CODES, []) == [
        ["1", "3"],
        ["0", "3"],
        ["4"],
        ["0", "1"],
        ["2"],
    ]
    assert oracle.predict(task_of(PAIRS), ASKED, []) == [["7"], ["8"], ["9"]]


@pytest.mark.parametrize("baseline", [Majority(), Random(seed=1)])
def test_baselines_order_the_others_repeatably(baseline: Majority | Random) -> None:
    first = baseline.predict(task_of(CLASSES), CODES, [])
    assert first == baseline.predict(task_of(CLASSES), CODES, [])
    for example, ids in zip(CODES, first, strict=True):
        assert isinstance(ids, list)
        assert len({*map(str, ids)} - {example.id}) == 3


def test_a_draw_depends_on_the_seed() -> None:
    task = task_of(CLASSES)
    draws = [Random(seed=seed).predict(task, CODES, []) for seed in (1, 2)]
    assert draws[0] != draws[1]


def test_a_class_is_read_as_text_and_nothing_as_hidden() -> None:
    assert CLASSES.read_target({"label": 81}) == "81"
    assert CLASSES.read_target({"label": ""}) is None


def test_a_class_must_be_text_or_a_number() -> None:
    with pytest.raises(
        ValueError, match=r"target 0\.5, expected a text or a whole numb"
    ):
        CLASSES.read_target({"label": 0.5})


def test_a_depth_below_one_is_refused() -> None:
    with pytest.raises(PluginError) as error:
        Retrieval(query="{a}", inputs={"a": "text"}, target="b", depth=0)
    assert str(error.value) == (
        "a retrieval has the depth 0, expected 1 or more: correct the task's problem"
    )
