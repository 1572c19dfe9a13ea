"""A debugger in front of a running program, for tests to press keys on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot

from playbooks_tui import sequence
from playbooks_tui.app import Debugger
from playbooks_tui.bridge import Bridge
from playbooks_tui.rows import Past, Rows
from playbooks_tui.screens.acts import Debugging

_LONG_S = 3600.0


class Still(Debugger):
    """A debugger in which what is told in passing stays: how fast the machine is decides nothing."""

    def notify(self, message: str, *, timeout: float | None = None, **options: Any) -> None:
        super().notify(message, timeout=_LONG_S, **options)


@dataclass
class Desk:
    """A debugger in front of a running program."""

    app: Debugger
    screen: Debugging
    bridge: Bridge
    pilot: Pilot[int]

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)

    async def until(self, what: Callable[[], object]) -> None:
        """Goes on as soon as something is so; the engine runs meanwhile, on its own thread."""
        async with asyncio.timeout(120):
            while not what():
                await self.pilot.pause(0.005)
        await self.pilot.pause()

    async def status(self, status: str) -> None:
        await self.until(lambda: self.screen.record.status == status and not self.screen.standing.stepping)

    def rows(self, *, width: int = 60) -> list[str]:
        """The timeline's rows as text."""
        record, standing = self.screen.record, self.screen.standing
        rows, past = Rows(record), Past(record, standing.here)
        drawn = sequence.plan(record, width, rows)
        return [sequence.row(record, drawn, row, width, past, sequence.Marks()).text.rstrip() for row in record.shown]

    @property
    def said(self) -> list[str]:
        """What the screen told in passing."""
        return list(self.app.told)


Opens = Callable[..., AbstractAsyncContextManager[Desk]]
