"""An agent's pane: its conversation, text as it is written, and in the title what it does."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, cut, width_of
from playbooks_tui.talk import Look, Talk
from playbooks_tui.widgets.inked import Pane


class TalkPane(Pane):
    """What one agent said, heard and did."""

    @dataclass
    class Chosen(Message):
        """A line of a checkpoint was clicked."""

        index: int

    def __init__(self, record: Record, agent: str) -> None:
        super().__init__(id=f"agent-{agent}", classes="talk")
        self.agent = agent
        self._talk = Talk(record, agent)
        self._look = Look("main")

    folded = False
    """Whether there is room for one line only."""

    def fold(self, folded: bool) -> None:
        """Shows one line, or everything."""
        self.folded = folded
        self.set_class(folded, "-folded")

    def show(self, look: Look) -> None:
        """Lays out what is new, or another moment, and shows its end."""
        moved = look.here != self._look.here or look.branch != self._look.branch
        at_end = self.scroll_target_y >= self.max_scroll_y - 1
        self._look = look
        self._lay_out(follow=moved or at_end)

    def on_resize(self) -> None:
        super().on_resize()
        self._lay_out(follow=True)

    def _lay_out(self, *, follow: bool) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        self.tall(self._talk.fit(width, self._look))
        if follow:
            self.reveal(max(0, self._talk.anchor))
        self.repaint()

    def line(self, y: int) -> Line:
        return self._talk.line(y)

    def paint(self, y: int) -> Strip:
        if not self.folded:
            return super().paint(y)
        width = self.size.width
        return self.strip(folded_line(self._left, self._right, self._talk.line(self._talk.anchor), width), width)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        index = self._talk.row_at(offset.y + int(self.scroll_offset.y)) if offset is not None else None
        if index is not None:
            self.post_message(self.Chosen(index))


def folded_line(name: tuple[Span, ...], doing: tuple[Span, ...], last: Line, width: int) -> Line:
    """A pane in one line: who, the last thing said or done, and what it does now.

    Args:
        name: Whose pane.
        doing: What it does.
        last: The newest line of its conversation.
        width: Cells.
    """
    lead = [Span("  "), *name, Span("  ")]
    room = width - width_of(lead) - width_of(doing) - 4
    said = Span(cut(last.text.strip().lstrip("▸┊").strip(), room), "quiet") if room > 0 else Span("")
    gap = width - width_of((*lead, said, *doing)) - 3
    return Line((*lead, said, Span(" " * max(1, gap)), *doing))
