"""Saving the program: what changed is said, a broken file leaves the last good one, and a fork takes the new text."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.widgets import Label
from tui.desk import Opens
from tui.programs import HAGGLES, SHOP

from playbooks_tui.screens.acts import reloading
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.fork.parts import Choice, Choices
from playbooks_tui.widgets.inspector import Inspector


async def test_a_save_is_said_and_f_forks_with_the_new_text(desk: Opens, alone: Path) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        new = alone / "new.pb"
        new.write_text(SHOP.replace("- Sell", "- Sell dear"))
        new.replace(alone / "shop.pb")  # as editors save: another file takes its place
        await d.until(lambda: any("and f forks from there with the new text" in said for said in d.said))
        assert any(said.startswith("Shop.Main changed: steps\nWhat runs stays as it is; ") for said in d.said)
        await d.press("up", "f")
        await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen.draft.program == "shop.pb")
        await d.press("ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        await d.press("4")
        inspector = d.screen.query_one(Inspector)
        await d.until(lambda: any("Sell dear" in inspector.sheet.line(y).text for y in range(40)))


async def test_a_save_before_the_files_are_watched_is_said_too(
    desk: Opens, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_saved, watcher = threading.Event(), reloading._watcher
    monkeypatch.setattr(reloading, "_watcher", lambda: is_saved.wait(120) and watcher())
    async with desk(HAGGLES) as d:
        await d.status("finished")
        (alone / "shop.pb").write_text(SHOP.replace("- Sell", "- Sell dear"))
        is_saved.set()
        await d.until(lambda: any("with the new text" in said for said in d.said))
        (alone / "shop.pb").write_text(SHOP)
        await d.until(lambda: "shop.pb is as it runs again" in d.said)


async def test_what_was_changed_before_an_older_session_is_opened_is_no_save_but_what_is_written_then_is(
    desk: Opens, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
    dear, is_saved, watcher = SHOP.replace("- Sell", "- Sell dear"), threading.Event(), reloading._watcher
    async with desk(HAGGLES, program=dear, resume="s1") as d:
        (alone / "shop.pb").write_text(SHOP.replace("= 100", "= 60"))
        await d.until(lambda: any("with the new text" in said for said in d.said))
        assert {said.partition("\n")[0] for said in d.said} == {"Shop changed: Python"}
    monkeypatch.setattr(reloading, "_watcher", lambda: is_saved.wait(120) and watcher())
    async with desk(HAGGLES, program=dear, resume="s1") as d:
        (alone / "shop.pb").write_text(SHOP.replace("= 100", "= 600"))  # before it is watched
        is_saved.set()
        await d.until(lambda: any("with the new text" in said for said in d.said))


async def test_the_dialog_tells_which_first_values_of_the_new_text_take_no_effect(desk: Opens, alone: Path) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        (alone / "shop.pb").write_text(SHOP.replace("= 100", "= 60\nmost = 9"))
        await d.until(lambda: any("with the new text" in said for said in d.said))
        d.screen.stand(here=1, chosen=None)
        await d.press("f")
        await d.until(lambda: isinstance(d.app.screen, Fork) and dict(d.app.screen.rows).get("keeps"))
        says = d.app.screen.query_one("#says-keeps", Label)
        told = "$price = 100 of Shop; the text says 60 now; no $most of Shop: only agents that begin get it"
        assert str(says.render()).replace("\n", " ") == told
        assert says.region.height
        d.app.screen.query_one("#program", Choices).query(Choice)[0].value = True
        await d.until(lambda: not says.region.height)


async def test_a_broken_file_is_shown_as_an_error_and_the_last_good_one_stays(desk: Opens, alone: Path) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        (alone / "shop.pb").write_text("no heading\n")
        await d.until(lambda: any("The last good program stays." in said for said in d.said))
        await d.press("up", "f")
        await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen.facts)
        dialog = d.app.screen
        assert isinstance(dialog, Fork) and dialog.facts is not None and dialog.facts.now.program is None
        await d.press("ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
