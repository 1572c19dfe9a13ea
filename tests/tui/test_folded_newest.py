"""Run while it runs already says so; and no key passes over a row that is shown."""

from __future__ import annotations

import pytest
from tui.desk import Desk, Opens
from tui.programs import ENDLESS

ASKS_IN_A_STEP = """
def respond(request):
    return '''await Say("user", "How much?")
await Step("Main:01")
answer = await Yld("user")
await EndProgram()
'''
"""
"""Its newest row is folded when it waits."""


def here(d: Desk) -> str:
    row = d.screen.standing.here
    return "" if row is None else d.screen.record.headers[row].id


async def test_a_row_up_from_a_folded_step_is_the_last_that_is_shown(desk: Opens) -> None:
    async with desk(ASKS_IN_A_STEP) as d:
        await d.status("waiting")
        assert d.screen.record.headers[-1].id == "1000_ckpt_2" != d.screen.record.headers[d.screen.record.shown[-1]].id
        await d.press("up")
        assert here(d) == "1000_ckpt_1"
        await d.press("down")
        assert here(d) == "1000_ckpt_1" and d.said[-1] == "this is the newest row: Esc goes back to now"
        await d.press("escape", "pageup")
        assert here(d) == "human_ckpt_1"


@pytest.mark.parametrize("key", ["c", "r"])
async def test_to_run_what_runs_already_says_so(desk: Opens, key: str) -> None:
    async with desk(ASKS_IN_A_STEP) as d:
        await d.status("waiting")
        await d.press(key)
        await d.until(lambda: d.said)
        assert d.said[-1] == "it runs already, and waits for you: i answers"
        assert d.screen.record.status == "waiting"
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 2)
        await d.press("c")
        assert d.said[-1] == "it runs already: Space pauses"
