"""The page in a real browser: its script, its policy, its widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import UsageError
from harness.results import Results
from harness_reports.browser import Browser, find_browser
from harness_reports.html import to_html

pytestmark = pytest.mark.slow

NAMES = (
    "[...document.querySelectorAll('#board-glue tbody th a')].map(a => a.textContent)"
)
SHOWN = "[...document.querySelectorAll('#board-glue tbody tr')].filter(r => !r.hidden).length"
FAULTS = {
    "Runtime.consoleAPICalled",
    "Runtime.exceptionThrown",
    "Log.entryAdded",
    "Audits.issueAdded",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        find_browser()
    except UsageError as error:
        pytest.skip(str(error))
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def page(glue: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "leaderboard.html"
    path.write_text(to_html(glue), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Browser, page: Path) -> Browser:
    browser.resize(1440, 900)
    browser.open(page)
    return browser


def press(browser: Browser, column: str) -> None:
    browser.evaluate(f"document.querySelector('th[data-c={column}] button').click()")


def test_state_in_the_address_sorts_the_table(browser: Browser, page: Path) -> None:
    browser.open(page, "#sort=glue:glue-cola:asc")
    assert browser.evaluate(NAMES)[0] == "elm-124m"
    sorted_by = "document.querySelector('th[data-c=glue-cola]').ariaSort"
    assert browser.evaluate(sorted_by) == "ascending"


def test_baselines_stay_below_whatever_the_order(browser: Browser, page: Path) -> None:
    browser.open(page, "#sort=glue:glue-cola:asc")
    assert browser.evaluate(NAMES)[-2:] == ["majority", "random"]


def test_rows_without_a_score_stay_last_in_both_directions(
    browser: Browser, page: Path
) -> None:
    for direction in ("asc", "desc"):
        browser.open(page, f"#sort=glue:glue-qqp:{direction}")
        assert browser.evaluate(NAMES)[5] == "dogwood-small"


def test_a_sort_button_sorts_announces_and_writes_the_address(opened: Browser) -> None:
    press(opened, "glue-sst2")
    assert opened.evaluate(NAMES)[0] == "birch-base"
    status = opened.evaluate("document.getElementById('status').textContent")
    assert status == "Sorted by SST-2, descending"
    assert opened.evaluate("location.hash") == "#sort=glue:glue-sst2:desc"


def test_the_third_press_restores_the_ranking(opened: Browser) -> None:
    before = opened.evaluate(NAMES)
    for _ in range(3):
        press(opened, "glue-wnli")
    assert opened.evaluate(NAMES) == before
    assert opened.evaluate("location.hash") == ""


def test_the_search_hides_rows_and_counts_them(opened: Browser) -> None:
    opened.evaluate(
        "s = document.getElementById('search'); s.value = 'few-shot elm';"
        "s.dispatchEvent(new Event('input'))"
    )
    assert opened.evaluate(SHOWN) == 1
    status = opened.evaluate("document.getElementById('status').textContent")
    assert status == "1 of 8 rows"


def test_a_search_in_the_address_is_restored(browser: Browser, page: Path) -> None:
    browser.open(page, "#q=acme%20none")
    assert browser.evaluate(SHOWN) == 0
    assert browser.evaluate("document.getElementById('search').value") == "acme none"


def test_a_hidden_column_is_gone_and_unticked(browser: Browser, page: Path) -> None:
    browser.open(page, "#hide=glue:glue-cola")
    cell = "document.querySelector('th[data-c=glue-cola]').offsetWidth"
    assert browser.evaluate(cell) == 0
    box = "document.querySelector('fieldset input[value=glue-cola]').checked"
    assert browser.evaluate(box) is False


def test_the_theme_button_changes_the_page(opened: Browser) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    opened.prefer(prefers_color_scheme="light")
    light = opened.evaluate(ground)
    opened.evaluate("b = document.getElementById('theme'); b.click(); b.click()")
    assert opened.evaluate(ground) != light
    assert opened.evaluate("location.hash") == "#theme=dark"


def test_the_page_follows_the_systems_theme(opened: Browser) -> None:
    opened.prefer(prefers_color_scheme="dark")
    ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    opened.prefer(prefers_color_scheme="light")
    assert ground == "rgb(21, 24, 28)"


def test_the_table_is_saved_as_csv(opened: Browser) -> None:
    opened.evaluate(
        "URL.createObjectURL = blob => { saved = blob; return 'about:blank#' };"
        "HTMLAnchorElement.prototype.click = () => {};"
        "document.querySelectorAll('#board-glue .tools button')[0].click()"
    )
    head, first, *_ = opened.evaluate("saved.text()").split("\r\n")
    assert head.startswith("rank,model,GLUE")
    assert first.startswith("1,alder-base (finetune:full")


def test_focus_on_a_number_shows_what_it_is(opened: Browser) -> None:
    opened.evaluate("document.querySelector('a.score').focus()")
    card = opened.evaluate("document.getElementById('hover').textContent")
    assert "matthews|n:1043|v:1" in card


def test_a_link_to_a_cell_opens_it(browser: Browser, page: Path) -> None:
    browser.open(page, "#e3")
    opened = "document.getElementById('e3').closest('details').open"
    assert browser.evaluate(opened) is True


@pytest.mark.parametrize("width", [390, 720, 1440])
def test_the_page_never_scrolls_sideways(
    browser: Browser, page: Path, width: int
) -> None:
    browser.resize(width, 900)
    browser.open(page)
    assert browser.evaluate("document.documentElement.scrollWidth") == width


def test_the_first_columns_and_the_header_stay_while_the_table_scrolls(
    browser: Browser, page: Path
) -> None:
    browser.resize(390, 844)
    browser.open(page)
    browser.evaluate("document.querySelector('.scroll').scrollLeft = 300")
    left = "document.querySelector('#board-glue tbody th').getBoundingClientRect().left"
    assert 0 < browser.evaluate(left) < 100


def test_the_page_asks_the_network_for_nothing(browser: Browser, page: Path) -> None:
    browser.events.clear()
    browser.open(page)
    asked = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [address for address in asked if not address.startswith("file:")] == []


def test_the_page_breaks_no_rule_of_its_own_policy(
    browser: Browser, page: Path
) -> None:
    browser.events.clear()
    browser.open(page, "#sort=glue:score:asc&q=a&theme=dark")
    browser.evaluate("document.querySelector('a.score').focus()")
    assert [event for event in browser.events if event["method"] in FAULTS] == []


def test_a_broken_policy_would_be_noticed(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.html"
    styled = "<p style='color:red'>the policy forbids this</p></main>"
    broken.write_text(page.read_text(encoding="utf-8").replace("</main>", styled))
    browser.events.clear()
    browser.open(broken)
    assert [event for event in browser.events if event["method"] in FAULTS]


def test_a_script_that_fails_is_reported(opened: Browser) -> None:
    with pytest.raises(UsageError, match="the page's script failed at 'nonsense'"):
        opened.evaluate("nonsense")


def test_a_command_that_the_browser_refuses_is_reported(opened: Browser) -> None:
    with pytest.raises(UsageError, match=r"the browser refused No\.such"):
        opened.command("No.such")
