"""The branches of a session: how each ended, and what it came to; a click goes to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message
from textual.strip import Strip

from playbooks_tui.bars_plan import SIGNS
from playbooks_tui.ending import ending_of
from playbooks_tui.record import Branch, Record
from playbooks_tui.rows import Past
from playbooks_tui.situation import Standing, moment
from playbooks_tui.spans import Line, Span, cells_of, cut, money, padded, width_of
from playbooks_tui.widgets.inked import Inked

_HEAD: Final = 1
_MOST: Final = 6
"""Branches that are seen at once; more scroll."""
_COLUMNS: Final = ("checkpoints", "calls", "cost")
_MOST_NAME: Final = 16
_STANDS: Final = {"waiting": "? waits for you", "paused": "|| paused", "pausing": "|| pausing"}
"""What a branch that runs does, when it is not to run."""


class Branches(Inked):
    """A row a branch."""

    can_focus = False
    DEFAULT_CSS = """
    Branches { height: 3; padding: 0 1; margin: 0; }
    Branches.-single { display: none; }
    """

    @dataclass
    class Chosen(Message):
        """A branch was clicked."""

        name: str

    def __init__(self, record: Record) -> None:
        super().__init__(id="branches")
        self._record, self._standing = record, Standing()
        self._branch = ""

    def show(self, standing: Standing) -> None:
        """Draws the branches as they are now; there is nothing to tell of a single one."""
        record = self._record
        count = len(record.branches)
        self.set_class(count <= 1, "-single")  # not `display`: a low screen hides it whatever it holds
        self._standing = standing
        if count <= 1:
            return
        branch = Past(record, standing.here).branch
        height = _HEAD + min(count, _MOST)
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
        self.tall(count + _HEAD)
        if branch != self._branch:
            self._branch = branch
            self.reveal(list(record.branches).index(branch) if branch in record.branches else 0, fixed=_HEAD)
        self.repaint()

    def paint(self, y: int) -> Strip:
        width = self._width
        if y < _HEAD:
            return self.strip(head(width), width)
        return super().paint(y)

    def line(self, y: int) -> Line:
        names, place = list(self._record.branches), y - _HEAD
        if place >= len(names):
            return Line()
        on = names[place] == self._branch
        amber = on and moment(self._record, self._standing) is not None
        names_width = min(_MOST_NAME, max(cells_of(name) for name in names))
        branch = self._record.branches[names[place]]
        width = self.scrollable_content_region.width
        return branch_line(self._record, branch, width, names_width, on=on, amber=amber)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < _HEAD:
            return
        place, names = offset.y - _HEAD + int(self.scroll_offset.y), list(self._record.branches)
        if place < len(names):
            self.post_message(self.Chosen(names[place]))


def head(width: int) -> Line:
    """The names of the columns."""
    left, right = Span(" Branches", bold=True), Span("   ".join(f"{name:>5}" for name in _COLUMNS) + " ", "quiet")
    return Line((left, Span(" " * max(1, width - width_of((left, right)))), right))


def branch_line(record: Record, branch: Branch, width: int, names: int, *, on: bool, amber: bool) -> Line:
    """A branch: its name, how it ended, and three numbers; the ending gives way first.

    Args:
        record: Of the session.
        branch: Which.
        width: Cells.
        names: Cells for its name.
        on: Whether it is the one that is stood on.
        amber: Whether a moment is stood at.
    """
    tally = branch.tally
    numbers = (
        f"{len(branch.rows):>11}",
        f"{tally.calls if tally else '?':>5}",
        f"{money(tally.cost if tally else None):>6}",
    )
    right = Span("  ".join((numbers[0], " " + numbers[1], numbers[2])) + " ")
    mark = Span("▸ " if on else "  ", "here" if amber else "plain", bold=True)
    lead = (Span(" "), mark, Span(padded(cut(branch.name, names), names), bold=on), Span("  "))
    room = width - width_of((*lead, right)) - 3
    ending = cut(_state_of(record, branch), max(0, room)) if room > 2 else ""
    gap = width - width_of((*lead, right)) - width_of((Span(ending),))
    return Line((*lead, Span(ending), Span(" " * max(1, gap)), right))


def _state_of(record: Record, branch: Branch) -> str:
    if branch.ended:
        return f"{SIGNS['finished']} {ending_of(record, branch.name)}".strip()
    if branch.status == "running" and branch.name == record.branch and record.status in _STANDS:
        return _STANDS[record.status]
    return f"{SIGNS.get(branch.status, '')} {branch.status}".strip()
