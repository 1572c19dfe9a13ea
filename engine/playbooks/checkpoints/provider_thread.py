"""Another package's coroutines, run to their end from synchronous code.

Apart because of what it guards: a commit is one step that nothing interleaves, so the engine's own loop can't run them;
they get a loop on a thread of their own, the same for all calls, as clients of databases want.
"""

from __future__ import annotations

import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

_T = TypeVar("_T")


class ProviderThread:
    """A loop on a thread; started at the first call."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, act: Coroutine[Any, Any, _T]) -> _T:
        """Runs a coroutine to its end on the thread, and gives or raises what it does."""
        import asyncio  # late: who keeps files needs none

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_run, args=(self._loop,), name="checkpoint-provider", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(act, self._loop).result()

    def close(self) -> None:
        """Ends the thread, after what is under way."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
