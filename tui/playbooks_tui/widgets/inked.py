"""The base of all that is drawn by the line: a scroll view that paints lines of spans with the theme's colours.

Apart because a widget or tree node a row is what makes lists of a hundred thousand slow; here only what is visible is
drawn.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from playbooks_tui.inks import CSS, DARK, later_share
from playbooks_tui.spans import Line, Span

_BADGES = {"badge-good": "good", "badge-here": "here-badge", "badge-bad": "bad", "badge-plain": "plain"}


class Inked(ScrollView):
    """Paints lines; subclasses say which."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*DARK, "plain", "chosen"}
    DEFAULT_CSS = (
        """
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
    Inked > .plain { color: $foreground; }
    Inked > .chosen { color: $panel; }
    """
        + CSS
    )

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._theme_changed, init=False)

    def _theme_changed(self) -> None:
        self._styles_made.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_made.clear()

    @property
    def _styles_made(self) -> dict[tuple[object, ...], Style]:
        made: dict[tuple[object, ...], Style] | None = self.__dict__.get("_made")
        if made is None:
            made = self.__dict__["_made"] = {}
        return made

    def ink(self, span: Span, ground: str = "") -> Style:
        """The style of a span on a ground."""
        key = (span.ink, span.bold, span.later, span.under, ground, span.act)
        style = self._styles_made.get(key)
        if style is None:
            style = self._styles_made[key] = self._made_style(span, ground)
        return style

    def _made_style(self, span: Span, ground: str) -> Style:
        meta = {"@click": span.act} if span.act else None
        if span.ink in _BADGES:
            behind = self.get_component_styles(_BADGES[span.ink]).color
            on_amber = span.ink == "badge-here"
            front = self.get_component_styles("here-ink").color if on_amber else self.background_colors[1]
            return Style(color=front.rich_color, bgcolor=behind.rich_color, bold=span.bold, meta=meta)
        behind = self.background_colors[1]
        if ground:
            behind = self.get_component_styles("here-ground" if ground == "here" else ground).color
        color: Color = self.get_component_styles(span.ink).color
        if span.later:
            color = behind.blend(color, later_share(span.ink, dark=self.app.current_theme.dark))
        return Style(color=color.rich_color, bgcolor=behind.rich_color, bold=span.bold, underline=span.under, meta=meta)

    def strip(self, line: Line, width: int) -> Strip:
        """A line as it is painted, filled to the width."""
        segments = [Segment(span.text, self.ink(span, line.ground)) for span in line.spans if span.text]
        return Strip(segments).adjust_cell_length(width, self.ink(Span(""), line.ground)).crop(0, width)

    def line(self, y: int) -> Line:
        """The line at `y` of the whole, from 0."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        return self.strip(self.line(y + self.scroll_offset.y), self.scrollable_content_region.width)

    def tall(self, lines: int, changed: int = 0) -> None:
        """Says how many lines there are, and paints what changed.

        Args:
            lines: In all.
            changed: The first line that is not as it was.
        """
        top, area = int(self.scroll_offset.y), self.scrollable_content_region
        if self.virtual_size.height != lines:
            self.virtual_size = Size(0, lines)
            self.refresh()
        elif changed <= top:
            self.refresh()
        elif changed - top < area.height:
            self.refresh(Region(0, changed - top, area.width, area.height - (changed - top)))

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
