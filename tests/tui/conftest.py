"""What the tests of the screen share: programs that run for real on a script, and a way to wait for what they do."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tui.desk import Desk, Opens, Still
from tui.programs import SELLS, SHOP

from playbooks import DebugSession
from playbooks.checkpoints.filesystem import FileStore
from playbooks.config import Config
from playbooks_tui import turning
from playbooks_tui.bridge import Bridge


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a test that is a coroutine on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def garbage_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a session gives way to another, nobody looks for garbage: what other tests left would fail this one."""
    monkeypatch.setattr(turning, "forget_what_went", lambda: None)


@pytest.fixture
def desk(alone: Path) -> Opens:
    """Opens a debugger on a program, runs it, and leaves."""

    @asynccontextmanager
    async def opening(
        model: str = SELLS,
        *,
        program: str | None = None,
        held: bool = False,
        size: tuple[int, int] = (180, 50),
        resume: str | bool | None = None,
        keymap: dict[str, str] | None = None,
        now: Callable[[], float] = lambda: 1_000.0,
    ) -> AsyncIterator[Desk]:
        (alone / "shop.pb").write_text(program or SHOP)
        (alone / "model.py").write_text(model)
        config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}, "max_llm_calls": 100_000}).for_debug()
        store = FileStore(alone / ".checkpoints", key=b"k" * 32)
        session = DebugSession.open("shop.pb", config=config, store=store, durable=True, resume=resume, clock=now)
        bridge = Bridge(session, pause=held)
        bridge.open()
        app = Still(bridge, begin=resume is None, held=held, keymap=keymap, now=now)
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                await pilot.pause()
                yield Desk(app, app._debugging, bridge, pilot)
        finally:
            bridge.leave()
            bridge.over.exception(120)

    return opening
