"""The list of sessions: search, label, prune, delete, and how it is kept fresh."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Input
from tui.listed import listed, rows

from playbooks.config import Config
from playbooks.session.library import SessionLibrary
from playbooks_tui.screens import sessions as list_of_sessions
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.screens.confirm import Confirm
from playbooks_tui.screens.help import HelpPane
from playbooks_tui.screens.line import LineScreen
from playbooks_tui.screens.sessions import Sessions
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.session_rows import SessionRows, SessionsHead


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
