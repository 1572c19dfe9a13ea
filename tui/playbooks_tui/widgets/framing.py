"""What stands around painted lines: the border beside them, and the scrollbar.

Apart from the lines because Textual's own way to put both there makes half a dozen strips of each line that is drawn,
and a console's rendering of each move of a scrollbar: together most of what a key costs. Here a line that was framed
once stays framed, and the looks are Textual's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual._border import get_box
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.reactive import Reactive
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.style import Style

from playbooks_tui.widgets.painted import strip_of

Edge = tuple[str, Color]
_MOST_KEPT: Final = 500
_LOWER: Final = "▁▂▃▄▅▆▇"
"""The lower eighths of a cell, by how much of it is filled."""
_EIGHTHS: Final = len(_LOWER) + 1


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


def thumb(height: int, lines: float, seen: float, first: float) -> tuple[int, int]:
    """Where a scrollbar's thumb begins and ends, in eighths of a cell from the top; (0, 0): there is none.

    Args:
        height: Cells of the bar.
        lines: How many there are.
        seen: How many of them are seen.
        first: The first that is seen.
    """
    if not height or not 0 < seen < lines or height == lines:
        return 0, 0
    size = max(1, seen / (lines / height))  # divided as Textual does: what is rounded is rounded alike
    start = int((height - size) * (first / (lines - seen)) * _EIGHTHS)
    return max(0, start), max(0, start + ceil(size * _EIGHTHS))


class Bar(ScrollBar):
    """Textual's vertical scrollbar, painted without its console, when its widget says so.

    A bar has few different cells: each is made once, so that all there is to find out is where the thumb stands.
    """

    window_virtual_size: Reactive[int] = Reactive(100, repaint=False)
    window_size: Reactive[int] = Reactive(0, repaint=False)
    position: Reactive[float] = Reactive(0, repaint=False)

    def __init__(self, name: str | None = None, *, thickness: int = 1) -> None:
        super().__init__(name=name, thickness=thickness)
        self._cells: dict[tuple[str, bool, str, int, bool, bool], Strip] = {}
        self._painted: list[Strip] = []
        self._painted_for: tuple[object, ...] = ()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.forget()

    def forget(self) -> None:
        """Forgets what was painted: colours are others now."""
        self._cells.clear()
        self._painted_for = ()

    def render_lines(self, crop: Region) -> list[Strip]:
        (width, height), state = self.outer_size, (self.grabbed is not None, self.mouse_over)
        place = thumb(height, self.window_virtual_size, self.window_size, self.position)
        if self._painted_for != (looks := (width, height, place, state)):
            self._painted = [self._strip((*_cell(y * _EIGHTHS, *place), width, *state)) for y in range(height)]
            self._painted_for = looks
        strips, filters = self._painted[crop.y : crop.bottom], lasting(self.get_line_filters())
        if filters:
            ground = self.background_colors[1]
            for filter in filters:
                strips = [strip.apply_filter(filter, ground) for strip in strips]
        return strips if crop.width == width else [strip.crop(crop.x, crop.right) for strip in strips]

    def _strip(self, key: tuple[str, bool, str, int, bool, bool]) -> Strip:
        """A cell as it is painted: its glyph, whether reversed, what a press does, its width; grabbed, hovered over."""
        strip = self._cells.get(key)
        if strip is None:
            glyph, reverse, act, width, _, _ = key
            bar = self.render()
            assert isinstance(bar, ScrollBarRender) and isinstance(bar.style, RichStyle)
            style = RichStyle(
                color=bar.style.color if act == "grab" else None,
                bgcolor=None if reverse and glyph == " " else bar.style.bgcolor,
                reverse=reverse or None,
                meta={"@mouse.down": act} if act else None,
            )
            segments = [Segment(glyph * width, self.visual_style.rich_style + style)]
            strip = self._cells[key] = strip_of(segments, width)
        return strip


def _cell(top: int, start: int, end: int) -> tuple[str, bool, str]:
    """A cell of a scrollbar whose thumb goes from `start` to `end`: its glyph, whether reversed, what a press does."""
    if not end:
        return " ", False, ""
    if top + _EIGHTHS <= start:
        return " ", False, "scroll_up"
    if top >= end:
        return " ", False, "scroll_down"
    if top < start:  # from below: as many eighths are left as lie between
        return _LOWER[top - start], False, "grab"
    return _LOWER[top - end] if top + _EIGHTHS > end else " ", True, "grab"
