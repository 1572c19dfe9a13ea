"""No key and no command is silent: what can go no further says so, and what is shown can be seen."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Label
from tui.desk import Opens
from tui.listed import listed
from tui.programs import ENDLESS, HAGGLES
from tui.test_compare import compared, forked

from playbooks.session.record import Spent
from playbooks.session.record.comparing import VariableAcross
from playbooks_tui.app import Debugger
from playbooks_tui.screens.breakpoints import Breakpoints
from playbooks_tui.screens.compare.lines import Side, value_lines
from playbooks_tui.screens.compare.panes import Lines, Sides
from playbooks_tui.spans import Line, Span
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.timeline import filter_words


async def says(app: Debugger, pilot: Pilot[int], key: str) -> str:
    """What a key has said."""
    app.told.clear()
    await pilot.press(key)
    return " ".join(app.told)


async def test_on_a_wide_screen_left_and_right_never_come_to_the_person_of_whom_there_is_nothing_to_inspect(
    desk: Opens,
) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        await d.until(lambda: d.screen.seen)
        agents = [agent for agent in d.screen.record.lanes if agent != "human"]
        assert len(agents) == 2
        for key in ("left", "left", "right", "right", "right"):
            before = d.screen.inspected_agent()
            await d.press(key)
            assert {before, d.screen.inspected_agent()} == set(agents)


async def test_a_key_that_can_go_no_further_says_so(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        told = partial(says, d.app, d.pilot)
        assert [await told(key) for key in ("down", "pagedown", "G", "escape", "1")] == [
            "this is the newest row",
            "this is the newest row",
            "the newest row is followed already",
            "this is now: nothing is open that Esc would leave",
            "the inspector shows state already",
        ]
        assert await told("g") == ""
        assert {await told(key) for key in ("g", "pageup", "up")} == {"this is the first row"}


async def test_a_tab_of_the_inspector_comes_to_be_seen_though_another_pane_is_zoomed(desk: Opens) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        await d.press("z")
        assert d.screen.zoomed == "timeline"
        await d.press("4")
        assert d.screen.zoomed == d.screen.query_one(Inspector).id


async def test_the_agent_that_is_chosen_while_one_pane_is_zoomed_is_told_or_takes_its_place(desk: Opens) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        await d.until(lambda: d.screen.seen)
        await d.press("z", "right")
        assert d.screen.zoomed == "timeline"
        assert d.said[-1] == f"{d.screen.record.title(d.screen.agent)} is chosen: z shows all panes, and its own"
        await d.press("tab")  # the first agent's pane, now zoomed
        for key in ("right", "left", "left"):
            await d.press(key)
            assert d.screen.zoomed == d.screen.panes[d.screen.agent].id
            assert d.screen.panes[d.screen.agent].display


async def test_in_the_list_of_sessions_a_key_that_can_go_no_further_says_so(alone: Path) -> None:
    async with listed(alone) as (app, pilot, _until):
        told = partial(says, app, pilot)
        assert {await told(key) for key in ("up", "g", "pageup")} == {"this is the first session"}
        assert await told("G") == ""
        assert {await told(key) for key in ("down", "G", "pagedown")} == {"this is the last session"}
        assert await told("escape") == "nothing is searched for: q leaves"


async def test_in_a_comparison_every_pane_is_read_by_keys_and_an_end_says_so(desk: Opens) -> None:
    async with desk(HAGGLES, size=(180, 24)) as d:
        await forked(d)
        screen = await compared(d)
        told = partial(says, d.app, d.pilot)
        assert {await told(key) for key in ("up", "g", "pageup")} == {"this is the first row"}
        assert await told("G") == ""
        assert {await told(key) for key in ("down", "G", "pagedown")} == {"this is the last row"}
        differ = screen.query_one("#differ", Lines)
        differ.show([Line((Span(f"line {number}"),)) for number in range(50)])
        await d.press("shift+tab", "shift+tab")
        assert screen.focused is differ and differ.max_scroll_y > 1
        await d.press("down")
        assert differ.scroll_target_y == 1
        await d.press("G")
        assert differ.scroll_target_y == differ.max_scroll_y
        assert await told("ctrl+d") == "nothing stands below"
        await d.press("shift+tab")
        assert screen.focused is screen.query_one(Sides)


@pytest.mark.parametrize("width", [60, 100, 160])
def test_values_that_begin_alike_are_shown_from_where_they_part(width: int) -> None:
    begin = "the very same beginning of what is long, " * 4
    row = differing(width, begin, begin + "left", begin + "right")
    assert "left'" in row.text and "right'" in row.text and row.cells <= width


@pytest.mark.parametrize("values", [(100_000, 1_000_000), (12_345_678, 123_456_789), ([1, 2, 3], [1, 2, 3, 4])])
def test_values_for_which_there_is_room_are_shown_whole_though_they_begin_alike(values: tuple[object, object]) -> None:
    left, right = map(str, values)
    assert differing(80, 1, *values).text.split("1       ", 1)[1].split("  ") == [left, right, ""]


def differing(width: int, fork: object, left: object, right: object) -> Line:
    """The line of a variable that had such values."""
    comparison = SimpleNamespace(
        fork=None,
        variables=[VariableAcross("1000", "$told", *({"value": value} for value in (fork, left, right)))],
        same=(),
        spent_left=Spent(0, 0, 0, 0.0, 0.0),
        spent_right=Spent(0, 0, 0, 0.0, 0.0),
    )
    record = SimpleNamespace(title=lambda agent: "Host", hue=lambda agent: "lane-1")
    sides = (Side("main", ""), Side("fork-1", ""))
    (row,) = (line for line in value_lines(record, comparison, sides, width) if "$told" in line.text)  # type: ignore[arg-type]
    return row


async def test_ctrl_z_where_no_terminal_can_be_given_back_says_so_and_stops_nothing(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(os, "getpgrp", lambda: 1 + os.getsid(0))  # a job of a shell's
    monkeypatch.setattr(os, "killpg", lambda group, _number: stopped.append(group))
    async with desk() as d:
        await d.status("finished")
        told = await says(d.app, d.pilot, "ctrl+z")
        assert told == "no shell started this that could go on with it: Ctrl+C twice leaves"
        assert not stopped and d.app.crash is None


async def test_the_palette_of_a_dialog_has_the_acts_of_its_list_and_they_reach_it(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("v")
        commands = {command.title: command for command in d.app.get_system_commands(d.app.screen)}
        assert {"Before", "After", "Tick", "Only this", "Everything"} <= set(commands)
        commands["Only this"].callback()
        await d.until(lambda: "all agents" not in filter_words(d.screen.record, d.screen.standing.filter))


async def test_a_step_of_an_interrupted_session_says_that_it_only_resumed_it(desk: Opens) -> None:
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 2)
        await d.press("q")
        await d.until(d.bridge.over.done)
    async with desk(ENDLESS, resume=True) as d:
        await d.until(lambda: d.screen.record.headers)
        count = len(d.screen.record.headers)
        await d.press("a")
        assert d.said[-1] == "resumed, and held: a again makes the step"
        await d.status("paused")
        assert len(d.screen.record.headers) == count
        await d.press("a")
        await d.until(lambda: len(d.screen.record.headers) == count + 1)


async def test_the_dialogs_of_the_filter_and_of_breakpoints_say_what_they_can_not_do(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("v")
        told = partial(says, d.app, d.pilot)
        assert [await told(key) for key in ("up", "a", "down")] == [
            "this is the first line",
            "everything but the steps is shown already",
            "",
        ]
        await d.press("escape", "B")
        await d.until(lambda: isinstance(d.app.screen, Breakpoints))
        d.app.screen.query_one(Input).value = " "
        await d.press("ctrl+s")
        assert str(d.app.screen.query_one("#wrong", Label).render()) == "the field is empty: write where to stop"
