"""Charts: axes, marks and what happens at their edges."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from harness.results import CellResult, Results
from harness_reports import svg
from harness_reports.charts import Mark, forest, interval_bar, shorten
from harness_reports.curves import curve_line, curve_panel
from harness_reports.figures import curve_lines, model_curves
from harness_reports.leaderboard import build_view
from harness_reports.scatter import scatter
from harness_reports.view import Estimate, ModelView

MakeCell = Callable[..., CellResult]


def model(*, color: int | None = 0, marker: int = 0) -> ModelView:
    return ModelView(
        id="model-m",
        name="m",
        short="m",
        is_baseline=color is None,
        color=color,
        marker=marker,
        parameters=None,
        cells=(),
    )


def mark(
    value: float, half: float = 1.0, *, speed: float = 10.0, **look: int | None
) -> Mark:
    return Mark(
        label=f"row {value}",
        model=model(**look),  # type: ignore[arg-type] # colour and marker
        estimate=Estimate(value=value, low=value - half, high=value + half),
        speed=speed,
    )


def test_ticks_are_round_and_within_the_range() -> None:
    assert svg.ticks(38.5, 81.0) == [40, 60, 80]


def test_ticks_of_an_empty_range_are_its_value() -> None:
    assert svg.ticks(5.0, 5.0) == [5.0]


def test_logarithmic_ticks_have_twos_and_fives() -> None:
    assert svg.log_ticks(4, 210) == pytest.approx([5, 10, 20, 50, 100, 200])


def test_logarithmic_ticks_of_a_long_range_are_powers_of_ten() -> None:
    assert svg.log_ticks(1, 20_000) == pytest.approx([1, 10, 100, 1000, 10_000])


def test_text_in_a_chart_is_escaped() -> None:
    assert svg.text(0, 0, "<b>&") == '<text x="0" y="0">&lt;b&gt;&amp;</text>'


def test_an_attribute_in_a_chart_is_escaped() -> None:
    assert svg.tag("g", {"class": '"><b'}) == '<g class="&#34;&gt;&lt;b"/>'


def test_whiskers_reach_from_low_to_high() -> None:
    whisker = re.search(
        r'class="whisker" x1="(.*?)" y1=".*?" x2="(.*?)"',
        forest([mark(50, 10), mark(80, 0.5)], axis="a", decimals=1),
    )
    assert whisker is not None
    left, right = map(float, whisker.groups())
    # the axis spans 40 - 80.5 with 4 % to spare on each side, over 192 pixels
    assert right - left == pytest.approx(20 / (40.5 * 1.08) * 192, abs=0.2)


def test_a_baseline_off_the_axis_is_an_arrow_at_its_edge() -> None:
    chart = forest([mark(80), mark(75), mark(10, color=None)], axis="a", decimals=1)
    assert re.search(r'<polyline class="dot c-base"', chart)
    assert "10.0 ±1.0" in chart


def test_a_chart_tells_its_numbers_in_words() -> None:
    chart = forest([mark(80.0, 2.0)], axis="accuracy", decimals=1)
    assert 'aria-label="accuracy: row 80.0 80.0 [78.0, 82.0]"' in chart


@pytest.mark.parametrize("marker", range(4))
def test_each_shape_is_drawn(marker: int) -> None:
    name = "circle" if marker == 0 else "polygon"
    assert f"<{name} " in svg.marker(0, 0, marker, kind="dot")


def test_a_bar_outside_its_bounds_is_nothing() -> None:
    assert interval_bar(mark(10), (60.0, 90.0)) == ""


def test_a_long_label_is_cut_in_its_middle() -> None:
    assert shorten("a-very-long-model-name-indeed-v2", 15) == "a-very-…deed-v2"


def test_the_front_holds_what_nothing_beats_in_both() -> None:
    marks = [mark(80, speed=10), mark(70, speed=100), mark(60, speed=20)]
    front = re.search(
        r'class="front" points="(.*?)"', scatter(marks, axis="a", decimals=1)
    )
    assert front is not None
    # two points and the corner between them; the third is beaten by the second
    assert len(front.group(1).split()) == 3


def test_baselines_and_untimed_rows_have_no_price() -> None:
    untimed = Mark(label="x", model=model(), estimate=Estimate(value=50.0))
    assert scatter([untimed, mark(50, color=None)], axis="a", decimals=1) == ""


def test_labels_of_equal_points_keep_clear_of_one_another() -> None:
    chart = scatter([mark(80), mark(80), mark(80)], axis="a", decimals=1)
    places = re.findall(r'<text x="(.*?)" y="(.*?)"[^>]*>row', chart)
    assert len(set(places)) == 3


def test_a_long_curve_is_thinned_to_means_of_stretches() -> None:
    curve = [(step, float(step % 2), 0.0) for step in range(1, 289)]
    panel = curve_panel("CoLA", [curve], model())
    points = re.search(r'<polyline class="curve c0" points="(.*?)"', panel)
    assert points is not None
    assert len({point.split(",")[1] for point in points.group(1).split()}) == 1
    assert len(points.group(1).split()) == 24


def test_a_curve_without_a_number_draws_nothing() -> None:
    assert curve_panel("CoLA", [[(1, math.nan, 0.0)]], model()) == ""


def test_a_checkpoint_evaluated_twice_has_one_curve(cell: MakeCell) -> None:
    curve = ((1, 0.5, 0.0), (2, 0.4, 0.0))
    cells = [cell(task=t, metrics_column=t, curve=curve) for t in ("s/a", "s/b")]
    (found,) = build_view(Results(cells=cells)).models
    assert len(model_curves(found)) == 1


def test_each_way_to_train_has_a_panel(cell: MakeCell) -> None:
    rates = ("1e-5", "2e-5")
    cells = [
        cell(settings={"lr": rate}, curve=((1, 0.5, 0.0), (2, float(rate), 0.0)))
        for rate in rates
    ]
    (found,) = build_view(Results(cells=cells)).models
    titles = [
        re.findall(r'panel-title">(.*?)<', panel) for panel in model_curves(found)
    ]
    assert titles == [["Task lr=1e-5"], ["Task lr=2e-5"]]


def test_each_seed_has_a_line_in_its_panel(cell: MakeCell) -> None:
    cells = [
        cell(seed=seed, curve=((1, 0.5, 0.0), (2, 0.1 * seed, 0.0))) for seed in (1, 2)
    ]
    (panel,) = model_curves(build_view(Results(cells=cells)).models[0])
    assert panel.count("<polyline") == 2


def test_a_curve_in_numbers_is_the_loss_at_each_quarter() -> None:
    curve = tuple((step, 5.0 - step, 0.1 * step) for step in range(1, 5))
    line = curve_line("RTE", 3, curve)
    assert (line.title, line.seed, line.steps, line.rate) == ("RTE", 3, 4, 0.4)
    assert line.losses == (4.0, 3.0, 2.0, 1.0)


def test_a_loss_that_is_no_number_is_said_in_numbers_too() -> None:
    line = curve_line("RTE", 1, ((1, 0.5, 0.0), (2, float("nan"), 0.0)))
    assert line.losses == (0.5, 0.5, None, None)


def test_every_training_has_a_line_in_numbers(cell: MakeCell) -> None:
    curve = ((1, 0.5, 0.0),)
    cells = [cell(seed=seed, curve=curve) for seed in (1, 2)]
    lines = curve_lines(build_view(Results(cells=cells)).models[0])
    assert [(line.title, line.seed) for line in lines] == [("Task", 1), ("Task", 2)]
