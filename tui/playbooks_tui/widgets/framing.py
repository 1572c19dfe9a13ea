"""What stands around painted lines: the border beside them, and the scrollbar.

Apart from the lines because Textual's own way to put both there makes half a dozen strips of each line that is drawn,
and a console's rendering of each move of a scrollbar: together most of what a key costs. Here a line that was framed
once stays framed, and the looks are Textual's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual._border import get_box
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.style import Style

from playbooks_tui.widgets.painted import strip_of

Edge = tuple[str, Color]
_MOST_KEPT: Final = 500


def lasting(filters: Sequence[LineFilter]) -> list[LineFilter]:
    """Of Textual's filters those that change lines in true colours, which all of ours are."""
    return [filter for filter in filters if not isinstance(filter, ANSIToTruecolor)]


class Frame:
    """Puts lines between a left and a right border.

    Args:
        left: Border type and colour; no type: there is none.
        right: The same.
        base: The ground outside.
        ground: The ground inside.
        content: Cells between the borders.
    """

    def __init__(self, left: Edge, right: Edge, base: Color, ground: Color, content: int) -> None:
        inner, outer = Style(background=base + ground), Style(background=base)
        self._left, self._right = (
            get_box(edge, inner, outer, Style(foreground=base + colour))[1][side] if edge else None
            for (edge, colour), side in ((left, 0), (right, 2))
        )
        self._blank = inner.rich_style
        self._content = content
        self._width = content + bool(self._left) + bool(self._right)
        self._kept: dict[int, tuple[Strip, Strip]] = {}
        """By the identity of a line: itself, and framed."""

    def around(self, strip: Strip) -> Strip:
        """A line, in its frame."""
        whole, key = strip, id(strip)
        known = self._kept.get(key)
        if known is not None:
            return known[1]
        missing = self._content - strip.cell_length
        if missing < 0:
            strip, missing = strip.crop(0, self._content), 0
        line = strip
        if missing or self._width > self._content:
            segments = [self._left, *strip, Segment(" " * missing, self._blank) if missing else None, self._right]
            line = strip_of([segment for segment in segments if segment is not None], self._width)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = whole, line
        return line


class Bar(ScrollBar):
    """Textual's vertical scrollbar, painted without its console."""

    _painted: list[Strip]
    _painted_for: tuple[Size, RichStyle, tuple[object, ...]] | None = None

    def render_lines(self, crop: Region) -> list[Strip]:
        size, bar, base = self.size, self.render(), self.visual_style.rich_style
        assert isinstance(bar, ScrollBarRender) and isinstance(bar.style, RichStyle)
        looks = (size, base, (bar.virtual_size, bar.window_size, bar.position, bar.style))
        if looks != self._painted_for:
            self._painted, self._painted_for = self._paint(bar, size, base), looks
        strips, filters = self._painted[crop.y : crop.bottom], lasting(self.get_line_filters())
        if filters:
            ground = self.background_colors[1]
            for filter in filters:
                strips = [strip.apply_filter(filter, ground) for strip in strips]
        return strips if crop.width == size.width else [strip.crop(crop.x, crop.right) for strip in strips]

    @staticmethod
    def _paint(bar: ScrollBarRender, size: Size, base: RichStyle) -> list[Strip]:
        assert isinstance(bar.style, RichStyle) and bar.style.bgcolor and bar.style.color
        cells = bar.render_bar(
            size=size.height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=size.width,
            back_color=bar.style.bgcolor,
            bar_color=bar.style.color,
        ).segments
        alike = {id(cell): Strip([Segment(cell.text, base + cell.style)], size.width) for cell in cells}
        return [alike[id(cell)] for cell in cells]
