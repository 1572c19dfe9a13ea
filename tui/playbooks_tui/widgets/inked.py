"""The base of all that is drawn by the line: a scroll view that paints lines of spans with the theme's colours.

Apart because a widget or tree node a row is what makes lists of a hundred thousand slow; here only what is visible is
drawn.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.theme import Theme

from playbooks_tui.inks import THEMES_OWN, later_share
from playbooks_tui.spans import Line, Span
from playbooks_tui.widgets.framing import Bar, Frame, lasting
from playbooks_tui.widgets.painted import strip_of

_BLANK: Final = Span("")
_MOST_OF: Final = 0.7
"""From this share of changed lines on, the whole is painted."""
_MOST_KEPT: Final = 500
"""Lines that a widget keeps as they were painted."""
_BADGES = {"badge-good": "good", "badge-here": "here-badge", "badge-bad": "bad", "badge-plain": "plain"}


class Inked(ScrollView):
    """Paints lines; subclasses say which."""

    DEFAULT_CSS = """
    Inked {
        background: $background;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-color: $hair;
        scrollbar-color-hover: $quiet;
        scrollbar-color-active: $quiet;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._made: dict[tuple[object, ...], Style] = {}
        self._strips: dict[tuple[Line, int], Strip] = {}
        self._painted: list[Strip] = []
        """The lines that are seen, as they were painted last."""
        self._painted_at: tuple[int, ...] = ()
        self._top = self._width = 0
        """The first line that is seen, and the cells of a line; as they were when painting began."""
        self._good = False
        """Whether they are painted for where they are asked for now."""
        self._framed: Frame | None = None
        self._framed_for: Size | None = None
        self._edges: dict[int, tuple[Content | None, Strip]] = {}
        self._terminals_own = False
        """Some ink is a colour that the terminal chooses."""

    def on_mount(self) -> None:
        # Not by `watch`: the app would keep each widget, and what it shows, until its theme changes.
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def on_unmount(self) -> None:
        self.app.theme_changed_signal.unsubscribe(self)

    def _theme_changed(self, _theme: Theme) -> None:
        self.forget()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.forget()

    def forget(self) -> None:
        """Forgets what was painted: colours are others now."""
        self._made.clear()
        self._strips.clear()
        self._painted_at = ()
        self._framed_for, self._terminals_own = None, False
        if isinstance(self._vertical_scrollbar, Bar):
            self._vertical_scrollbar.forget()

    def ink(self, span: Span, ground: str = "") -> Style:
        """The style of a span on a ground."""
        key = (span.ink, span.bold, span.later, span.under, ground, span.act)
        style = self._made.get(key)
        if style is None:
            style = self._made[key] = self._made_style(span, ground)
            inks = [ink for ink in (style.color, style.bgcolor) if ink is not None]
            self._terminals_own |= any(ink.triplet is None for ink in inks)
        return style

    def _made_style(self, span: Span, ground: str) -> Style:
        meta = {"@click": span.act} if span.act else None
        if span.ink in _BADGES:
            behind = self._colour(_BADGES[span.ink])
            front = self._colour("here-ink") if span.ink == "badge-here" else self.background_colors[1]
            return Style(color=front.rich_color, bgcolor=behind.rich_color, bold=span.bold, meta=meta)
        behind = self._colour(f"{ground}-ground") if ground else self.background_colors[1]
        colour = self._colour(span.ink)
        if span.later:
            colour = behind.blend(colour, later_share(span.ink, dark=self.app.current_theme.dark))
        return Style(
            color=colour.rich_color, bgcolor=behind.rich_color, bold=span.bold, underline=span.under, meta=meta
        )

    def _colour(self, name: str) -> Color:
        """A colour by what it means, as the theme has it.

        From the theme itself: a component class a colour would have twenty styles resolved for each widget.
        """
        return Color.parse(self.app.theme_variables[THEMES_OWN.get(name, name)])

    def strip(self, line: Line, width: int) -> Strip:
        """A line as it is painted, filled to the width.

        A line that was painted lately is the very same strip: text that scrolls is neither made, framed, cut nor coded
        again in its new place.
        """
        strip = self._strips.get((line, width))
        if strip is None:
            if len(self._strips) >= _MOST_KEPT:
                self._strips.clear()
            strip = self._strips[line, width] = self._stripped(line, width)
        return strip

    def _stripped(self, line: Line, width: int) -> Strip:
        """Spans that look alike are one segment: what a terminal screen costs is its segments, not its letters."""
        ground = line.ground
        blank = self.ink(_BLANK, ground)
        segments: list[Segment] = []
        text, style, cells = "", blank, 0
        for span in line.spans:
            piece = span.text
            if not piece:
                continue
            own = blank if piece.isspace() and not span.act else self.ink(span, ground)
            cells += len(piece) if piece.isascii() else cell_len(piece)
            if own is style:
                text += piece
                continue
            if text:
                segments.append(Segment(text, style))
            text, style = piece, own
        if cells < width:
            if style is blank:
                text += " " * (width - cells)
            else:
                segments.append(Segment(text, style))
                text, style = " " * (width - cells), blank
        if text:
            segments.append(Segment(text, style))
        return strip_of(segments, width) if cells <= width else strip_of(segments, cells).crop(0, width)

    def line(self, y: int) -> Line:
        """The line at `y` of the whole, from 0."""
        raise NotImplementedError

    def paint(self, y: int) -> Strip:
        """The line that is seen at `y`, from the top of the widget."""
        return self.strip(self.line(y + self._top), self._width)

    def _place(self) -> tuple[int, ...]:
        """Where the lines that are seen stand: painted for another place, they are of no use."""
        region = self.scrollable_content_region
        self._top, self._width = int(self.scroll_offset.y), region.width
        return (self._top, region.width, region.height)

    def render_line(self, y: int) -> Strip:
        return self._painted[y] if self._good and y < len(self._painted) else self.paint(y)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._good = self._painted_at == self._place()
        frame = self._frame()
        if frame is None:
            return super().render_lines(crop)
        (width, height), gutter = self.outer_size, self.gutter
        above, below = gutter.top, height - gutter.bottom
        strips = [
            frame.around(self.render_line(y - above)) if above <= y < below else self._edge(y, width)
            for y in crop.line_range
        ]
        return strips if crop.column_span == (0, width) else [strip.crop(crop.x, crop.right) for strip in strips]

    def _frame(self) -> Frame | None:
        """What stands beside the lines; None: something is to be done to them that only Textual does."""
        if self._terminals_own or self.hover_style._link_id or lasting(self.get_line_filters()):
            return None
        if self._framed_for != (size := self.outer_size):
            styles, (base, ground) = self.styles, self.background_colors
            content = size.width - styles.gutter.width
            plain = not styles.padding and self.opacity == 1
            self._framed = Frame(styles.border_left, styles.border_right, base, ground, content) if plain else None
            self._framed_for = size
            self._edges.clear()
        return self._framed

    def _edge(self, y: int, width: int) -> Strip:
        """The border above or below the lines, with its title: Textual's, drawn when it changed."""
        title = self._border_title
        known = self._edges.get(y)
        if known is None or known[0] is not title:
            known = self._edges[y] = title, super().render_lines(Region(0, y, width, 1))[0]
        return known[1]

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The vertical scrollbar, made when it is asked for first."""
        if self._vertical_scrollbar is None:
            bar = self._vertical_scrollbar = Bar("vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    def repaint(self) -> None:
        """Paints the lines that look otherwise than before, and only those.

        Textual's share of a line, its borders, cuts and codes, is most of what a line costs.
        """
        place = self._place()
        if not self.display or not place[1] or not place[2]:
            self._painted_at = ()
            return
        fresh = [self.paint(y) for y in range(place[2])]
        before, self._painted, painted_at = self._painted, fresh, self._painted_at
        self._painted_at = place
        if place[1:] != painted_at[1:]:
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, fresh, strict=True)) if old is not new and old != new]
        if len(changed) > len(fresh) * _MOST_OF:
            self.refresh(self._across(0, place[2]))
        elif changed:
            self.refresh(*(self._across(y, 1) for y in changed))

    def _across(self, y: int, count: int) -> Region:
        """Lines, from border to border, the bar included.

        A part of what was framed would be cut out and coded anew, and a bar that has itself painted costs as much as
        all the lines beside it.
        """
        left = self.styles.gutter.left
        return Region(-left, y, left + self.container_size.width, count)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        # As Textual does, but that what frames the lines stays as it is.
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        self.refresh(self._across(0, self.container_size.height))

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        # What was scrolled before there was a bar, Textual does not tell it.
        if shown:
            self.vertical_scrollbar.position = self.scroll_y

    def _scroll_update(self, virtual_size: Size) -> None:
        # As Textual does, but for the bar; and where it is to scroll to is brought within what a larger size leaves.
        self._refresh_scrollbars()
        if self.show_vertical_scrollbar:
            (width, height), thick = self.container_size, self.scrollbar_size_vertical
            self.vertical_scrollbar.window_virtual_size = virtual_size.height
            self.vertical_scrollbar.window_size = height
            self.refresh(Region(width - thick, 0, thick, height))
        self.scroll_y = self.validate_scroll_y(self.scroll_y)
        self.scroll_target_y = min(self.scroll_target_y, self.max_scroll_y)

    def tall(self, lines: int) -> None:
        """Says how many lines there are.

        Past the attribute, which would have the whole screen laid out at each line that an agent writes: only a bar
        that comes or goes moves anything, and it asks for that itself.
        """
        if self.virtual_size.height != lines:
            size = Size(0, lines)
            self.set_reactive(Inked.virtual_size, size)
            self._scroll_update(size)

    def reveal(self, first: int, last: int | None = None, *, fixed: int = 0) -> None:
        """Scrolls as little as shows a line, or the last ones of a range.

        Args:
            first: The first line that should be seen.
            last: The last, which matters more.
            fixed: Lines at the top that do not scroll.
        """
        last = first if last is None else last
        height = self.scrollable_content_region.height - fixed
        if height <= 0:
            return
        top = int(self.scroll_target_y)
        wanted = top
        if last >= top + height:
            wanted = last - height + 1
        elif first < top:
            wanted = first
        if wanted != top:
            self.scroll_to(y=max(0, wanted), animate=False, immediate=True, force=True)


class Pane(Inked):
    """A bordered view whose title has a left and a right half (an edge has one title: the gap is ruled here)."""

    can_focus = True
    DEFAULT_CSS = """
    Pane {
        scrollbar-gutter: stable;
        border: round $hair;
        border-title-color: $hair;
        border-title-style: none;
    }
    Pane:focus { border: round $foreground; border-title-color: $foreground; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._left: tuple[Span, ...] = ()
        self._right: tuple[Span, ...] = ()

    def name_pane(self, left: tuple[Span, ...], right: tuple[Span, ...] = ()) -> None:
        """Sets both halves of the title; the right one gives way first, the name never does."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self._rule()

    def on_resize(self) -> None:
        self._rule()

    def _rule(self) -> None:
        left, right = self._content(self._left), self._content(self._right)
        gap = self.outer_size.width - 8 - left.cell_length - right.cell_length
        if not right.cell_length:
            title = left
        elif gap >= 1:
            title = Content.assemble(left, " " + "─" * gap + " ", right)
        else:
            room = self.outer_size.width - 9 - left.cell_length
            title = Content.assemble(left, " ─ ", right.truncate(room, ellipsis=True)) if room > 5 else left
        self.border_title = title

    @staticmethod
    def _content(spans: tuple[Span, ...]) -> Content:
        parts = []
        for span in spans:
            colour = "$foreground" if span.ink == "plain" else f"${span.ink}"
            style = f"{'bold ' if span.bold else ''}{colour}{' on $hair' if span.raised else ''}"
            if span.act:
                style += f" @click={span.act}"
            parts.append((span.text, style))
        return Content.assemble(*parts)
