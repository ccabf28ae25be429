"""The view: columns, rows, ranks, aggregates, provenance."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.results import Caveats, CellResult, CellScore, Cost, Results
from harness.task import Benchmark
from harness_reports.leaderboard import build_view
from harness_reports.view import Section, Standing, View

MakeCell = Callable[..., CellResult]
MakeScore = Callable[..., CellScore]

PAIR = Benchmark(
    id="pair", title="Pair", tasks=("s/a", "s/b"), groups=(("s/a",), ("s/b",))
)


@pytest.fixture
def on(cell: MakeCell, score: MakeScore) -> Callable[..., CellResult]:
    """Make a cell of a model on a task with an accuracy."""

    def make(model: str, task: str, value: float, **changes: object) -> CellResult:
        half = changes.pop("half", 0.1)
        assert isinstance(half, float)
        made = score("accuracy", value, 100, low=value - half, high=value + half)
        values: dict[str, object] = {
            "model": model,
            "task": task,
            "task_title": task[-1].upper(),
            "metrics_column": f"{task}@1",
            "scores": (made,),
        }
        return cell(**(values | changes))

    return make


def view_of(*cells: CellResult, benchmarks: tuple[Benchmark, ...] = ()) -> View:
    return build_view(Results(cells=cells, benchmarks=benchmarks))


def standing(section: Section, model: str) -> Standing:
    every = (*section.models, *section.baselines)
    return next(each for each in every if each.row.model.name == model)


def ranks(section: Section) -> list[tuple[str, int | None]]:
    return [(each.row.model.name, each.rank) for each in section.models]


def test_no_cells_make_an_empty_view() -> None:
    assert view_of().sections == ()


def test_rows_with_the_whole_benchmark_are_ranked_by_its_aggregate(
    on: MakeCell,
) -> None:
    cells = [on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.7)]
    cells += [on("m:2", "s/a", 0.9), on("m:2", "s/b", 0.8)]
    (section,) = view_of(*cells, benchmarks=(PAIR,)).sections
    assert ranks(section) == [("m:2", 1), ("m:1", 2)]
    assert standing(section, "m:2").headline.estimate.value == pytest.approx(85)


def test_a_row_without_every_task_has_no_aggregate_and_no_rank(on: MakeCell) -> None:
    cells = [on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.7), on("m:2", "s/a", 0.9)]
    (section,) = view_of(*cells, benchmarks=(PAIR,)).sections
    missing = standing(section, "m:2")
    assert (missing.rank, missing.headline.estimate.value) == (None, None)
    assert (missing.headline.have, missing.headline.of) == (1, 2)


def test_a_validation_aggregate_says_so(on: MakeCell) -> None:
    cells = [on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.7, split="test")]
    (section,) = view_of(*cells, benchmarks=(PAIR,)).sections
    assert (section.headline_title, section.headline_note) == ("Pair", "validation")


def test_a_test_aggregate_carries_no_note(on: MakeCell) -> None:
    cells = [on("m:1", task, 0.6, split="test") for task in PAIR.tasks]
    (section,) = view_of(*cells, benchmarks=(PAIR,)).sections
    assert section.headline_note == ""


def test_half_widths_of_tasks_add_in_quadrature(on: MakeCell) -> None:
    # a mean of two with half-widths 3 and 4 has half of 5
    cells = [on("m:1", "s/a", 0.5, half=0.03), on("m:1", "s/b", 0.5, half=0.04)]
    (section,) = view_of(*cells, benchmarks=(PAIR,)).sections
    half = standing(section, "m:1").headline.estimate.half_width
    assert half == pytest.approx(2.5)


def test_without_a_complete_row_the_mean_over_shared_tasks_ranks(on: MakeCell) -> None:
    three = Benchmark(
        id="x", title="X", tasks=("s/a", "s/b", "s/c"), groups=(("s/c",),)
    )
    cells = [on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.9), on("m:2", "s/a", 0.7)]
    (section,) = view_of(*cells, benchmarks=(three,)).sections
    assert ranks(section) == [("m:2", 1), ("m:1", 2)]
    assert section.ranking == (
        "no model has one score in every task of X, so its official score is not shown; "
        "ranked by A, the one task that all models share"
    )


def test_a_benchmark_without_an_official_score_says_so(on: MakeCell) -> None:
    none = Benchmark(id="x", title="X", tasks=("s/a",), groups=())
    (section,) = view_of(on("m:1", "s/a", 0.6), benchmarks=(none,)).sections
    assert section.ranking.startswith("X has no official score over all its tasks; ")


def test_a_mean_over_several_tasks_has_a_column_of_its_own(on: MakeCell) -> None:
    view = view_of(on("m:1", "s/a", 0.8), on("m:1", "s/b", 0.6))
    assert view.sections[0].headline_column == "mean of 2"


@pytest.mark.parametrize("others", [(), ("s/b",)])
def test_the_score_of_the_one_shared_task_stands_in_its_column_alone(
    on: MakeCell, others: tuple[str, ...]
) -> None:
    cells = [on("m:1", "s/a", 0.8), on("m:2", "s/a", 0.6)]
    view = view_of(*cells, *(on("m:1", task, 0.7) for task in others))
    assert view.sections[0].headline_title == "A"
    assert view.sections[0].headline_column is None


def test_rows_that_share_no_task_are_not_ranked(on: MakeCell) -> None:
    (section,) = view_of(on("m:1", "s/a", 0.6), on("m:2", "s/b", 0.9)).sections
    assert [rank for _, rank in ranks(section)] == [None, None]
    assert section.ranking.startswith("not ranked: there is no task that all")


def test_scores_on_different_scales_have_no_mean(
    on: MakeCell, score: MakeScore
) -> None:
    perplexity = score("perplexity", 20.0, 10, scale=1.0)
    cells = [on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.1, scores=(perplexity,))]
    (section,) = view_of(*cells).sections
    assert section.ranking == "not ranked: the tasks' scores are on different scales"
    assert section.headline_title is None


def test_equal_scores_share_a_rank(on: MakeCell) -> None:
    cells = [on("m:1", "s/a", 0.6), on("m:2", "s/a", 0.6), on("m:3", "s/a", 0.5)]
    (section,) = view_of(*cells).sections
    assert [rank for _, rank in ranks(section)] == [1, 1, 3]


def test_baselines_stand_apart_without_a_rank(on: MakeCell) -> None:
    best = on("majority:", "s/a", 0.9, is_baseline=True)
    (section,) = view_of(best, on("m:1", "s/a", 0.6)).sections
    assert ranks(section) == [("m:1", 1)]
    assert [(each.row.model.name, each.rank) for each in section.baselines] == [
        ("majority:", None)
    ]


def test_a_baseline_is_never_the_best_of_a_column(on: MakeCell) -> None:
    cells = [on("m:1", "s/a", 0.6), on("m:2", "s/a", 0.5)]
    view = view_of(on("majority:", "s/a", 0.9, is_baseline=True), *cells)
    best = {entry.row for _, entry in view.tasks[0].entries if entry.is_best}
    assert best == {"row-m-1"}


def test_a_partial_score_is_not_best_beside_a_whole_one(on: MakeCell) -> None:
    partial = on("m:1", "s/a", 0.9, caveats=Caveats(limit=10, split_size=100))
    view = view_of(partial, on("m:2", "s/a", 0.6), on("m:3", "s/a", 0.5))
    assert [e.is_best for _, e in view.tasks[0].entries] == [False, True, False]


def test_cells_of_other_data_stand_in_a_column_of_their_own(on: MakeCell) -> None:
    first = on("m:1", "s/a", 0.6, provenance={"data_hash": "aaaa1111bbbb"})
    other = {"metrics_column": "s/a@1#2", "provenance": {"data_hash": "cccc2222"}}
    view = view_of(first, on("m:2", "s/a", 0.7, **other))
    assert [task.column.note for task in view.tasks] == [
        "data aaaa1111",
        "data cccc2222",
    ]


def test_cells_asked_with_another_prompt_share_the_column(on: MakeCell) -> None:
    headed = on("m:1", "s/a", 0.6, metrics_column="s/a@1|none")
    asked = on("m:2", "s/a", 0.7, metrics_column="s/a@1|t5", prompt="t5")
    assert len(view_of(headed, asked).tasks) == 1


def test_a_failed_cell_with_another_prompt_stands_in_the_tasks_column(
    on: MakeCell,
) -> None:
    failed = {"status": "failed", "reason": "no", "scores": (), "prompt": "t5"}
    cells = [on("m:1", "s/a", 0.0, metrics_column="x", **failed)]
    view = view_of(*cells, on("m:2", "s/a", 0.6, metrics_column="y"))
    assert [len(task.entries) for task in view.tasks] == [2]


def test_what_could_not_be_asked_stands_in_its_tasks_column(on: MakeCell) -> None:
    unaskable = {"metrics_column": "", "status": "blocked", "scores": ()}
    view = view_of(on("m:1", "s/a", 0.0, **unaskable), on("m:2", "s/a", 0.6))
    assert [(row.label, e.status) for row, e in view.tasks[0].entries] == [
        ("m:2", "done"),
        ("m:1", "blocked"),
    ]


def test_what_could_not_be_asked_joins_the_row_of_what_could(on: MakeCell) -> None:
    unaskable = {"metrics_column": "", "status": "blocked", "formulation": None}
    view = view_of(on("m:1", "s/b", 0.0, **unaskable), on("m:1", "s/a", 0.6))
    assert [row.formulation for row in view.rows] == ["rank"]


def test_prompts_merge_no_columns_of_unknown_data(on: MakeCell) -> None:
    headed = on("m:1", "s/a", 0.6, metrics_column="x", provenance={})
    asked = on("m:2", "s/a", 0.7, metrics_column="y", prompt="t5", provenance={})
    assert [t.column.note for t in view_of(headed, asked).tasks] == ["x", "y"]


def test_a_row_asked_with_two_prompts_is_split(on: MakeCell) -> None:
    cells = [on("m:1", "s/a", 0.6, prompt=name) for name in ("t5", "lm-eval")]
    labels = [each.row.label for each in view_of(*cells).sections[0].models]
    assert sorted(labels) == ["m:1 · lm-eval", "m:1 · t5"]


def test_labels_hold_only_what_tells_rows_apart(on: MakeCell) -> None:
    cells = [
        on("bert:google/base", "s/a", 0.6, regime="finetune:full", formulation="head"),
        on("bert:google/base", "s/a", 0.5, regime="few-shot:5", formulation="rank"),
        on("gpt:two/small", "s/a", 0.4),
    ]
    labels = [each.row.label for each in view_of(*cells).sections[0].models]
    assert labels == ["base · finetune:full", "base · few-shot:5", "small"]


def test_short_names_that_clash_stay_whole(on: MakeCell) -> None:
    view = view_of(on("bert:a/base", "s/a", 0.6), on("bert:b/base", "s/a", 0.5))
    assert [model.short for model in view.models] == ["bert:a/base", "bert:b/base"]


def test_models_beyond_the_palette_get_another_shape(on: MakeCell) -> None:
    view = view_of(*(on(f"m:{i}", "s/a", 0.5) for i in range(8)))
    looks = {(model.color, model.marker) for model in view.models}
    assert len(looks) == 8


def test_tasks_of_no_benchmark_have_a_section_of_their_own(on: MakeCell) -> None:
    cells = [on("m:1", task, 0.6) for task in ("s/a", "s/b", "s/c")]
    titles = [s.title for s in view_of(*cells, benchmarks=(PAIR,)).sections]
    assert titles == ["Pair", "Other tasks"]


def test_a_benchmark_without_cells_has_no_section(on: MakeCell) -> None:
    view = view_of(on("m:1", "s/c", 0.6), benchmarks=(PAIR,))
    assert [section.title for section in view.sections] == ["Tasks"]


def test_places_that_nobody_ran_are_missing(on: MakeCell) -> None:
    view = view_of(on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.6), on("m:2", "s/a", 0.5))
    assert view.counts == {"done": 3, "missing": 1}


def test_a_training_shared_by_two_evaluations_is_paid_once(on: MakeCell) -> None:
    cost = Cost(train_seconds=100.5)
    curve = ((1, 0.5, 1e-5),)
    cells = [on("m:1", t, 0.6, cost=cost, curve=curve) for t in ("s/a", "s/b")]
    (section,) = view_of(*cells).sections
    assert section.models[0].cost.train_seconds == 100.5


def test_training_is_summed_over_tasks_and_averaged_over_seeds(on: MakeCell) -> None:
    cells = [
        on("m:1", task, 0.6, seed=seed, cost=Cost(train_seconds=seconds))
        for task, seed, seconds in (
            ("s/a", 1, 10.0),
            ("s/b", 1, 20.0),
            ("s/a", 2, 12.0),
        )
    ]
    (section,) = view_of(*cells).sections
    assert section.models[0].cost.train_seconds == pytest.approx(21.0)


def test_trained_parameters_are_those_of_the_task_with_most(on: MakeCell) -> None:
    costs = [Cost(trained_parameters=count) for count in (387, 1_155)]
    cells = [on("m:1", t, 0.6, cost=c) for t, c in zip(PAIR.tasks, costs, strict=True)]
    (section,) = view_of(*cells).sections
    assert section.models[0].cost.trained_parameters == 1_155


@pytest.mark.parametrize(("trained", "told"), [(400, 400), (1_000, None), (None, None)])
def test_trained_parameters_are_told_where_they_are_a_part(
    on: MakeCell, trained: int | None, told: int | None
) -> None:
    cost = Cost(parameters=1_000, trained_parameters=trained)
    (section,) = view_of(on("m:1", "s/a", 0.6, cost=cost)).sections
    assert section.models[0].cost.part_trained == told


def test_throughput_is_all_examples_over_all_seconds(on: MakeCell) -> None:
    costs = [Cost(seconds=1.0, examples=100), Cost(seconds=3.0, examples=100)]
    cells = [on("m:1", t, 0.6, cost=c) for t, c in zip(PAIR.tasks, costs, strict=True)]
    (section,) = view_of(*cells).sections
    assert section.models[0].cost.examples_per_s == pytest.approx(50.0)


def test_what_a_run_shares_is_stored_once(on: MakeCell) -> None:
    facts = {"run": "r1", "hardware": "8 cores"}
    cells = [
        on("m:1", "s/a", 0.6, provenance={**facts, "data_hash": "d1"}),
        on("m:1", "s/b", 0.6, provenance={**facts, "data_hash": "d2"}),
    ]
    (run,) = view_of(*cells).runs
    assert (run.name, dict(run.facts)) == ("r1", {"hardware": "8 cores"})


def test_what_a_row_and_a_column_share_is_stored_with_them(on: MakeCell) -> None:
    facts = {"settings": "epochs=3", "trained_on": "train.parquet", "date": "today"}
    view = view_of(on("m:1", "s/a", 0.6, provenance=facts))
    assert dict(view.rows[0].facts) == {"settings": "epochs=3"}
    assert dict(view.tasks[0].facts) == {"trained_on": "train.parquet"}


def test_settings_that_differ_by_task_stay_with_the_cells(on: MakeCell) -> None:
    cells = [on("m:1", t, 0.6, provenance={"settings": t}) for t in ("s/a", "s/b")]
    assert dict(view_of(*cells).rows[0].facts) == {}


def test_tasks_stand_in_the_order_of_their_benchmark(on: MakeCell) -> None:
    cells = [on("m:1", task, 0.6) for task in ("s/b", "s/a")]
    view = view_of(*cells, benchmarks=(PAIR,))
    assert [task.column.title for task in view.tasks] == ["A", "B"]


def test_one_fingerprint_with_two_scores_is_a_problem(on: MakeCell) -> None:
    cells = [on("m:1", "s/a", value, fingerprint="abc") for value in (0.6, 0.7)]
    assert view_of(*cells).problems == (
        "m:1 on s/a, seed 1: the same cell (abc) was stored with different scores",
    )


def test_a_task_with_two_columns_for_a_row_leaves_its_aggregate_out(
    on: MakeCell,
) -> None:
    cells = [on("m:1", "s/a", 0.6), on("m:1", "s/b", 0.7)]
    cells += [on("m:1", "s/a", 0.9, metrics_column="s/a@2", task_version=2)]
    (section,) = view_of(*cells, benchmarks=(PAIR,)).sections
    assert section.headline_title == "B"
    assert standing(section, "m:1").headline.estimate.value == pytest.approx(70)


def test_sample_data_is_flagged_only_where_other_data_stands_beside_it(
    on: MakeCell,
) -> None:
    sample = on("m:1", "s/a", 0.6, caveats=Caveats(is_sample=True))
    alone, mixed = view_of(sample), view_of(sample, on("m:2", "s/b", 0.6))
    assert alone.tasks[0].entries[0][1].flags == ()
    assert [flag.code for flag in mixed.tasks[0].entries[0][1].flags] == ["s"]


def test_the_view_of_glue_counts_nine_tasks(glue: Results) -> None:
    (section,) = build_view(glue).sections
    dogwood = next(s for s in section.models if s.row.label == "dogwood-small")
    assert (dogwood.headline.have, dogwood.headline.of) == (7, 9)


def test_labels_of_a_grid_hold_the_settings_that_differ(on: MakeCell) -> None:
    cells = [
        on("m:1", "s/a", 0.8, regime="finetune:full", settings=settings)
        for settings in ({"epochs": "3", "lr": "1"}, {"epochs": "3", "lr": "2"})
    ]
    labels = [each.row.label for each in view_of(*cells).sections[0].models]
    assert sorted(labels) == ["m:1 · lr=1", "m:1 · lr=2"]


def test_padding_of_a_row_is_weighted_by_the_tokens_read(cell: MakeCell) -> None:
    (section,) = view_of(
        cell(fingerprint="a", task="t/a", cost=Cost(padding=0.4, tokens=300)),
        cell(fingerprint="b", task="t/b", cost=Cost(padding=0.0, tokens=100)),
        cell(fingerprint="c", task="t/c", cost=Cost(tokens=900)),
    ).sections
    assert section.models[0].cost.padding == pytest.approx(0.3)


def test_padding_that_nothing_measured_is_none(cell: MakeCell) -> None:
    (section,) = view_of(cell(cost=Cost(tokens=900))).sections
    assert section.models[0].cost.padding is None
