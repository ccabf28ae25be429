"""A word on what is going on, where a command works for long and writes at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show a text with a spinner on a terminal, and give what changes the text.

    It stands on standard error and goes away in the end. Elsewhere nothing is shown.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(Text(text)) as status:
        yield lambda changed: status.update(Text(changed))
