"""What is told in passing: it covers nothing, is there whole, and gives way to the keys again."""

from __future__ import annotations

import pytest
from tui.desk import Desk, Opens
from tui.programs import ENDLESS

from playbooks_tui.app import Debugger
from playbooks_tui.screens.help import Help
from playbooks_tui.told import Ended
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.why import Why


def foot(d: Desk) -> list[str]:
    widget = d.screen.query_one(Foot)
    return [widget.line(y).text.rstrip() for y in range(widget.size.height)]


async def test_a_key_that_can_not_act_says_why_in_the_footer_over_no_pane(desk: Opens) -> None:
    async with desk(size=(80, 24)) as d:
        await d.status("finished")
        keys = foot(d)
        await d.press("c")
        await d.pilot.pause()
        (told,) = foot(d)
        assert told.startswith(" the program is finished: nothing is left to run ") and told.endswith(": all  ? help")
        assert not d.screen.query("Toast"), "nothing lies over a pane"
        await d.press("question_mark")
        await d.until(lambda: isinstance(d.app.screen, Help))
        assert not d.app.screen.query("Toast"), "nor comes again over a dialog"
        await d.press("escape")
        d.screen.query_one(Foot).be_still()
        await d.pilot.pause()
        assert foot(d) == keys


async def test_what_was_told_gives_way_to_the_next_thing_that_is_done_and_a_warning_stays(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        widget = d.screen.query_one(Foot)
        await d.press("c")
        await d.pilot.pause()
        assert widget.told == "the program is finished: nothing is left to run"
        await d.press("up")
        await d.pilot.pause()
        assert not widget.told and "Esc now" in foot(d)[0]
        d.app.notify("the disk is nearly full", severity="warning")
        await d.press("up")
        await d.pilot.pause()
        assert widget.told == "the disk is nearly full"


@pytest.mark.parametrize("size", [(80, 24), (180, 50)])
async def test_a_long_text_is_told_whole_and_takes_its_rows_from_the_panes(desk: Opens, size: tuple[int, int]) -> None:
    words = "there is no room left on the disk: " + "the checkpoint can't be kept, " * 6 + "make room, then resume"
    async with desk(size=size) as d:
        await d.status("finished")
        d.app.notify(words, severity="error", markup=False)
        await d.pilot.pause()
        told = " ".join(" ".join(foot(d)).split())
        assert told.startswith(f"! {words}") and told.removeprefix(f"! {words}") in ("", " : all ? help")
        widget = d.screen.query_one(Foot)
        assert widget.region.bottom == d.app.size.height and d.screen.query_one("#ask").region.bottom == widget.region.y


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_why_a_run_failed_is_there_whole_with_what_to_do(desk: Opens, size: tuple[int, int]) -> None:
    error = (
        ".checkpoints: checkpoints can't be kept: No space left on device; make room; every earlier checkpoint is whole"
    )
    async with desk(ENDLESS, size=size) as d:
        await d.until(lambda: d.screen.record.shown)
        d.bridge.tell(Ended("failed", error))
        await d.status("failed")
        why = d.screen.query_one(Why)
        assert why.size.height >= 2 or size[0] > 118
        assert " ".join(" ".join(why.line(y).text for y in range(why.size.height)).split()) == f"! {error}"
        d.bridge.tell(Ended("failed", "no"))
        await d.until(lambda: d.screen.record.error == "no")
        assert why.size.height == 0, "the header says it"


async def test_what_is_longer_than_its_rows_shows_that_it_is_cut(desk: Opens) -> None:
    words = "there is no room left on the disk, " * 40
    async with desk(ENDLESS, size=(80, 24)) as d:
        await d.until(lambda: d.screen.record.shown)
        d.bridge.tell(Ended("failed", words))
        await d.status("failed")
        why = d.screen.query_one(Why)
        rows = [why.line(y).text.rstrip() for y in range(why.size.height)]
        assert len(rows) == 6 and [row.endswith("…") for row in rows] == [False] * 5 + [True]
        d.app.notify(words, markup=False)
        await d.pilot.pause()
        assert [row.endswith("…") for row in foot(d)] == [False] * 3 + [True]


def test_what_is_told_after_the_screen_went_is_no_error() -> None:
    app = Debugger(None)
    app.notify("too late")
    assert list(app.told) == ["too late"]
