"""A session is opened, resumed or begun afresh, and takes the place of the one that was shown."""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import threading
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from tui.desk import Opens
from tui.listed import listed, made
from tui.programs import HAGGLES

from playbooks.errors import ExitStatus, UserError
from playbooks.runtime.notices import StatusChanged
from playbooks_tui import turning
from playbooks_tui.app import Debugger
from playbooks_tui.bridge import Bridge
from playbooks_tui.opening import Openings
from playbooks_tui.record import Record
from playbooks_tui.run import parting
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.screens.confirm import Confirm
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.sessions import Sessions
from playbooks_tui.starting import forget_what_went
from playbooks_tui.told import Ended
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.session_rows import SessionRows


async def test_enter_opens_a_session_and_runs_nothing_and_r_goes_on_with_it(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.headers)  # type: ignore[misc]
        screen = app.screen
        assert isinstance(screen, Debugging) and screen.mode_now == "interrupted" and screen.record.session == "s2"
        await pilot.press("r")
        await until(lambda: screen.record.status == "running")  # type: ignore[misc]
        assert screen.record.branches["main"].status == "running"


async def test_keys_that_follow_enter_at_once_wait_for_the_session_and_are_dropped_when_it_can_not_be_opened(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listed(alone) as (app, _pilot, until):

        def press(*keys: str) -> None:
            for key in keys:
                app.post_message(Key(key, key if len(key) == 1 else None))

        with monkeypatch.context() as patched:
            patched.setattr(Openings, "session", refused)
            press("enter", "d", "d")  # d would ask whether to delete it
            await until(lambda: "it can't be opened" in app.told)  # type: ignore[misc]
            assert isinstance(app.screen, Sessions) and not app._waiting
        press("enter", "up", "m")
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.standing.mark is not None)  # type: ignore[misc]


async def test_a_session_that_takes_long_to_open_is_opened_once_though_its_key_comes_again_after_esc(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may, session = queue.Queue[str](), threading.Event(), Openings.session

    def slowly(openings: Openings, id: str) -> Bridge:
        begun.put(id)
        may.wait(120)
        return session(openings, id)

    monkeypatch.setattr(Openings, "session", slowly)
    async with listed(alone) as (app, pilot, until):
        await pilot.press("enter")
        await until(lambda: not begun.empty())
        await pilot.press("escape", "down", "enter")
        await until(lambda: "a session is being opened" in app.told)
        may.set()
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.headers)
        assert app.bridge is not None and not app.bridge.session.read_only
        assert (begun.get(), begun.empty(), app.bridge.session.id) == ("s2", True, "s2")
        app.list_sessions()
        await until(lambda: isinstance(app.screen, Sessions) and any(one.rows for one in app.screen.query(SessionRows)))
        await pilot.press("down", "enter")  # one after the other can
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.session == "s1")


def refused(*_: object) -> None:
    raise UserError("it can't be opened")


async def test_r_in_the_list_resumes_at_once_but_not_what_is_finished(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("down", "r")
        assert any("s1 is finished" in said for said in app.told)
        await pilot.press("up", "r")
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.status == "running")  # type: ignore[misc]


async def test_a_finished_session_that_was_only_looked_at_is_left_as_finished(alone: Path) -> None:
    config = await made(alone)
    for id, status in (("s1", ExitStatus.FINISHED), ("s2", ExitStatus.INTERRUPTED)):
        bridge = Openings(config).session(id)
        bridge.leave()
        bridge.over.exception(120)
        assert bridge.session.exit_status == status
        last = bridge.session.timeline[-1].id
        words = {
            ExitStatus.FINISHED: ["Finished: four", f"Look back with: playbooks debug --resume {id}"],
            ExitStatus.INTERRUPTED: [f"Interrupted at {last}.", f"Resume with: playbooks debug --resume {id}"],
        }
        ended = "four" if status == ExitStatus.FINISHED else ""
        assert parting(bridge.session, ["playbooks", "debug"], ended) == words[status]
        if ended:
            assert parting(bridge.session, ["playbooks", "debug"], "z" * 200)[0] == f"Finished: {'z' * 99}…"


async def test_a_session_in_a_folder_that_cant_be_written_is_shown_and_says_why_nothing_can_be_changed(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, may = await made(alone), os.open

    def refusing(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path).endswith("lock") and flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return may(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    bridge = Openings(config).session("s1")
    app = Debugger(bridge, begin=False, openings=Openings(config))
    try:
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await pilot.pause()
            screen = app._debugging
            assert bridge.session.read_only and screen.record.headers
            for key in ("f", "r"):
                count = len(app.told)
                await pilot.press(key)
                async with asyncio.timeout(120):
                    while len(app.told) == count:
                        await pilot.pause(0.005)
                assert app.told[-1] == "s1 lies in a folder that can't be written: here it can only be looked at", key
    finally:
        bridge.leave()
        bridge.over.exception(120)


async def test_start_afresh_asks_and_runs_a_new_session_in_the_same_app(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.headers)  # type: ignore[misc]
        (alone / "model.py").write_text(HAGGLES)
        await pilot.press("R")
        assert isinstance(app.screen, Confirm)
        await pilot.press("escape", "R", "y")
        await until(
            lambda: (
                isinstance(app.screen, Debugging)
                and app.screen.record.session == "s3"
                and app.screen.record.status == "finished"
            )
        )  # type: ignore[misc]


async def test_r_further_back_goes_on_on_a_new_branch_and_says_what_stays(desk: Opens) -> None:
    async with desk(HAGGLES, held=True) as d:
        await d.status("paused")
        await d.press("c")  # held at its start, and the new branch is not
        await d.status("finished")
        await d.press("up", "up", "up", "r")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        assert any("on fork-1: main stays, with its" in said for said in d.said)
        assert d.screen.record.branches["fork-1"].ended


async def test_r_at_the_newest_goes_on_with_what_is_paused_and_says_that_a_finished_run_is_over(desk: Opens) -> None:
    async with desk(HAGGLES, held=True) as d:
        await d.status("paused")
        await d.press("n")
        await d.status("paused")
        await d.press("r")
        await d.status("finished")
        await d.press("r")
        assert d.said[-1] == "the program is finished: look back, r goes on from there"
        assert list(d.screen.record.branches) == ["main"]


async def test_r_goes_on_also_when_the_branch_is_made_before_anybody_waits_for_it(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        fork = d.screen.bridge.fork

        def at_once(*arguments: Any, **options: Any) -> Any:
            made = fork(*arguments, **options)
            made.exception(timeout=120)
            return made

        monkeypatch.setattr(d.screen.bridge, "fork", at_once)
        await d.press("up", "up", "up", "r")
        await d.until(lambda: "fork-1" in d.screen.record.branches and d.screen.record.branches["fork-1"].ended)


async def test_a_session_that_was_opened_at_the_start_gives_way_to_another(alone: Path) -> None:
    openings = Openings(await made(alone))
    app = Debugger(openings.session("s2"), begin=False, openings=openings)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        async with asyncio.timeout(120):
            first = app.screen
            assert isinstance(first, Debugging)
            for id in ("s1", "s2"):
                app.list_sessions()
                app.open_session(partial(openings.session, id), begin=False)
                while not (isinstance(app.screen, Debugging) and app.screen.record.session == id) or app._holds:
                    await pilot.pause(0.005)  # keys are held until it is open: nobody is quicker
                if id == "s1":
                    while first.is_attached:
                        await pilot.pause(0.005)
            assert app.crash is None and len(app.screen_stack) == 1
    assert app.bridge is not None
    app.bridge.leave()
    app.bridge.over.exception(120)


@pytest.mark.filterwarnings("ignore")  # of what other tests left
async def test_a_session_that_others_took_the_place_of_does_not_stay_in_memory(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turning, "forget_what_went", forget_what_went)
    openings = Openings(await made(alone))
    app = Debugger(openings.session("s2"), begin=False, openings=openings)
    screens: list[weakref.ref[Debugging]] = []
    records: list[weakref.ref[Record]] = []

    def stay() -> bool:
        """The first one is Textual's own as long as it runs."""
        return any(one() is not None for one in (*screens[1:3], *records[1:3]))

    async with app.run_test(size=(120, 36)) as pilot, asyncio.timeout(120):
        while len(screens) < 4 or stay():  # a timer that was stopped keeps its screen till its time
            screens.append(weakref.ref(app._debugging))
            records.append(weakref.ref(app._debugging.record))
            app.open_session(partial(openings.session, f"s{2 - len(screens) % 2}"), begin=False)
            while app._debugging is screens[-1]() or not app._debugging.record.headers or app._holds:
                await pilot.pause(0.005)
    assert app.bridge is not None
    app.bridge.leave()
    app.bridge.over.exception(120)


async def test_what_was_still_to_be_read_of_a_session_that_gave_way_is_not_read(alone: Path) -> None:
    openings = Openings(await made(alone))
    app = Debugger(openings.session("s2"), begin=False, openings=openings)
    async with app.run_test(size=(120, 36)) as pilot:
        first, reading, going_on, read = app._debugging, threading.Event(), threading.Event(), queue.Queue[str]()
        first.bridge.read(lambda: reading.set() or (going_on.wait(120) and None))
        await asyncio.to_thread(reading.wait, 120)
        first.bridge.read(lambda: read.put("of a search"))
        app.open_session(partial(openings.session, "s1"), begin=False)
        async with asyncio.timeout(120):
            while app._debugging is first or app._holds:
                await pilot.pause(0.005)
        going_on.set()
        await asyncio.to_thread(first.bridge._reader.shutdown)
        assert read.empty()
    assert app.bridge is not None
    app.bridge.leave()
    app.bridge.over.exception(120)


async def test_what_a_session_told_last_is_drawn_when_it_is_closed_and_another_still_takes_its_place(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openings = Openings(await made(alone))
    app = Debugger(openings.session("s2"), begin=False, openings=openings)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        first, across = app._debugging, app.call_from_thread
        closed: list[bool] = []
        await pilot.pause()

        def late(*work: Any) -> Any:
            """On the thread that opened the other one."""
            closed.append(first.bridge.over.done())
            across(first._drain)
            across(pilot.pause)
            return across(*work)

        monkeypatch.setattr(app, "call_from_thread", late)
        app.open_session(partial(openings.session, "s1"), begin=False)
        async with asyncio.timeout(120):
            while app._debugging is first or app._holds:
                await pilot.pause(0.005)
        assert closed == [True] and app.is_running and app.screen is app._debugging
    assert app.bridge is not None
    app.bridge.leave()
    app.bridge.over.exception(120)


async def test_who_leaves_while_another_session_opens_is_not_kept(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openings, slow = Openings(await made(alone)), threading.Event()
    came: queue.Queue[Bridge] = queue.Queue()
    app = Debugger(openings.session("s2"), begin=False, openings=openings)

    def other() -> Bridge:
        slow.wait(120)
        bridge = openings.session("s1")
        came.put(bridge)
        return bridge

    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.pause()
        left = app._debugging.bridge
        app.open_session(other, begin=False)
        await pilot.press("ctrl+c", "ctrl+c")
        async with asyncio.timeout(120):
            while app.is_running:
                await pilot.pause(0.005)
        assert app.bridge is left and left.over.done() and app.crash is None
        slow.set()
        opened = await asyncio.to_thread(came.get, timeout=120)
        await asyncio.to_thread(opened.over.result, 120)


async def test_who_leaves_the_list_while_a_session_opens_has_it_closed_again(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, slow, session = threading.Event(), threading.Event(), Openings.session
    came: queue.Queue[Bridge] = queue.Queue()

    def slowly(openings: Openings, id: str) -> Bridge:
        begun.set()
        slow.wait(120)
        bridge = session(openings, id)
        came.put(bridge)
        return bridge

    monkeypatch.setattr(Openings, "session", slowly)
    async with listed(alone) as (app, pilot, until):
        await pilot.press("enter")
        await until(begun.is_set)
        await pilot.press("ctrl+c", "ctrl+c")
        async with asyncio.timeout(120):
            while app.is_running:
                await pilot.pause(0.005)
        slow.set()
        opened = await asyncio.to_thread(came.get, timeout=120)
        await asyncio.to_thread(opened.over.result, 120)
        assert app.bridge is None and app.crash is None


async def test_who_follows_takes_over_what_the_other_process_has_left(alone: Path) -> None:
    openings = Openings(await made(alone))
    holds = openings.session("s1")
    app = Debugger(openings.session("s1"), openings=openings)
    try:
        async with app.run_test(size=(120, 36), notifications=True) as pilot:

            async def until(what: Callable[[], object]) -> None:
                async with asyncio.timeout(120):
                    while not what():
                        await pilot.pause(0.005)

            def said(words: str) -> bool:
                return any(words in said for said in app.told)

            await until(lambda: app._debugging.record.status == "finished")
            await pilot.press("f")
            await until(lambda: said("s1 is open in another process"))
            holds.leave()
            holds.over.exception(120)
            await pilot.press("f")
            await until(lambda: not app._debugging.record.followed and app._debugging.record.headers)
            await until(lambda: isinstance(app.screen, Debugging) and app.screen.query_one(Foot).told)
            assert app.screen.query_one(Foot).told == "the other process has left s1: it is open here now"
            await pilot.press("up", "f")
            await until(lambda: isinstance(app.screen, Fork))
    finally:
        for bridge in (app.bridge, holds):
            assert bridge is not None
            bridge.leave()
            bridge.over.exception(120)


async def test_who_follows_a_session_that_stands_sees_it_go_on_later(alone: Path) -> None:
    asks = """await Say('user', 'four')\nawait Yld('user')\nawait Say('user', 'more')\nawait Yld('user')\n"""
    openings = Openings(await made(alone, f"def respond(request):\n    return {asks!r}\n"))
    holds = openings.session("s2")
    follows = openings.session("s2")
    told: list[object] = []
    came = threading.Condition()

    def take() -> None:
        with came:
            told.extend(follows.take())
            came.notify_all()

    def wait(what: Callable[[object], bool]) -> bool:
        with came:
            return came.wait_for(lambda: any(what(one) for one in told), 120)

    try:
        assert follows.session.read_only and not holds.session.read_only
        follows.listen(take)
        follows.begin()
        assert await asyncio.to_thread(wait, lambda one: one == Ended("interrupted"))
        told.clear()
        holds.begin()
        holds.session.say("go on")
        assert await asyncio.to_thread(wait, lambda one: isinstance(one, StatusChanged) and one.status == "waiting")
    finally:
        for bridge in (follows, holds):
            bridge.leave()
            bridge.over.exception(120)
