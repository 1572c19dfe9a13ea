"""What the fast ways of painting give is what Textual's own give."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget
from tui.desk import Opens

from playbooks_tui.widgets.framing import Bar
from playbooks_tui.widgets.inked import Inked
from playbooks_tui.widgets.painted import Painted, strip_of


def cells(strip: Iterable[Segment]) -> list[tuple[str, Style]]:
    return [(letter, style or Style()) for text, style, _ in strip for letter in text]


async def test_lines_in_their_frames_look_as_textual_draws_them(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        framed = 0
        for size in ((180, 50), (80, 24)):
            await d.pilot.resize_terminal(*size)
            await d.pilot.pause()
            for widget in d.screen._compositor.visible_widgets:
                if not isinstance(widget, Inked) or widget._frame() is None:
                    continue
                region = Region(0, 0, *widget.outer_size)
                own, textuals = widget.render_lines(region), ScrollView.render_lines(widget, region)
                assert [cells(strip) for strip in own] == [cells(strip) for strip in textuals]
                framed += 1
        assert framed > 5


async def test_scrollbars_look_as_textual_draws_them(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.pilot.resize_terminal(80, 12)
        await d.pilot.pause()
        bars = [bar for bar in d.screen._compositor.visible_widgets if isinstance(bar, ScrollBar)]
        assert bars
        for bar in bars:
            assert isinstance(bar, Bar)
            region = Region(0, 0, *bar.outer_size)
            for lines in (0, 3, region.height, region.height + 1, 30, 1_000):
                for position in (0, 0.375, 1, 3, 7, lines / 2, max(0, lines - region.height)):
                    bar.window_virtual_size, bar.window_size, bar.position = lines, region.height, position
                    bar.refresh()
                    own, textuals = bar.render_lines(region), Widget.render_lines(bar, region)
                    assert [cells(strip) for strip in own] == [cells(strip) for strip in textuals]


def test_a_painted_strip_is_divided_as_textuals_is() -> None:
    assert strip_of is Painted, "Textual's strip keeps other things now: say so in `painted`"
    segments = [Segment("one 日本 ", Style(bold=True)), Segment("two", Style()), Segment("   ", Style(reverse=True))]
    width = Strip(segments).cell_length
    for cuts in ([width], [3, width], [1, 5, 9, width], [5, width, width + 4]):
        ours, textuals = Painted(segments, width).divide(cuts), Strip(segments, width).divide(cuts)
        assert [(cells(one), one.cell_length) for one in ours] == [(cells(one), one.cell_length) for one in textuals]
