"""Take what an iterator gives a step before it is wanted, in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")


def one_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items in order; the next is made while the last one is used.

    Never more than one is made ahead. What the iterator raises is raised where its
    item would have come. Closing this waits for the item that is being made.
    """
    from concurrent.futures import ThreadPoolExecutor  # --help does without

    iterator = iter(items)

    def take() -> list[Item]:
        return list(islice(iterator, 1))

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as thread:
        coming: Future[list[Item]] = thread.submit(take)
        while came := coming.result():
            coming = thread.submit(take)
            yield from came
