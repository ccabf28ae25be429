"""The HTML page: whole, valid, inert, small."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.results import Caveats, CellResult, Cost, Drift, Results
from harness.task import Benchmark
from harness_reports.html import content_policy, to_html

MakeCell = Callable[..., CellResult]

VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """Collects tags with attributes and the text, and checks that tags nest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.unclosed: list[str] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, name: str) -> Iterator[str]:
        for _, attributes in self.tags:
            value = attributes.get(name)
            if value is not None:
                yield value


@pytest.fixture(scope="module")
def source(glue: Results) -> str:
    return to_html(glue)


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_every_tag_is_closed(page: Page) -> None:
    assert page.unclosed == []


def test_ids_are_unique(page: Page) -> None:
    assert [name for name, uses in Counter(page.all("id")).items() if uses > 1] == []


def test_every_link_leads_somewhere_on_the_page(page: Page) -> None:
    ids = {f"#{name}" for name in page.all("id")}
    assert set(page.all("href")) <= ids


def test_every_label_that_is_pointed_at_exists(page: Page) -> None:
    assert set(page.all("aria-labelledby")) <= set(page.all("id"))


def test_nothing_is_loaded_from_outside(page: Page) -> None:
    assert list(page.all("src")) == []
    assert "link" not in {tag for tag, _ in page.tags}


def test_there_is_no_inline_style_and_no_event_handler(page: Page) -> None:
    names = {name for _, attributes in page.tags for name in attributes}
    assert [name for name in names if name == "style" or name.startswith("on")] == []


def test_the_policy_holds_the_hashes_of_what_the_page_carries(source: str) -> None:
    style, script = (
        re.findall(f"<{tag}>(.*?)</{tag}>", source, re.DOTALL)[0]
        for tag in ("style", "script")
    )
    assert content_policy(style, script) in source.replace("&#39;", "'")


def test_the_policys_hash_is_the_one_of_the_specification() -> None:
    # the example of the W3C's Content Security Policy, hash usage for <script>
    policy = content_policy("", "alert('Hello, world.');")
    known = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert known in policy


def test_each_chart_has_a_text_alternative(page: Page) -> None:
    charts = [a for tag, a in page.tags if tag == "svg" and "aria-hidden" not in a]
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(charts) > 12


def test_each_chart_says_its_question(source: str) -> None:
    titles = re.findall(r"<figcaption><h[34]>(.*?)</h[34]>", source)
    assert all(title.endswith("?") for title in titles)


def test_header_cells_have_a_scope(page: Page) -> None:
    headers = [attributes for tag, attributes in page.tags if tag == "th"]
    assert {attributes.get("scope") for attributes in headers} == {"col", "row"}


def test_a_failed_cell_says_why(page: Page) -> None:
    assert "loss is not a number at step 211" in "".join(page.words)


def spoilt(cell: MakeCell, status: str, count: int) -> str:
    """Return a page on which so many cells have no score."""
    cells = [
        cell(task=f"toy/t{n}", fingerprint=str(n), status=status, scores=(), reason="x")
        for n in range(count)
    ]
    return to_html(Results(cells=[cell(), *cells]))


def test_many_blocked_cells_are_folded(cell: MakeCell) -> None:
    assert "9 cells blocked, and why</summary>" in spoilt(cell, "blocked", 9)
    assert "and why</summary>" not in spoilt(cell, "blocked", 8)


def test_failed_cells_are_never_folded(cell: MakeCell) -> None:
    assert "and why</summary>" not in spoilt(cell, "failed", 30)


def test_the_deviation_over_seeds_stands_under_the_number(page: Page) -> None:
    assert "66.4±2.9sd 2.5 of 3 seeds" in "".join(page.words)


def test_the_seeds_of_a_cell_are_told(page: Page) -> None:
    assert re.search(r"mean of 3 seeds, sd 2\.5 \(1: 69\.1, 2: ", "".join(page.words))


def test_a_cell_says_what_it_read_wrote_and_cost(cell: MakeCell) -> None:
    cost = Cost(tokens=120_000, written_tokens=350, price=0.01234567)
    page = Page(to_html(Results(cells=[cell(cost=cost)])))
    assert "120 k tokens read, 350 tokens written, price 0.01235" in page.words


def test_the_command_that_repeats_the_run_is_told_once(source: str) -> None:
    assert source.count("harness run suites/glue.yaml") == 1


def test_names_from_outside_are_inert(cell: MakeCell) -> None:
    evil = "<script>alert(1)</script>"
    quoted = "\"'><img src=x onerror=alert(1)>"
    bad = cell(
        model=f"a:{evil}",
        task_title=evil,
        regime=quoted,
        confusion=((quoted, evil), ((1, 2), (3, 4))),
        provenance={"run": quoted, evil: evil},
    )
    page = Page(to_html(Results(cells=[bad], title=evil, command=evil)))
    tags = Counter(tag for tag, _ in page.tags)
    assert (tags["script"], tags["img"]) == (1, 0)


def test_sample_data_is_announced(cell: MakeCell) -> None:
    results = Results(cells=[cell(caveats=Caveats(is_sample=True))])
    assert "Built on generated sample data:" in to_html(results)


def test_real_data_carries_no_banner(source: str) -> None:
    assert 'class="banner"' not in source


def test_a_contradiction_is_announced(cell: MakeCell) -> None:
    one = cell()
    other = replace(one, scores=(replace(one.scores[0], value=0.1),))
    assert "was stored with different scores" in to_html(Results(cells=[one, other]))


def test_a_single_task_stands_in_one_column_only(cell: MakeCell) -> None:
    page = to_html(Results(cells=[cell(), cell(model="a:m/two")]))
    assert 'data-c="s-task"' in page
    assert 'data-c="score"' not in page


def test_ids_are_unique_whatever_tasks_and_benchmarks_are_called(
    cell: MakeCell,
) -> None:
    names = ("s/task", "s/task/title", "s/task-title", "notes/e1", "tasks/x")
    cells = [cell(task=name, metrics_column=name) for name in names]
    benchmarks = [
        Benchmark(id=name, title=name, tasks=("tasks/x",), groups=(("tasks/x",),))
        for name in ("tasks", "notes", "e1", "models")
    ]
    page = Page(to_html(Results(cells=cells, benchmarks=benchmarks)))
    assert max(Counter(page.all("id")).values()) == 1


def test_a_page_without_cells_says_so() -> None:
    assert "No evaluate cell is stored yet" in to_html(Results(cells=()))


def test_a_page_of_one_failed_cell_renders(cell: MakeCell) -> None:
    failed = cell(status="failed", reason="out of disk", scores=(), provenance={})
    assert "out of disk" in to_html(Results(cells=[failed]))


def test_ten_models_on_ten_tasks_stay_below_300_kb(
    glue: Results, cell: MakeCell
) -> None:
    first = [c for c in glue.cells if c.model == "bert:acme/birch-base"][:10]
    cells = [replace(c, model=f"bert:acme/m{i}-base") for i in range(10) for c in first]
    size = len(to_html(replace(glue, cells=cells)).encode())
    assert size < 300_000


def test_the_curves_of_a_model_are_there_in_numbers(page: Page) -> None:
    assert "The curves in numbers" in "".join(page.words)
    assert "loss at 25 %" in "".join(page.words)


def drifted(cell: MakeCell, count: int) -> Page:
    drift = Drift(
        what="probability",
        largest=0.25,
        median=0.125,
        changed=2,
        compared=40,
        score=-1.5,
    )
    own = [
        cell(fingerprint=str(n), task=f"t/{n}", dtype="bf16", drift=drift)
        for n in range(count)
    ]
    bare = cell(fingerprint="bare", task="t/bare", dtype="bf16")
    return Page(to_html(Results(cells=[*own, bare])))


def test_drift_stands_under_the_ranking_for_all_to_see(cell: MakeCell) -> None:
    text = " ".join(" ".join(drifted(cell, 2).words).split())
    assert text.count("ran in bf16; against fp32: score -1.50, 2 of 40") >= 2
    assert "1 score in lower precision than fp32, drift from fp32 not measured" in text
    assert "scores in lower precision, against fp32" not in text


def test_much_drift_is_folded(cell: MakeCell) -> None:
    text = " ".join(drifted(cell, 9).words)
    assert "9 scores in lower precision, against fp32" in text


def test_a_page_of_fp32_says_nothing_of_drift(source: str) -> None:
    assert "lower precision" not in source
