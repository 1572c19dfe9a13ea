"""Ctrl+C pauses and leaves over a dialog as it does elsewhere; in a field it first copies what is selected."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette
from textual.widgets import Input
from tui.desk import Opens
from tui.programs import ENDLESS

from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.help import Help


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
