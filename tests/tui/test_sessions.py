"""The list of sessions: search, open, resume, label, prune, delete; and starting afresh from a session."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input
from tui.desk import Opens
from tui.programs import HAGGLES, SHOP, SLEEPS

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import ExitStatus, UserError
from playbooks.runtime.notices import StatusChanged
from playbooks.session.library import SessionLibrary
from playbooks_tui import turning
from playbooks_tui.app import Debugger
from playbooks_tui.bridge import Bridge
from playbooks_tui.opening import Openings
from playbooks_tui.record import Record
from playbooks_tui.run import parting
from playbooks_tui.screens import sessions as list_of_sessions
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.screens.confirm import Confirm
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.help import HelpPane
from playbooks_tui.screens.line import LineScreen
from playbooks_tui.screens.sessions import Sessions
from playbooks_tui.starting import forget_what_went
from playbooks_tui.told import Ended
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.session_rows import SessionRows, SessionsHead

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


@pytest.mark.parametrize("size", [(80, 24), (180, 50)])
async def test_sessions_are_listed_newest_first_with_how_they_stand(alone: Path, size: tuple[int, int]) -> None:
    async with listed(alone, size) as (app, _, _until):
        assert [row.split()[:4] for row in (line.lstrip(" ›") for line in rows(app))] == [
            ["s2", "shop.pb", "=", "interrupted"],
            ["s1", "shop.pb", "■", "finished"],
        ]
        assert "2 minutes ago" in rows(app)[0]
        assert app.screen.query_one(SessionsHead).line(0).text.startswith(" ○ SESSIONS  2 sessions in .checkpoints")


async def test_a_long_name_of_a_program_gives_way_to_how_it_stands_and_since_when(alone: Path) -> None:
    async with listed(alone, (80, 24)) as (app, _, _until):
        found = app.screen.query_one(SessionRows)
        found.rows = [replace(row, program="programs/of/many/shops/" * 4 + "shop.pb") for row in found.rows]
        line = found.line(0)
        assert line.cells <= found.scrollable_content_region.width
        assert "shop.pb" in line.text and "= interrupted" in line.text and "2 minutes ago" in line.text


async def test_search_leaves_the_sessions_that_have_all_words(alone: Path) -> None:
    async with listed(alone) as (app, pilot, _until):
        await pilot.press("slash", *"finished")
        assert [row.id for row in app.screen.query_one(SessionRows).rows] == ["s1"]
        await pilot.press("enter", "escape")
        assert app.screen.query_one("#search", Input).value == ""
        assert len(app.screen.query_one(SessionRows).rows) == 2


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


async def test_a_double_click_opens_a_session_and_the_place_stays_when_one_is_deleted(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("d", "y")
        await until(lambda: len(app.screen.query_one(SessionRows).rows) == 1)
        await pilot.click(SessionRows, offset=(9, 2), times=2)
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.session == "s1")  # type: ignore[misc]


async def test_the_footer_of_the_search_has_its_own_keys(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        foot = app.screen.query_one(Foot)
        await pilot.press("slash")
        await until(lambda: "leave it" in foot.line(0).text)
        assert "delete" not in foot.line(0).text
        await pilot.press("enter")
        await until(lambda: "delete" in foot.line(0).text)


async def test_the_list_is_read_again_by_itself(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_of_sessions, "_UPDATES_S", 0.02)
    async with listed(alone) as (app, _, until):
        with SessionLibrary.open(Config.load(env={})) as library:
            library.set_label("s1", "elsewhere")
        await until(lambda: "elsewhere" in rows(app)[1])


async def test_a_list_that_takes_long_to_read_is_read_by_one_at_a_time(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_of_sessions, "_UPDATES_S", 0.01)
    wakes, readers, free = [0], [0], threading.Event()
    keep_fresh, sessions = Sessions._keep_fresh, SessionLibrary.sessions

    def woken(screen: Sessions) -> None:
        wakes[0] += readers[0]
        keep_fresh(screen)

    def slowly(library: SessionLibrary) -> object:
        readers[0] += 1
        free.wait(120)
        return sessions(library)

    monkeypatch.setattr(Sessions, "_keep_fresh", woken)
    async with listed(alone) as (_, _, until):
        monkeypatch.setattr(SessionLibrary, "sessions", slowly)
        try:
            await until(lambda: wakes[0] > 5)
            assert readers[0] == 1
        finally:
            free.set()


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


async def test_a_label_is_kept_and_delete_asks_and_no_is_what_enter_says(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("L")
        assert isinstance(app.screen, LineScreen)
        await pilot.press(*"mine", "enter")
        await until(lambda: isinstance(app.screen, Sessions) and "mine" in rows(app)[0])  # type: ignore[misc]
        await pilot.press("d")
        assert isinstance(app.screen, Confirm)
        await pilot.press("enter")
        assert isinstance(app.screen, Sessions)
        await pilot.press("d", "y")
        await until(lambda: len(app.screen.query_one(SessionRows).rows) == 1)  # type: ignore[misc]
        assert rows(app)[0].split()[1] == "s1"


async def test_prune_asks_how_many_stay(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("p")
        field = app.screen.query_one(Input)
        field.value = "none"
        await pilot.press("enter")
        assert isinstance(app.screen, LineScreen)
        field.value = "1"
        await pilot.press("enter")
        await until(lambda: any("taken away" in said for said in app.told))  # type: ignore[misc]


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


async def test_the_list_can_be_shown_over_a_session_and_left_again(alone: Path) -> None:
    async with listed(alone) as (app, pilot, until):
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Debugging) and app.screen.record.headers)
        shown = app.screen
        assert isinstance(shown, Debugging)
        await until(lambda: all(not pane.folded for pane in shown.panes.values()))
        app.list_sessions()
        await until(lambda: app.screen.query(SessionRows) and app.screen.query_one(SessionRows).rows)
        await pilot.press("question_mark")
        text = "\n".join(line.text for line in app.screen.query_one(HelpPane)._lines)
        assert text.lstrip().startswith("The sessions of this folder")
        assert "Focus Next" not in text and "In the timeline" not in text
        await pilot.press("escape", "escape")
        await until(lambda: app.screen is shown)
        app.list_sessions()
        await until(lambda: app.screen.query(SessionRows) and app.screen.query_one(SessionRows).rows)
        await pilot.press("enter")  # the one that is open
        await until(lambda: app.screen is shown)
        app.list_sessions()
        await until(lambda: app.screen.query(SessionRows) and app.screen.query_one(SessionRows).rows)
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, Debugging) and app.screen is not shown)
        assert app.bridge is not None and app.bridge.session.id == "s1"


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
    async with app.run_test(size=(120, 36)) as pilot:
        for id in ("s1", "s2", "s1", "s2", "s1"):
            screens.append(weakref.ref(app._debugging))
            records.append(weakref.ref(app._debugging.record))
            app.open_session(partial(openings.session, id), begin=False)
            async with asyncio.timeout(120):
                while app._debugging is screens[-1]() or not app._debugging.record.headers or app._holds:
                    await pilot.pause(0.005)
        gc.collect()
        # The first one is Textual's own as long as it runs, the last may be in use.
        assert (screens[1](), screens[2](), records[1](), records[2]()) == (None,) * 4
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
