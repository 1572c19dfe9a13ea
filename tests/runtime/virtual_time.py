"""A loop whose timers cost nothing and come in exact order: its time stands still while anything can run.

Only for what lives in the loop alone: a thread that works meanwhile would find that all timers went off.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class _Skipping(selectors.DefaultSelector):
    """Where a loop would sleep until its next timer, adds that sleep to its time."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout:
            self.skipped += timeout
            timeout = 0
        return super().select(timeout)


class VirtualTime(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._skipping.skipped
