"""Ctrl+C pauses, and leaves the second time, over a dialog too; leaving keeps everything."""

from __future__ import annotations

from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import Input
from tui.desk import Opens, Still
from tui.programs import ENDLESS, SLEEPS

from playbooks import DebugSession
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.help import Help
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.timeline import Timeline


async def test_ctrl_c_pauses_what_runs_and_leaves_the_second_time(desk: Opens) -> None:
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 2)
        await d.press("ctrl+c")
        await d.status("paused")
        await d.press("ctrl+c")
        await d.until(d.bridge.over.done)
        assert d.bridge.session.status == "interrupted"


async def test_a_drag_and_a_double_click_leave_ctrl_c_what_it_is(desk: Opens) -> None:
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 2)
        await d.pilot.click(Timeline, offset=(30, 3), times=2)
        await d.pilot.mouse_down(Timeline, offset=(30, 3))
        await d.pilot.hover(Timeline, offset=(50, 5))
        await d.pilot.mouse_up(Timeline, offset=(50, 5))
        await d.press("ctrl+c")
        await d.status("paused")


async def test_ctrl_c_says_that_again_leaves_when_nothing_runs(desk: Opens) -> None:
    clock = [1_000.0]
    async with desk(now=lambda: clock[0]) as d:
        await d.status("finished")
        await d.press("ctrl+c")
        assert d.said[-1] == "Ctrl+C again leaves"
        clock[0] += 3
        d.screen.query_one(Foot).be_still()  # as a moment later
        await d.press("ctrl+c")
        assert not d.bridge.over.done() and not d.screen.standing.leaving
        await d.press("ctrl+c")
        await d.until(d.bridge.over.done)


async def test_while_it_is_said_that_ctrl_c_again_leaves_one_leaves_and_it_is_said_no_longer_than_that_holds(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, seconds, notify = [1_000.0], [], Still.notify

    def noted(app: Still, message: str, *, timeout: float | None = None, **options: Any) -> None:
        seconds.append(timeout)
        notify(app, message, **options)

    monkeypatch.setattr(Still, "notify", noted)
    async with desk(now=lambda: clock[0]) as d:
        await d.status("finished")
        await d.press("ctrl+c")
        assert d.said[-1] == "Ctrl+C again leaves" and seconds[-1] == 2.0
        clock[0] += 3  # a busy machine: it stands there still
        await d.press("ctrl+c")
        await d.until(d.bridge.over.done)


async def test_another_key_takes_back_that_ctrl_c_again_leaves(desk: Opens) -> None:
    async with desk(now=lambda: 1_000.0) as d:
        await d.status("finished")
        await d.press("ctrl+c", "up", "ctrl+c")
        assert d.said[-1] == "Ctrl+C again leaves"
        assert not d.screen.standing.leaving
        await d.press("ctrl+c")
        await d.until(d.bridge.over.done)


async def test_in_a_field_too_ctrl_c_again_leaves_while_it_is_said(desk: Opens) -> None:
    clock = [1_000.0]
    async with desk(now=lambda: clock[0]) as d:
        await d.status("finished")
        await d.press("/", "ctrl+c")
        assert d.said[-1] == "Ctrl+C again leaves" and isinstance(d.app.focused, Input)
        clock[0] += 3  # a busy machine: it stands there still
        await d.press("ctrl+c")
        await d.until(d.bridge.over.done)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_keeps_everything(desk: Opens, key: str) -> None:
    async with desk(SLEEPS) as d:
        await d.until(lambda: len(d.screen.record.shown) == 5)
        await d.press(key)
        await d.until(d.bridge.over.done)
        assert d.bridge.over.exception() is None
        assert d.bridge.session.timeline[-1].kind == "interrupt"


async def test_a_mistake_of_ours_on_the_engines_thread_ends_the_screen_and_is_kept_to_be_told(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(session: DebugSession) -> str:
        raise KeyError("lost")

    monkeypatch.setattr(DebugSession, "run", broken)
    async with desk() as d:
        await d.until(lambda: d.app._exit)
        assert isinstance(d.app.crash, KeyError)


@pytest.mark.parametrize(("key", "dialog"), [("?", Help), (":", CommandPalette)])
async def test_what_runs_is_paused_and_left_the_second_time_though_a_dialog_is_open(
    desk: Opens, key: str, dialog: type[object]
) -> None:
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 2)
        await d.press(key)
        await d.until(lambda: isinstance(d.app.screen, dialog))
        await d.press("ctrl+c")
        await d.until(lambda: d.screen.standing.held)
        assert d.said[-1] == "Space goes on, Ctrl+C again leaves"
        await d.press("ctrl+c")
        await d.until(d.bridge.over.done)
        assert d.bridge.session.status == "interrupted"


async def test_what_is_selected_in_a_field_of_a_dialog_is_copied_first(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("up", "up", "f")
        await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen.facts)
        field = d.app.screen.query_one("#new", Input)
        field.value = "75"
        field.focus()
        field.action_select_all()
        await d.press("ctrl+c")
        assert d.app.clipboard == "75" and d.said[-1] == "copied: 75"
        field.selection = type(field.selection).cursor(2)
        await d.press("ctrl+c")
        assert d.said[-1] == "Ctrl+C again leaves"
        assert isinstance(d.app.screen, Fork)
