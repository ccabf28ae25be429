"""A word on what is going on, where a command works for long and writes at its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.progress import QUIET_S

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show a text with a spinner on a terminal, and give what changes the text.

    It stands on standard error and goes away in the end; results may be printed
    meanwhile. Elsewhere the text is a plain line, now and then.
    """
    from rich.console import Console

    console = Console(file=sys.stderr)
    if console.is_terminal:
        yield from _spinner(console, text)
    else:
        yield _now_and_then()


def _spinner(console: Console, text: str) -> Iterator[Callable[[str], None]]:
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    spinner = Spinner("dots", Text(text))
    # what is printed goes above the spinner, unless it goes to a file
    is_shared = sys.stdout.isatty()
    with Live(spinner, console=console, transient=True, redirect_stdout=is_shared):
        yield lambda changed: spinner.update(text=Text(changed))


def _now_and_then() -> Callable[[str], None]:
    spoke = time.monotonic()

    def tell(text: str) -> None:
        nonlocal spoke
        if time.monotonic() - spoke > QUIET_S:
            spoke = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    return tell
