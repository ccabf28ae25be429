"""Take a picture of a page: ``python -m harness_reports.screenshot PAGE.html OUT.png``."""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import HarnessError, UsageError
from harness_reports.browser import Browser


def take(
    page: Path,
    picture: Path,
    *,
    width: int = 1440,
    height: int | None = None,
    theme: str = "light",
    scale: float = 1.0,
    fragment: str = "",
) -> None:
    """Write a PNG of a page from disk.

    Args:
        page: the HTML file.
        picture: where the PNG goes.
        width: of the window, in CSS pixels.
        height: likewise; the whole page by default.
        theme: ``light`` or ``dark``.
        scale: picture pixels for each CSS pixel.
        fragment: state behind the address, such as ``#sort=glue:glue-cola:desc``.

    Raises:
        UsageError: the page is not there, or there is no browser.
    """
    if not page.is_file():
        raise UsageError(f"no page at {page}: write it with 'harness leaderboard'")
    with Browser() as browser:
        browser.prefer(prefers_color_scheme=theme)
        browser.resize(width, height or 900, scale=scale)
        browser.open(page, fragment)
        whole = int(browser.evaluate("document.documentElement.scrollHeight"))
        browser.resize(width, height or whole, scale=scale)
        found = browser.command("Page.captureScreenshot", format="png")
    picture.write_bytes(base64.b64decode(found["data"]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and take the picture; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m harness_reports.screenshot")
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, help="the whole page by default")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--fragment", default="", help="such as '#q=bert'")
    wanted = vars(parser.parse_args(arguments))
    try:
        take(wanted.pop("page"), wanted.pop("picture"), **wanted)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
