"""A run that failed goes on from its last checkpoint when what made it fail is mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tui.desk import Desk
from tui.programs import SHOP

from playbooks.config import Config
from playbooks_tui.app import Debugger
from playbooks_tui.opening import Openings
from playbooks_tui.run import parting
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.situation import ask_line, header_line
from playbooks_tui.widgets.foot import Foot

FAILS = """
def respond(request):
    if request.turn == 0:
        return 'await Say("user", "one")\\n'
    raise ValueError("no luck")
"""
MENDED = FAILS.replace('raise ValueError("no luck")', 'return \'await Say("user", "two")\\nawait EndProgram()\\n\'')


@asynccontextmanager
async def failed(folder: Path, model: str = FAILS) -> AsyncIterator[tuple[Desk, Openings]]:
    """A debugger whose run has just failed, in this process."""
    (folder / "shop.pb").write_text(SHOP)
    (folder / "model.py").write_text(model)
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()
    openings = Openings(config, ("shop.pb",))
    bridge = openings.first(None)
    app = Debugger(bridge, openings=openings)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        assert isinstance(app.screen, Debugging)
        desk = Desk(app, app.screen, bridge, pilot)
        await desk.status("failed")
        yield desk, openings
    assert app.bridge is not None
    app.bridge.leave()
    app.bridge.over.exception(120)


@pytest.mark.parametrize("opened_again", [False, True], ids=["failed here", "opened after it failed"])
async def test_r_goes_on_with_a_run_that_failed_once_its_cause_is_mended(alone: Path, opened_again: bool) -> None:
    async with failed(alone) as (d, openings):
        if opened_again:
            d.app.open_session(lambda: openings.session("s1"), begin=False, close_first=True)
            await d.until(lambda: d.app.screen is not d.screen)
            d.screen = the_screen(d)
            await d.status("failed")
            assert "r resumes" in header_line(d.screen.record, d.screen.standing, 120, 0.0, 0.0).text
        assert "r resume" in d.screen.query_one(Foot).line(0).text
        assert ask_line(d.screen.record, d.screen.standing).startswith("the run failed: r goes on")
        kept = [header.id for header in d.screen.record.headers]
        (alone / "model.py").write_text(MENDED)
        await d.press("r")
        await d.until(lambda: the_screen(d).record.status == "finished")
        record = the_screen(d).record
        assert (record.session, list(record.branches)) == ("s1", ["main"])
        assert [header.id for header in record.headers][: len(kept)] == kept
        assert any("two" in header.statement for header in record.headers[len(kept) :])


async def test_an_agent_that_was_given_up_stays_so_and_r_says_that_only_another_past_helps(alone: Path) -> None:
    async with failed(alone, FAILS.replace("raise ", "return 'nowhere()\\n' #")) as (d, _):
        assert "r resume" not in d.screen.query_one(Foot).line(0).text
        assert ask_line(d.screen.record, d.screen.standing).startswith("the run failed. ↑ looks back")
        await d.press("r")
        assert d.said[-1] == "Shop failed, and a resume leaves it so: look back, r or e goes on from there"
        assert d.screen.record.status == "failed"
        assert parting(d.bridge.session, ["playbooks", "debug"])[-1] == "Look back with: playbooks debug --resume s1"


def the_screen(d: Desk) -> Debugging:
    assert isinstance(d.app.screen, Debugging)
    return d.app.screen
