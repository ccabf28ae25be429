"""Reports where a lower score is the better one: order, best, charts, words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import UsageError
from harness.results import CellResult, CellScore, Results
from harness.task import Benchmark
from harness_reports.browser import Browser, find_browser
from harness_reports.html import to_html
from harness_reports.leaderboard import build_view
from harness_reports.markdown import to_markdown
from harness_reports.text import to_csv
from harness_reports.view import Section, View

MakeCell = Callable[..., CellResult]
MakeScore = Callable[..., CellScore]
BOTH = Benchmark(
    id="both", title="Both", tasks=("s/acc", "s/ter"), groups=(("s/acc",), ("s/ter",))
)
ERRORS = Benchmark(
    id="err", title="Errors", tasks=("s/ter", "s/wer"), groups=(("s/ter",), ("s/wer",))
)


@pytest.fixture
def on(cell: MakeCell, score: MakeScore) -> MakeCell:
    """Make a cell of a model on a task whose rate is better when lower."""

    def make(
        model: str, value: float, task: str = "s/ter", **more: object
    ) -> CellResult:
        is_lower = task != "s/acc"
        made = score(
            "accuracy" if task == "s/acc" else "ter",
            value,
            100,
            scale=100.0 if task == "s/acc" else 1.0,
            low=value - 0.05,
            high=value + 0.05,
            is_lower_better=is_lower,
        )
        return cell(
            model=model,
            task=task,
            task_title=task[2:].upper(),
            metrics_column=f"{task}@1",
            scores=(made,),
            **more,
        )

    return make


def view_of(*cells: CellResult, benchmarks: tuple[Benchmark, ...] = ()) -> View:
    return build_view(Results(cells=cells, benchmarks=benchmarks))


def order(section: Section) -> list[tuple[str, int | None]]:
    return [(each.row.model.name, each.rank) for each in section.models]


@pytest.fixture
def three(on: MakeCell) -> tuple[CellResult, ...]:
    return on("a:m/worst", 80.0), on("a:m/best", 40.0), on("a:m/middle", 60.0)


def test_lowest_score_ranks_first(three: tuple[CellResult, ...]) -> None:
    (section,) = view_of(*three).sections
    assert order(section) == [("a:m/best", 1), ("a:m/middle", 2), ("a:m/worst", 3)]


def test_lowest_score_is_best_and_tinted_most(three: tuple[CellResult, ...]) -> None:
    (task,) = view_of(*three).tasks
    marks = [(row.model.name, e.is_best, e.tint) for row, e in task.entries]
    assert marks == [
        ("a:m/best", True, 4),
        ("a:m/middle", False, 2),
        ("a:m/worst", False, 0),
    ]


def test_baselines_are_sorted_from_low_to_high_too(on: MakeCell) -> None:
    names = [on(f"b{value}:", value, is_baseline=True) for value in (3.0, 2.0)]
    (section,) = view_of(on("a:m/x", 1.0), *names).sections
    assert [s.row.model.name for s in section.baselines] == ["b2.0:", "b3.0:"]


def test_tasks_of_both_directions_have_no_mean(on: MakeCell) -> None:
    cells = [on("a:m/x", 40.0), on("a:m/x", 0.8, task="s/acc")]
    (section,) = view_of(*cells).sections
    assert section.headline_title is None
    assert section.ranking == (
        "not ranked: a lower score is better in some tasks and worse in others"
    )


def test_benchmark_of_both_directions_shows_no_score(on: MakeCell) -> None:
    cells = [on("a:m/x", 40.0), on("a:m/x", 0.8, task="s/acc")]
    (section,) = view_of(*cells, benchmarks=(BOTH,)).sections
    assert section.ranking.startswith("a lower score is better in some tasks of Both")
    assert section.models[0].headline.estimate.value is None


def test_benchmark_of_error_rates_ranks_the_lowest_mean_first(on: MakeCell) -> None:
    rates = {"a:m/x": (40.0, 50.0), "a:m/y": (30.0, 20.0)}
    cells = [
        on(model, rate, task)
        for model, pair in rates.items()
        for rate, task in zip(pair, ("s/ter", "s/wer"), strict=True)
    ]
    (section,) = view_of(*cells, benchmarks=(ERRORS,)).sections
    assert order(section) == [("a:m/y", 1), ("a:m/x", 2)]


def test_tasks_with_one_metric_of_its_own_scale_are_ranked_by_its_mean(
    on: MakeCell,
) -> None:
    cells = [on("a:m/x", 40.0), on("a:m/x", 60.0, task="s/wer")]
    (section,) = view_of(*cells).sections
    assert section.models[0].headline.estimate.value == 50.0


def test_benchmark_without_groups_has_no_official_score(on: MakeCell) -> None:
    loose = Benchmark(id="wmt", title="WMT", tasks=("s/ter",), groups=())
    (section,) = view_of(on("a:m/x", 40.0), benchmarks=(loose,)).sections
    assert section.ranking == (
        "WMT has no official score over all its tasks; ranked by TER"
    )


def test_page_says_that_lower_is_better(three: tuple[CellResult, ...]) -> None:
    page = to_html(Results(cells=three))
    assert re.search(
        r'data-lower><a href="#task-s-ter">TER</a><span class="lower"', page
    )
    assert "ter, lower is better" in page


def test_page_of_accuracies_says_nothing_of_it(cell: MakeCell) -> None:
    page = to_html(Results(cells=[cell()]))
    assert "data-lower>" not in page
    assert "lower is better" not in page


def test_fastest_and_best_model_stands_at_the_top_of_the_chart(on: MakeCell) -> None:
    from harness.results import Cost

    cost = Cost(seconds=1.0, examples=100)
    cells = [on("a:m/good", 40.0, cost=cost), on("a:m/bad", 80.0, cost=cost)]
    page = to_html(Results(cells=cells))
    (chart,) = re.findall(r"<svg[^>]*against examples a second.*?</svg>", page, re.S)
    heights = re.findall(r'y="([0-9.]+)"[^>]*>(good|bad)<', chart)
    assert [name for _, name in sorted(heights, key=lambda each: float(each[0]))] == [
        "good",
        "bad",
    ]
    assert "best at the top" in chart


def test_markdown_says_it_in_the_heading(three: tuple[CellResult, ...]) -> None:
    text = to_markdown(Results(cells=three))
    assert "| TER (lower is better) |" in text


def test_csv_has_a_column_for_it(three: tuple[CellResult, ...]) -> None:
    rows = csv.DictReader(io.StringIO(to_csv(Results(cells=three))))
    assert {row["is_lower_better"] for row in rows} == {"True"}


def test_data_frame_has_a_column_for_it(three: tuple[CellResult, ...]) -> None:
    assert Results(cells=three).to_pandas()["is_lower_better"].all()


@pytest.fixture
def browser() -> Iterator[Browser]:
    try:
        find_browser()
    except UsageError as error:
        pytest.skip(str(error))
    with Browser() as found:
        yield found


@pytest.mark.slow
def test_first_click_sorts_from_low_to_high(
    browser: Browser, three: tuple[CellResult, ...], tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(to_html(Results(cells=three)), encoding="utf-8")
    browser.open(path)
    browser.evaluate("document.querySelector('th[data-c=s-ter] button').click()")
    assert browser.evaluate("location.hash") == "#sort=tasks:s-ter:asc"
