"""Calls and cost are the same live, when the session is opened again, after its process was killed, and followed."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path

import pytest
from tui.desk import Desk, Opens

from playbooks import DebugSession
from playbooks.checkpoints.filesystem import FileStore
from playbooks.config import Config
from playbooks.models.script import ScriptModel
from playbooks.runtime.notices import ModelCalled, Stopped
from playbooks.session.following import FollowedSession
from playbooks_tui.bridge import Bridge, opened
from playbooks_tui.record import Record
from playbooks_tui.told import Tally

EXAMPLES = Path(__file__).parents[2] / "examples"
STALLS = """
import asyncio

async def respond(request):
    if request.turn == 0:
        yield 'await Say("user", "one")\\n'
    else:
        yield 'await Say("user", "two")\\n'
        await asyncio.sleep(3600)
"""
"""Ends its first response, and goes on for ever in the second."""


@pytest.fixture(params=["what a given up call took is known", "it is not"])
def known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param == "it is not":
        monkeypatch.delattr(ScriptModel, "given_up")
        return False
    return True


def said(d: Desk) -> bool:
    return any(d.screen.record.text(row) == "two" for row in d.screen.record.shown)


async def reopened(folder: Path) -> Tally:
    """What a copy of the session comes to, as it is found."""
    store = FileStore(folder, key=b"k" * 32)
    async with DebugSession.open(config=Config.load(env={}).for_debug(), store=store, resume="s1") as session:
        return Tally(session.calls, *session.tokens, session.cost)


async def followed(folder: Path) -> Tally:
    store = FileStore(folder, key=b"k" * 32)
    async with FollowedSession.open("s1", config=Config.load(env={}).for_debug(), store=store) as session:
        return Tally(session.calls, *session.tokens, session.cost)


def live(d: Desk) -> Tally:
    record: Record = d.screen.record
    return record.tally


async def test_an_interrupted_call_counts_the_same_everywhere(desk: Opens, alone: Path, known: bool) -> None:
    async with desk(STALLS) as d:
        await d.until(lambda: said(d))
        assert live(d).calls == 2
        assert live(d).cost == 0.0, "what has ended"
        d.bridge.session.interrupt()
        await d.status("interrupted")
        own = live(d)
        assert own.calls == 2
        assert own.cost == (0.0 if known else None)
    assert await followed(alone / ".checkpoints") == own
    assert await reopened(alone / ".checkpoints") == own
    async with desk(STALLS, resume="s1") as d:
        assert live(d) == own
        await d.press("enter")
        await d.until(lambda: live(d).calls == 3)  # the rest is asked for


async def test_a_call_of_a_process_that_was_killed_stays_counted(desk: Opens, alone: Path, known: bool) -> None:
    killed = alone / "killed"
    async with desk(STALLS) as d:
        await d.until(lambda: said(d))
        assert live(d).calls == 2
        shutil.copytree(alone / ".checkpoints", killed)
    found = await reopened(killed)
    assert (found.calls, found.cost) == (2, 0.0 if known else None)
    store = FileStore(killed, key=b"k" * 32)
    async with FollowedSession.open("s1", config=Config.load(env={}).for_debug(), store=store) as follower:
        looking = Record()
        looking.take([await opened(follower)])
        follower.subscribe(lambda notice: looking.take([notice]) and None)
        async with DebugSession.open(
            config=Config.load(env={}).for_debug(), store=FileStore(killed, key=b"k" * 32), resume="s1"
        ) as session:
            asked = asyncio.Event()
            session.subscribe(lambda notice: asked.set() if isinstance(notice, ModelCalled) else None)
            running = asyncio.create_task(session.run())
            await asked.wait()
            session.interrupt()
            await running
            follower.poll()
            assert looking.tally == Tally(session.calls, *session.tokens, session.cost)
            assert looking.tally.calls == 3


def test_a_branch_that_another_process_begins_is_gone_over_to_with_its_own_calls_and_end(alone: Path) -> None:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, alone / name)
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()
    record, came = Record(), threading.Event()

    async def runs() -> tuple[Bridge, int, int]:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            assert await session.run() == "finished"
            main = session.calls
            bridge = Bridge(FollowedSession.open("s1", config=config))
            bridge.listen(came.set)
            bridge.open()
            record.take(bridge.take())
            bridge.begin()
            tool = next(header for header in session.timeline if header.kind == "tool")
            await session.fork(tool.id, result=80, label="low")
            assert await session.run() == "finished"
            return bridge, main, session.calls - (await session.state_at(tool.id)).calls

    bridge, main, low = asyncio.run(runs())
    try:
        while not (record.branch == "low" and record.status == "finished" and record.headers[-1].ends_program):
            assert came.wait(120), record.status
            came.clear()
            record.take(bridge.take())
        calls = {name: branch.tally and branch.tally.calls for name, branch in record.branches.items()}
        assert calls == {"main": main, "low": low}
        assert {branch.status for branch in record.branches.values()} == {"finished"}
    finally:
        bridge.leave()
        bridge.over.result(120)


def test_going_back_to_an_older_branch_counts_its_calls_from_the_first_on(alone: Path) -> None:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, alone / name)
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()
    record, came = Record(), threading.Event()

    async def runs() -> tuple[Bridge, str, int, int]:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            paused = asyncio.Event()
            session.subscribe(lambda notice: paused.set() if isinstance(notice, Stopped) else None)
            session.pause()
            running = asyncio.create_task(session.run())
            while session.calls < 3:
                await paused.wait()
                paused.clear()
                session.step()
            session.interrupt()
            assert await running == "interrupted"
            older, low = session.timeline[-1].id, session.timeline[4].id
            await session.fork(low, label="low")
            assert await session.run() == "finished"
            own = session.calls - (await session.state_at(low)).calls
        async with DebugSession.open(config=config, resume=older) as session:
            bridge = Bridge(FollowedSession.open("s1", config=config))
            bridge.listen(came.set)
            bridge.open()
            bridge.tally()
            bridge.begin()
            assert session.branch == "main"
            assert await session.run() == "finished"
            return bridge, session.timeline[-1].id, session.calls, own

    bridge, last, main, low = asyncio.run(runs())
    try:
        expected = {"main": main, "low": low}
        while not (record.status == "finished" and record.headers[-1].id == last and record.branches["main"].tally):
            assert came.wait(120), record.status
            came.clear()
            record.take(bridge.take())
        assert {name: branch.tally and branch.tally.calls for name, branch in record.branches.items()} == expected
    finally:
        bridge.leave()
        bridge.over.result(120)
