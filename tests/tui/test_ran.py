"""How long a session ran, over all its runs."""

from __future__ import annotations

import pytest
from tui.desk import Opens
from tui.headers import header

from playbooks_tui.ran import ran
from playbooks_tui.told import Tallied
from playbooks_tui.widgets.head import Head


def test_each_moment_counts_once_and_neither_pauses_nor_the_days_between_two_runs_do() -> None:
    rows = [
        header("human", 1, "start", time=100.0),
        header("1000", 1, "say", time=102.0, took=2.0),
        header("1001", 1, "heard", time=102.0, took=0.0),
        header("1000", 2, "tool", time=103.0, took=1.0),  # at the same time as the next
        header("1001", 2, "say", time=103.5, took=1.5),
        header("1000", 3, "call", time=104.0, took=2.0),  # the call that held all of these
        header("1001", 3, "say", time=164.0, took=1.0),  # a minute of pause before
        header("1000", 4, "say", time=90_000.0, took=0.5),  # resumed a day later
    ]
    assert ran(rows) == pytest.approx(4.0 + 1.0 + 0.5)
    assert ran(rows[5:], since=103.75) == pytest.approx(0.25 + 1.0 + 0.5)
    assert ran([]) == 0


async def test_the_clock_of_a_session_that_is_opened_again_goes_on_from_its_earlier_runs(desk: Opens) -> None:
    now = [1_000.0]

    def clock() -> float:
        now[0] += 0.25
        return now[0]

    async with desk(now=clock) as d:
        await d.status("finished")
    async with desk(now=clock, resume="s1") as d:
        record = d.screen.record
        await d.until(lambda: record.ran == ran(record.headers))
        d.bridge.tell(Tallied({}, 65.0))
        await d.until(lambda: d.screen.query_one(Head).line(0).text.endswith("01:05 "))
