"""Two sessions, and the list of them on a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from tui.programs import HAGGLES, SHOP, SLEEPS

from playbooks import DebugSession
from playbooks.config import Config
from playbooks_tui.app import Debugger
from playbooks_tui.opening import Openings
from playbooks_tui.screens.sessions import Sessions
from playbooks_tui.widgets.session_rows import SessionRows

Shown = tuple[Debugger, Pilot[int], Callable[[Callable[[], object]], object]]


async def made(folder: Path, model: str = SLEEPS) -> Config:
    """Two sessions: one finished, one interrupted."""
    (folder / "shop.pb").write_text(SHOP)
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()
    (folder / "model.py").write_text(HAGGLES)
    async with DebugSession.open("shop.pb", config=config, durable=True, clock=lambda: 1_000.0) as session:
        await session.run()
    (folder / "model.py").write_text(model)
    async with DebugSession.open("shop.pb", config=config, durable=True, clock=lambda: 2_000.0) as session:
        said = asyncio.Event()
        session.subscribe(lambda notice: said.set() if "four" in str(notice) else None)
        running = asyncio.ensure_future(session.run())
        await said.wait()
        session.interrupt()
        await running
    return config


@asynccontextmanager
async def listed(folder: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Shown]:
    config = await made(folder)
    app = Debugger(None, now=lambda: 2_170.0, openings=Openings(config))

    async with app.run_test(size=size, notifications=True) as pilot:

        async def until(what: Callable[[], object]) -> None:
            async with asyncio.timeout(120):
                while not what():
                    await pilot.pause(0.005)
            await pilot.pause()

        await until(lambda: isinstance(app.screen, Sessions) and app.screen.rows.rows)
        yield app, pilot, until  # type: ignore[misc]
    if app.bridge is not None:
        app.bridge.leave()
        app.bridge.over.exception(120)


def rows(app: Debugger) -> list[str]:
    found = app.screen.query_one(SessionRows)
    return [found.line(y).text.rstrip() for y in range(len(found.rows))]
