"""A negotiation that a test controls: held before its first await, its stops awaited."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.runtime.notices import Notice, Stop, Stopped

EXAMPLES = Path(__file__).parents[2] / "examples"


class Desk:
    """A negotiation under way, held before its first await."""

    def __init__(self, session: DebugSession) -> None:
        self.session = session
        self.notices: list[Notice] = []
        self._stopped = asyncio.Event()
        session.subscribe(self._told)
        session.pause()
        self.running = asyncio.create_task(session.run())

    def _told(self, notice: Notice) -> None:
        self.notices.append(notice)
        if isinstance(notice, Stopped):
            self._stopped.set()

    async def stopped(self) -> Stop:
        """Waits until the run stands still; gives why."""
        waiting = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({waiting, self.running}, return_when=asyncio.FIRST_COMPLETED)
        assert self._stopped.is_set(), f"it ended: {self.session.status} {self.session.error}"
        self._stopped.clear()
        assert self.session.status == "paused"
        stop = self.session.stop
        assert stop is not None
        return stop

    async def after(self, act: Callable[[], Any]) -> Stop:
        act()
        return await self.stopped()

    async def ended(self) -> str:
        self.session.go()
        return await self.running

    @property
    def ids(self) -> list[str]:
        return [header.id for header in self.session.timeline]

    def statements(self, agent: str) -> list[str]:
        return [header.statement for header in self.session.timeline if header.agent == agent]


def play(test: Callable[[Desk], Awaitable[None]], *breakpoints: str) -> None:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, name)
    config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()

    async def main() -> None:
        opened = DebugSession.open("negotiation.pb", config=config, verify=True, breakpoints=breakpoints)
        async with opened as session:
            desk = Desk(session)
            assert (await desk.stopped()).reason == "pause"
            await asyncio.wait_for(test(desk), 120)
            session.interrupt()
            await desk.running

    asyncio.run(main())
