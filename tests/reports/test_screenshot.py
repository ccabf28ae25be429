"""Pictures of pages."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from harness import UsageError
from harness_reports.browser import find_browser
from harness_reports.screenshot import main, take


def test_a_missing_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no page at .*none\.html: write it with"):
        take(tmp_path / "none.html", tmp_path / "out.png")


def test_a_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no browser on the search path, expected one"):
        find_browser()


def test_the_command_exits_with_2_and_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.html"), str(tmp_path / "out.png")]) == 2
    assert capsys.readouterr().err.startswith("no page at ")


@pytest.mark.slow
def test_a_picture_has_the_width_that_was_asked_for(tmp_path: Path) -> None:
    try:
        find_browser()
    except UsageError as error:
        pytest.skip(str(error))
    page, picture = tmp_path / "page.html", tmp_path / "out.png"
    page.write_text("<!doctype html><p>hello")
    assert main([str(page), str(picture), "--width", "390", "--height", "200"]) == 0
    # PNG, section 11.2.1: width and height are the first fields of IHDR
    assert struct.unpack(">II", picture.read_bytes()[16:24]) == (390, 200)
