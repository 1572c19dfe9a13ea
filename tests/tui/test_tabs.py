"""The tabs of a narrow screen: names are never cut."""

from __future__ import annotations

import pytest
from tui.desk import Desk, Opens

from playbooks_tui.spans import width_of
from playbooks_tui.tabs import Tab, tab_row

MANY = [
    *(Tab(str(1001 + n), f"Worker {1001 + n}", "lane-1", live=n == 2) for n in range(8)),
    Tab("you", "you", "quiet"),
]
TABS = [*MANY, Tab("inspector", "Inspector", "quiet")]


def text(shown: str, room: int) -> str:
    return "".join(span.text for span in tab_row(TABS, shown, room))


def test_when_they_fit_all_are_there() -> None:
    assert text("1001", 200).startswith(" Worker 1001 │ Worker 1002 │ Worker 1003 ● │")
    assert text("1001", 200).endswith("│ you │ Inspector ")


def test_when_they_do_not_those_far_from_the_shown_one_are_counted() -> None:
    assert text("1001", 62) == " Worker 1001 │ Worker 1002 │ Worker 1003 ● │ 6 › │ Inspector "
    assert text("you", 60) == " ‹ 6 │ Worker 1007 │ Worker 1008 │ you │ Inspector "
    assert text("inspector", 30) == " ‹ 8 │ you │ Inspector "


@pytest.mark.parametrize("tab", TABS)
def test_the_shown_one_is_whole_at_every_width(tab: Tab) -> None:
    for room in range(44, 140):
        spans = tab_row(TABS, tab.id, room)
        assert width_of(spans) <= room
        assert [span.text.strip(" ●") for span in spans if span.raised] == [tab.name]


def named(d: Desk) -> str:
    return "".join(span.text for span in d.screen.panes["1001"]._left).strip()


async def test_panes_have_their_own_titles_again_when_the_screen_gets_wide(desk: Opens) -> None:
    async with desk(size=(80, 24)) as d:
        await d.status("finished")
        for size, title in (((180, 50), "Guest 1001"), ((80, 24), "Shop │ Guest │ you │ Inspector")):
            await d.pilot.resize_terminal(*size)
            await d.until(lambda title=title: named(d).startswith(title))
        assert not any(pane.folded for pane in d.screen.panes.values())
