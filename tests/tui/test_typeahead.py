"""Keys pressed in the same instant: what is typed after a key that opens something reaches what it opened."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from textual import events
from textual.widgets import Input, TextArea
from tui.desk import Desk, Opens
from tui.programs import ASKS, ENDLESS, HAGGLES

from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.fork.editor import Editor
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.find_line import FindLine

NAMES = {"slash": "/", "plus": "+", "colon": ":", "space": " "}


def at_once(d: Desk, *keys: str) -> None:
    """Presses keys before the screen has a turn."""
    for key in keys:
        character = NAMES.get(key, key if len(key) == 1 else None)
        d.app.post_message(events.Key(key, character))


def texts(d: Desk) -> list[str]:
    """What stands in the rows."""
    return [d.screen.record.text(row) for row in d.screen.record.shown]


def commands(d: Desk, monkeypatch: pytest.MonkeyPatch, ids: Sequence[str]) -> list[str]:
    """Notes which commands of the main screen are done."""
    done: list[str] = []
    for name in ids:
        monkeypatch.setattr(type(d.screen), f"action_{name}", lambda self, name=name: done.append(name))
    return done


async def test_of_a_paste_of_several_lines_no_line_is_lost(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        at_once(d, "i")
        d.app.post_message(events.Paste("two things:\r\n\r\n  ten lambs\na [b]dog[/b]\n"))
        await d.until(lambda: d.screen.query_one(Ask).field.value == "two things: ten lambs a [b]dog[/b]")


async def test_what_is_typed_in_the_same_instant_as_i_is_said_to_the_program(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        at_once(d, "i", *"ten", "space", *"lamb", "enter")
        await d.status("finished")
        assert "So ten lamb" in texts(d)


async def test_a_paste_in_the_same_instant_as_i_goes_to_the_line(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        at_once(d, "i")
        d.app.post_message(events.Paste("ten lambs"))
        await d.until(lambda: d.screen.query_one(Ask).field.value == "ten lambs")


async def test_what_follows_the_answer_in_the_same_instant_is_a_command_again(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        at_once(d, "i", "9", "enter", "m")
        await d.status("finished")
        assert d.screen.standing.mark is not None and d.screen.query_one(Ask).field.value == ""


async def test_words_typed_in_the_same_instant_as_the_slash_are_looked_for(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        at_once(d, "slash", *"guest")
        await d.until(lambda: d.screen.query_one(FindLine).field.value == "guest")
        assert d.screen.standing.mark is None and d.app.screen is d.screen


async def test_a_whole_fork_typed_in_one_instant_takes(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        record = d.screen.record
        said = next(row for row in record.shown if record.headers[row].kind == "say" and record.text(row) == "80")
        d.screen.stand(here=said, chosen=None)
        await d.pilot.pause()
        read = threading.Event()
        d.bridge.read(lambda: read.wait(120) and None)  # the moment can't be read yet
        at_once(d, "e", "9", "5", "ctrl+s", "m")
        await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen._submits)
        assert d.screen.standing.mark is None
        read.set()
        await d.until(lambda: "fork-1" in record.branches)
        await d.status("finished")
        assert "Sold at 95." in texts(d)
        assert d.screen.standing.mark is not None, "the key after it is a command of the new branch"


async def test_what_is_typed_before_the_code_was_read_goes_into_its_editor(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        record = d.screen.record
        d.screen.stand(here=next(row for row in record.shown if record.headers[row].kind == "heard"), chosen=None)
        await d.pilot.pause()
        read = threading.Event()
        d.bridge.read(lambda: read.wait(120) and None)
        monkeypatch.setattr(d.screen, "selected_thing", lambda: ("code", ""))
        at_once(d, "e", *"pass", "space")
        await d.until(lambda: isinstance(d.app.screen, Fork) and len(d.app._waiting) == 5)
        assert d.app.screen.query_one("#new", Input).value == ""
        read.set()
        await d.until(lambda: isinstance(d.app.screen, Editor) and not d.app._waiting)
        assert d.app.screen.query_one(TextArea).text.startswith("pass ")


async def test_escape_ends_the_wait_and_what_was_typed_for_it_is_no_command(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        done = commands(d, monkeypatch, ["mark", "run", "leave"])
        await d.press("up")
        read = threading.Event()
        d.bridge.read(lambda: read.wait(120) and None)
        monkeypatch.setattr(d.screen, "selected_thing", lambda: ("code", ""))
        at_once(d, "e", *"mcq")
        await d.until(lambda: len(d.app._waiting) == 3)
        at_once(d, "escape")
        await d.until(lambda: d.app.screen is d.screen)
        read.set()
        assert not d.app._waiting and not done
        await d.press("m")
        assert done == ["mark"]


async def test_what_is_typed_after_a_key_that_can_not_open_now_is_no_command(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        done = commands(d, monkeypatch, ["mark", "run", "edit", "leave", "now"])
        await d.press("up")
        at_once(d, "i", *"mcemq", "escape")
        await d.until(lambda: done)
        assert done == ["now"] and "looking back" in d.said[-1]


async def test_ctrl_c_waits_for_nothing(desk: Opens) -> None:
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 3)
        d.app.hold_keys("nothing")
        at_once(d, "m", "ctrl+c")
        await d.status("paused")
        assert d.screen.standing.mark is None
