"""An event loop in a thread of its own, so that it runs beside any other loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

_STOP_S = 10.0

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Background:
    """Runs coroutines in a thread; leaving it cancels those that still run."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # a daemon: whatever happens, it keeps no process alive
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="harness-api", daemon=True
        )

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what still runs and end the thread."""
        self.cancel()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_S)
        self._loop.close()

    def cancel(self) -> None:
        """Cancel what still runs, and wait until it has ended."""
        self.submit(_cancel_others()).result(_STOP_S)

    def submit(self, work: Coroutine[Any, Any, Outcome]) -> Future[Outcome]:
        """Start a coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Run a coroutine to its end."""
        return self.submit(work).result()

    def work_through(
        self,
        items: Iterable[Item],
        work: Callable[[Item], Coroutine[Any, Any, Outcome]],
        *,
        limit: int,
    ) -> Iterator[Outcome]:
        """Yield what comes of each item, as it comes.

        An item is taken only when there is room for it. After a failure nothing more
        is taken: what is in flight comes to its end and is yielded (it may have cost
        money), then the failure is raised.
        """
        waiting = iter(items)
        done: queue.SimpleQueue[Future[Outcome]] = queue.SimpleQueue()
        count = 0
        failure: BaseException | None = None
        while True:
            while failure is None and count < limit:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                self.submit(work(item)).add_done_callback(done.put)
                count += 1
            if not count:
                break
            for future in _take(done):
                count -= 1
                if (error := future.exception()) is None:
                    yield future.result()
                else:
                    failure = failure or error
        if failure is not None:
            raise failure


def _take(done: queue.SimpleQueue[Future[Outcome]]) -> Iterator[Future[Outcome]]:
    """Wait for one, then take all that are there."""
    yield done.get()
    while not done.empty():
        yield done.get()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
