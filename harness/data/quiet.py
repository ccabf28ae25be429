"""Keep the Hub's libraries from talking while they are asked."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and log lines; show progress bars on a terminal only.

    What fails is raised, so retries and fallbacks need no line of their own.
    """
    import datasets
    import huggingface_hub

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for logging in (datasets.logging, huggingface_hub.logging):
            stack.callback(logging.set_verbosity, logging.get_verbosity())
            logging.set_verbosity(logging.CRITICAL)
        for bars in (datasets, huggingface_hub.utils):
            if not sys.stderr.isatty() and not bars.are_progress_bars_disabled():
                bars.disable_progress_bars()
                stack.callback(bars.enable_progress_bars)
        yield
