"""Branches are told three times: in a gutter, in a list with what each came to, and as bars under their places."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tui.desk import Opens
from tui.headers import HAGGLE, header, record

from playbooks.runtime.notices import Committed, ModelAnswered, ModelCalled
from playbooks_tui.bars_plan import Bars
from playbooks_tui.record import Record
from playbooks_tui.rows import Past
from playbooks_tui.screens.moments import Reading
from playbooks_tui.sequence import drawn_branches
from playbooks_tui.situation import Standing
from playbooks_tui.told import Ended, Tallied, Tally, Turned
from playbooks_tui.widgets.bars import BranchBars
from playbooks_tui.widgets.branches import Branches, branch_line, head
from playbooks_tui.widgets.timeline import Timeline

LOW = (
    header("1000", 8, "fork", "low: Counter = 80, was 95", branch="low", parent="1000_ckpt_5"),
    header("1000", 9, "say", "I can do $80.", "1001", branch="low", took=0.4),
    header("1000", 10, "end", "no deal", branch="low", statement="await EndProgram()"),
)


def forked() -> Record:
    told = record(*HAGGLE, *LOW)
    told.take([Tallied({"main": Tally(9, 700, 200, 0.003), "low": Tally(2, 90, 10, None)})])
    return told


def test_a_response_that_is_there_before_the_first_checkpoint_is_counted() -> None:
    told = Record()
    told.take([ModelCalled("1000", 1, "m"), ModelAnswered("1000", 1, 10, 5, 0.5, 0.1)])
    assert told.tally == Tally(1, 10, 5, 0.5)
    told.take([Committed(HAGGLE[0]), ModelCalled("1000", 2, "m"), ModelAnswered("1000", 2, 1, 1, 0.25, 0.1)])
    assert told.tally == Tally(2, 11, 6, 0.75) == told.branches["main"].tally


def test_a_branch_says_how_it_ended_and_what_it_came_to() -> None:
    told = forked()
    assert head(60).text == " Branches                       checkpoints   calls    cost "
    told.branches["low"].status = "finished"
    main = branch_line(told, told.branches["main"], 60, 4, on=True, amber=True).text
    low = branch_line(told, told.branches["low"], 60, 4, on=False, amber=False).text
    assert main == " ▸ main  ■ sold at 80                    11       9  $0.003 "
    assert low == "   low   ■ no deal                        3       2      $? "


def test_the_branch_that_runs_says_when_it_waits_or_stands() -> None:
    told = record(*HAGGLE, *LOW[:2])
    told.branches["low"].status = "running"
    for status, words in (("running", "● running"), ("waiting", "? waits for you"), ("paused", "|| paused")):
        told.branch, told.status = "low", status
        assert words in branch_line(told, told.branches["low"], 60, 4, on=True, amber=False).text
    told.branch = "main"
    assert "● running" in branch_line(told, told.branches["low"], 60, 4, on=True, amber=False).text


def test_the_header_adds_all_branches_up_and_a_new_branch_begins_at_nothing() -> None:
    told = record(*HAGGLE)
    told.take(
        [
            ModelCalled("1000", 1, "m"),
            ModelAnswered("1000", 1, 100, 20, 0.5, 1.0),
            Ended("finished"),
            Turned("low", (), ()),
        ]
    )
    assert told.status == "ready" and told.branches["main"].status == "finished"
    told.take([])
    for one in LOW:
        told._add(one, told.take([]))
    told.take([ModelCalled("1000", 7, "m"), ModelAnswered("1000", 7, 10, 2, 0.25, 1.0)])
    assert told.branches["low"].tally == Tally(1, 10, 2, 0.25)
    assert told.tally == Tally(2, 110, 22, 0.75)


def bars(told: Record, width: int = 100, here: int | None = None) -> list[str]:
    drawn = Bars(told)
    past = Past(told, here)
    return [drawn.line(y, width, past, here).text.rstrip() for y in range(drawn.lay_out(width, past))]


def test_a_fork_hangs_under_its_place_and_the_moment_is_pointed_at() -> None:
    told = forked()
    here = told.place["1000_ckpt_4"]
    assert bars(told, here=here) == [
        " main  ▁▁▁ ▁▁▁ ▁▁▁▸▇▇▇ ▂▂▂ ███ ▄▄▄ ▇▇▇ ▁▁▁ ■ sold at 80                          height: time taken",
        " low                             ╰─▁▁▁ ▅▅▅ ■ no deal",
    ]


def test_of_more_checkpoints_than_cells_a_bar_is_the_longest_of_several() -> None:
    rows = [header("1000", n, "say", f"number {n}", "human", took=2.0 if n == 777 else 0.1) for n in range(1, 1_001)]
    told, drawn = record(HAGGLE[0]), Bars(record(HAGGLE[0], *rows))
    assert drawn.lay_out(100, Past(told, None)) == 1
    track = drawn.tracks[0]
    assert len(track.bars) < 70 and track.bars[-1].last == 1_000
    longest = max(track.bars, key=lambda bar: bar.took)
    assert longest.row == 777 and drawn.bar_of(track, 777) == track.bars.index(longest)
    assert drawn.row_at(drawn.left + track.bars.index(longest), 0) == 777 and drawn.row_at(99, 0) is None
    grown = Bars(told)
    for one in rows:
        told.take([])
        told._add(one, told.take([]))
        grown.lay_out(100, Past(told, None))
    assert grown.tracks[0].bars == track.bars  # bit by bit as at once


def test_of_many_branches_the_first_the_one_stood_on_and_the_newest_are_drawn() -> None:
    told = record(*HAGGLE)
    for n in range(5):
        fork = header("1000", 20 + n, "fork", f"b{n}", branch=f"b{n}", parent="1000_ckpt_5")
        told._add(fork, told.take([]))
    assert drawn_branches(told, "b1", 3) == ["main", "b1", "b4"]
    assert drawn_branches(told, "main", 3) == ["main", "b3", "b4"]


async def test_after_a_fork_both_branches_are_in_sight_and_a_click_goes_to_either(desk: Opens) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        screen = d.screen
        said = next(one.id for one in screen.record.headers if one.text == "80." and one.kind == "heard")
        d.bridge.fork(said, label="again")
        await d.until(lambda: screen.record.branch == "again")
        screen.begin_run(held=False)
        await d.until(lambda: screen.record.branches["again"].ended and screen.record.status == "finished")
        timeline = screen.query_one(Timeline)
        ids = {screen.record.headers[timeline.rows.at(n)].branch for n in range(timeline.rows.count)}
        assert ids == {"main", "again"} and screen.query_one(Branches).display
        await d.pilot.click(Branches, offset=(6, 1))
        assert screen.standing.here == screen.record.branches["main"].shown[-1]
        await d.pilot.click(BranchBars, offset=(screen.query_one(BranchBars)._bars.left, 0))
        assert screen.standing.here == 0


async def test_z_shows_one_pane_alone_and_again_all_of_them(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        screen = d.screen
        await d.press("tab", "z")
        await d.pilot.pause()
        pane = screen.panes["1000"]
        assert pane.region.width == screen.size.width and not screen.query_one(Timeline).region.area
        await d.press("tab")
        await d.pilot.pause()
        assert screen.panes["1001"].region.width == screen.size.width
        await d.press("z")
        await d.pilot.pause()
        assert screen.query_one(Timeline).region.area and screen.zoomed == ""


def test_what_variables_are_set_against_is_the_agents_row_before_on_the_way_to_the_moment() -> None:
    told, asked = record(*HAGGLE, *(header("1002", n, "heard") for n in (2, 3, 4)), *LOW), 0
    limits = told.limits

    def counted(branch: str, upto: int) -> dict[str, int]:
        nonlocal asked
        asked += 1
        return limits(branch, upto)

    told.limits = counted  # type: ignore[method-assign]
    screen: Any = SimpleNamespace(record=told, standing=Standing())
    newest = len(told.headers) - 1
    for agent in ("1000", "1001", "1002"):
        way = [row for row in told.own[agent] if row in told.path("low") and row < newest]
        expected = told.headers[way[-1]].id if way else ""
        asked = 0
        assert Reading._set_against(screen, newest, agent) == expected
        assert asked == 1, "however many rows of other branches lie between"
