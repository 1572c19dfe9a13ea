"""The step keys: in the record they move the view and run nothing; at the newest they run."""

from __future__ import annotations

import pytest
from tui.desk import Opens
from tui.headers import header, record
from tui.programs import MANY

from playbooks_tui.onward import onward
from playbooks_tui.record import Record
from playbooks_tui.situation import mode

CALLS = (
    header("human", 1, "start", "shop.pb"),
    header("1000", 1, "create", "Buyer 1001", "1001"),
    header("1000", 2, "say", "in Inner", "1001", playbook="Inner"),
    header("1001", 1, "heard", "in Inner", "1000"),
    header("1000", 3, "say", "in Inmost", "1001", playbook="Inmost"),
    header("1000", 4, "return", "1", playbook="Inmost"),
    header("1000", 5, "call", "Inmost() = 1", playbook="Inner"),
    header("1000", 6, "return", "2", playbook="Inner"),
    header("1000", 7, "call", "Inner() = 2"),
    header("1000", 8, "end", "done", statement="await EndProgram()"),
)


def went(told: Record, start: str, how: str) -> str | None:
    row = onward(told, told.place[start], how)  # type: ignore[arg-type]
    return None if row is None else told.headers[row].id


@pytest.mark.parametrize(
    ("start", "how", "end"),
    [
        ("1000_ckpt_1", "any", "1000_ckpt_2"),
        ("1000_ckpt_2", "any", "1001_ckpt_1"),
        ("1000_ckpt_1", "into", "1000_ckpt_2"),
        ("1000_ckpt_2", "into", "1000_ckpt_3"),
        ("1000_ckpt_1", "over", "1000_ckpt_7"),
        ("1000_ckpt_2", "over", "1000_ckpt_5"),
        ("1000_ckpt_5", "over", "1000_ckpt_6"),
        ("1000_ckpt_6", "over", "1000_ckpt_7"),
        ("1000_ckpt_2", "out", "1000_ckpt_7"),
        ("1000_ckpt_3", "out", "1000_ckpt_5"),
        ("1000_ckpt_7", "out", "1000_ckpt_8"),
        ("1001_ckpt_1", "over", "1000_ckpt_8"),
        ("human_ckpt_1", "over", "1000_ckpt_1"),
        ("1000_ckpt_8", "over", None),
    ],
)
def test_over_stays_in_the_call_into_takes_the_next_and_out_leaves_it(start: str, how: str, end: str | None) -> None:
    assert went(record(*CALLS), start, how) == end


def test_a_step_in_the_record_stays_on_its_branch() -> None:
    low = header("1000", 9, "say", "otherwise", "1001", branch="low", parent="1000_ckpt_2")
    told = record(*CALLS, low)
    assert went(told, "1000_ckpt_8", "any") is None
    assert went(told, "1000_ckpt_9", "any") is None


@pytest.mark.parametrize("key", ["n", "f10", "s", "f11", "o", "shift+f11", "a"])
async def test_a_step_runs_and_stops_again_and_while_looking_back_it_only_moves(desk: Opens, key: str) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        await d.press(key)
        record, stands = d.screen.record, ("paused", "finished")
        await d.until(lambda: record.headers and record.status in stands and not d.screen.standing.stepping)
        assert (len(record.headers) == 2) == (record.status == "paused"), "but for one that goes out of all calls"
        if record.status == "paused":
            await d.press("c")
            await d.status("finished")
        count = len(record.headers)
        await d.press("g", key)
        assert d.screen.standing.here == record.shown[1]
        assert mode(record, d.screen.standing) == "back" and len(record.headers) == count


async def test_run_to_the_selected_row_stops_when_its_statement_comes_again(desk: Opens) -> None:
    async with desk(MANY, held=True) as d:
        await d.status("paused")
        for count in (2, 3, 4):
            await d.press("a")
            await d.until(lambda count=count: len(d.screen.record.headers) >= count)  # type: ignore[misc]
            await d.status("paused")
        record, newest = d.screen.record, len(d.screen.record.headers)
        await d.press("up", "up")
        assert d.screen.standing.here == newest - 3
        await d.press("t")
        await d.until(lambda: len(record.headers) > newest)
        await d.status("paused")
        assert len(record.headers) == newest + 1
        assert record.headers[-1].statement == record.headers[newest - 3].statement
        assert d.screen.standing.here is None


async def test_run_to_a_row_whose_statement_never_comes_again_ends_with_the_run_and_says_why_not(desk: Opens) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        await d.press("t")
        assert d.said[-1] == "select a row first: t runs until its step comes again"
        for count in (2, 3, 4):
            await d.press("a")
            await d.until(lambda count=count: len(d.screen.record.headers) >= count)
            await d.status("paused")
        await d.press("up")
        here = d.screen.record.headers[d.screen.standing.here or 0].id
        await d.press("t")
        await d.status("finished")  # its step never comes again: nothing stops the run
        await d.until(lambda: d.said[-1] == f"the run ended: the statement of {here} did not come again")
        await d.press("t")
        assert d.said[-1].startswith("the program is finished")


async def test_c_backwards_goes_to_where_a_breakpoint_would_have_stopped(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("C")
        assert d.said[-1].startswith("no breakpoint is set")
        d.bridge.session.add_breakpoint("say /pen/")
        await d.press("C")
        said = next(row for row, one in enumerate(d.screen.record.headers) if one.text == "A pen for 100?")
        await d.until(lambda: d.screen.standing.here == said)
        await d.press("C")
        await d.until(lambda: d.said and d.said[-1] == "no breakpoint was hit before this")
        assert d.screen.standing.here == said


async def test_the_header_says_which_breakpoint_stopped_the_run(desk: Opens) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        d.bridge.session.add_breakpoint("say /pen/")
        await d.press("c")
        await d.until(lambda: d.screen.record.stop is not None and d.screen.record.stop.reason == "breakpoint")
        assert mode(d.screen.record, d.screen.standing) == "paused"
        text = d.screen.query_one("#head").line(0).text  # type: ignore[attr-defined]
        assert "|| PAUSED" in text and "say /pen/" in text
        await d.press("space")
        await d.status("finished")
