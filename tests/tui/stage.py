"""A loop whose clock goes only when a program waits, and stops where it is told: a run in no time, alike every time.

Timers are due at once, in their order; so what a run takes, and who overtakes whom, is the same on any machine. Where
the clock stops, the run stands in the middle of whatever it does, for as long as somebody looks.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import threading


class _Waiting(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """Tells its loop how long nothing would happen, instead of waiting so long."""

    stage: StageLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is not None and self.stage.skip(timeout):
            return []
        self.stage.stands.set()
        try:
            return super().select(None)  # until another thread orders something
        finally:
            self.stage.stands.clear()


class StageLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of its own.

    Args:
        stop: Seconds of its clock at which time stops; infinity: it goes on while anything is due.
    """

    def __init__(self, stop: float = math.inf) -> None:
        selector = _Waiting()
        selector.stage = self
        self._now, self.stop_at = 0.0, stop
        self.stands = threading.Event()
        """Set while nothing happens until another thread orders something."""
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> bool:
        """Goes to the next timer, unless time stops before it."""
        if self._now + seconds > self.stop_at:
            return False
        self._now += seconds
        return True

    def go_on(self) -> None:
        """Time goes on to the end; from any thread."""
        self.stop_at = math.inf
        if not self.is_closed():
            self.call_soon_threadsafe(lambda: None)
