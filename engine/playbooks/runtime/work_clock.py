"""The time that is told of what was done: the loop's, without that in which the run stood paused.

Apart because a pause is nobody's time: neither that of the agent that stopped nor of the calls that wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class WorkClock:
    """Called, it gives seconds; only differences mean something.

    Args:
        time: Seconds; the running loop's when None.
    """

    def __init__(self, time: Callable[[], float] | None = None) -> None:
        self._time = time or _loop_time
        self._stood = 0.0
        """Seconds of all pauses that are over."""
        self._since: float | None = None
        """When the pause that goes on began."""

    def __call__(self) -> float:
        return (self._time() if self._since is None else self._since) - self._stood

    def stands(self, paused: bool) -> None:
        """Says whether the run stands paused."""
        if paused == (self._since is not None):
            return
        now = self._time()
        if self._since is None:
            self._since = now
        else:
            self._stood += now - self._since
            self._since = None


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
