"""Comparing: two branches or checkpoints side by side from where they part, and what differs between them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tui.desk import Desk, Opens
from tui.programs import HAGGLES

from playbooks_tui.screens.compare.lines import sign_of
from playbooks_tui.screens.compare.panes import CompareHead, Lines, Sides
from playbooks_tui.screens.compare.screen import Compare
from playbooks_tui.screens.filter import FilterList
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.help import Help
from playbooks_tui.widgets.bars import BranchBars


async def forked(d: Desk) -> None:
    """Runs to the end, and once more to another one."""
    await d.status("finished")
    record = d.screen.record
    said = next(row for row in record.shown if record.headers[row].kind == "heard" and record.text(row) == "80")
    d.screen.stand(here=said, chosen=None)
    await d.press("e")
    await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen.facts)
    await d.press("9", "ctrl+s")
    await d.until(lambda: "fork-1" in record.branches)
    await d.status("finished")


async def compared(d: Desk) -> Compare:
    await d.press("d")
    await d.until(lambda: isinstance(d.app.screen, Compare) and d.app.screen.comparison)
    screen = d.app.screen
    assert isinstance(screen, Compare)
    await d.pilot.pause()
    return screen


def shown(screen: Compare) -> list[str]:
    sides = screen.query_one(Sides)
    return [line.text for line in sides._heads] + [sides.line(y).text for y in range(len(sides.rows))]


@pytest.mark.parametrize("size", [(180, 50), (80, 24)])
async def test_d_compares_a_branch_with_the_one_it_left(desk: Opens, size: tuple[int, int]) -> None:
    async with desk(HAGGLES, size=size) as d:
        await forked(d)
        screen = await compared(d)
        assert screen.names == ("main", "fork-1")
        text = "\n".join(shown(screen))
        assert "in common, to " in text and "Sold at 80." in text and "Sold at 9." in text and "≠" in text
        assert "◇ fork-1" in text
        ends = shown(screen)[-1]
        assert "■ Sold at 80." in ends and "≠" in ends and "■ Sold at 9." in ends, "to end otherwise is no likeness"
        lines = "\n".join(line.text for line in screen.query_one("#values", Lines)._lines)
        assert "≠ Shop" in lines and "since they parted" in lines and "'80'" in lines and "'9'" in lines
        width = screen.query_one(Sides).scrollable_content_region.width
        assert all(screen.query_one(Sides).line(y).cells <= width for y in range(len(screen.query_one(Sides).rows)))


async def test_the_days_in_which_nobody_ran_a_branch_are_not_in_its_time(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        record = d.screen.record
        last = record.branches["fork-1"].rows[-1]  # made a day later, after a resume
        record.headers[last] = replace(record.headers[last], time=record.headers[last].time + 86_400)
        screen = await compared(d)
        assert all(0 < side.seconds < 3_600 for side in screen.sides)


async def test_x_swaps_the_sides_and_y_copies_the_command(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        screen = await compared(d)
        assert screen.comparison is not None
        left, right = screen.comparison.left.id, screen.comparison.right.id
        await d.press("y")
        assert d.app.clipboard == f"playbooks diff {left} {right}"
        await d.press("x")
        await d.until(lambda: screen.comparison is not None and screen.names == ("fork-1", "main"))
        assert screen.comparison.left.id == right


async def test_keys_of_the_session_say_that_they_act_there(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        screen = await compared(d)
        for key in ("n", "c", "space", "e", "f", "plus", "1"):
            d.app.told.clear()
            await d.press(key)
            assert d.said == ["this is a comparison: Esc goes back to the session first"], key
            assert d.app.screen is screen
        d.app.told.clear()
        await d.press("down", "x", "y")
        assert not any("Esc goes back" in words for words in d.said)
        assert d.app.screen is screen


async def test_brackets_go_to_differences_and_enter_looks_at_the_side_that_is_meant(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        screen = await compared(d)
        sides = screen.query_one(Sides)
        while sign_of(d.screen.record, sides.rows[sides.place]) != "≠":
            await d.press("right_square_bracket")
        pair = sides.rows[sides.place]
        assert pair.left is not None and pair.right is not None
        await d.press("left_square_bracket", "right_square_bracket", "down", "up", "G", "g")
        assert sides.place == 0
        sides.go(sides.rows.index(pair))
        await d.press("tab", "enter")
        await d.until(lambda: d.app.screen is d.screen)
        assert d.screen.record.headers[d.screen.standing.here or 0].id == pair.left.id


async def test_v_leaves_out_what_is_the_same_and_kinds_also_after_a_swap(
    desk: Opens,
) -> None:
    async with desk(HAGGLES.replace("await End", 'await Say("user", "Goodbye.")\nawait End')) as d:
        await forked(d)
        screen = await compared(d)
        sides = screen.query_one(Sides)
        every, same = len(sides.rows), sum(sign_of(d.screen.record, pair) == "=" for pair in sides.rows)
        assert 0 < same < every
        await d.press("v")
        filter = d.app.screen.query_one(FilterList)
        await d.press(*["down"] * filter.items.index(("same", "same")))
        assert f"same on both sides{same:>4} ".replace(" ", "") in filter._item(filter.cursor).text.replace(" ", "")
        await d.press("space")
        assert len(sides.rows) == every - same and all(sign_of(d.screen.record, pair) != "=" for pair in sides.rows)
        await d.press(*["up"] * (filter.cursor - filter.items.index(("kind", "say"))))
        await d.press("space", "escape")
        kinds = {header.kind for pair in sides.rows for header in (pair.left, pair.right) if header}
        assert "say" not in kinds and "fork" in kinds
        assert "what differs" in "".join(span.text for span in sides._right)
        await d.press("x")
        await d.until(lambda: screen.comparison is not None and screen.names == ("fork-1", "main"))
        assert all(sign_of(d.screen.record, pair) != "=" for pair in sides.rows)


async def test_a_comparison_of_which_all_is_filtered_out_says_so(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        screen = await compared(d)
        await d.press("v")
        filter = d.app.screen.query_one(FilterList)
        for what, _ in filter.items:
            if what == "agent":
                await d.press("space")
            await d.press("down")
        await d.press("escape")
        sides = screen.query_one(Sides)
        assert not sides.rows and "v shows it again" in sides.line(0).text


async def test_the_bars_of_both_sides_mark_the_selected_row_and_a_click_selects(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        screen = await compared(d)
        sides, bars = screen.query_one(Sides), screen.query_one(BranchBars)
        assert [bars.line(y).text.split()[0] for y in range(2)] == ["main", "fork-1"]
        await d.press("G")
        await d.pilot.pause()
        assert any(span.ink == "here" for span in bars.line(1).spans)
        await d.press("tab")
        await d.pilot.pause()
        assert any(span.ink == "here" for span in bars.line(0).spans)
        first = sides.rows[0]
        assert first.left is None and first.right is not None and first.right.kind == "fork"
        pair = next(pair for pair in sides.rows if pair.right is not None and pair.right.kind == "say")
        assert pair.right is not None
        screen.post_message(BranchBars.Chosen(d.screen.record.place[pair.right.id]))
        await d.until(lambda: sides.rows[sides.place] == pair and sides.right)


async def test_the_header_of_a_comparison_has_the_counts_and_both_branches(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await forked(d)
        screen = await compared(d)
        text = screen.query_one(CompareHead).line(0).text
        assert f"shop.pb ▸ s1 ▸ main, fork-1    {len(d.screen.record.headers)} checkpoints · " in text


async def test_with_a_mark_the_row_is_compared_with_it_and_without_one_with_now(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        record = d.screen.record
        await d.press("d")
        assert "mark a row with m: then d compares" in d.said[-1]
        await d.press("up", "up")
        here = record.headers[d.screen.standing.here or 0].id
        screen = await compared(d)
        assert screen.names == (here, record.headers[record.newest or 0].id)
        await d.press("escape")
        await d.press("m", "up", "up")
        there = record.headers[d.screen.standing.here or 0].id
        screen = await compared(d)
        assert screen.names == (here, there)
        await d.press("question_mark")
        await d.until(lambda: isinstance(d.app.screen, Help))
        await d.press("escape", "escape")
        await d.until(lambda: d.app.screen is d.screen)
