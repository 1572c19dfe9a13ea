"""What one agent said, heard and did, in lines that fit its pane.

Pure, and incremental: a row is wrapped once a width, a look back moves only where *later* begins, and of a long
conversation only what is around the moment is laid out. So a pane of ten thousand rows answers a key as one of ten.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from playbooks.checkpoints.record import Header
from playbooks.session.glyphs import GLYPHS
from playbooks_tui.growing import GrowingText
from playbooks_tui.record import HUMAN, Record
from playbooks_tui.sequence import QUIET, glyph_ink, told, words
from playbooks_tui.spans import Line, Span, cells_of, cut, padded, took, width_of, wrapped

_NOT_TOLD = ("start", "create", "step")
"""Kinds that say nothing of a conversation; the timeline has them."""
_TAIL = 6
_LEAST = 8
_TOLD_S = 0.1
_BEFORE: Final = 300
"""Rows before the moment that are laid out, at least; _AFTER so many after it."""
_AFTER: Final = 100
_MOST: Final = 2_000
"""Rows that stay laid out while the conversation grows."""
_MOST_COMING: Final = 3
"""Lines for messages on their way."""


class Coming(msgspec.Struct, frozen=True):
    """A message on its way: sent, not taken yet."""

    sender: str
    text: str


class Look(msgspec.Struct, frozen=True):
    """The moment a pane shows."""

    branch: str
    here: int | None = None
    """The row that is looked at; None: now."""
    coming: tuple[Coming, ...] = ()
    mark: bool = False
    """Whether `here` is a moment stood at (amber), or just the newest."""


class Talk:
    """The lines of one agent's pane.

    Of a long conversation only what is around the moment is laid out; two lines say how much more there is.
    """

    def __init__(self, record: Record, agent: str) -> None:
        self._record, self.agent = record, agent
        self._width, self._branch, self._names, self._digits = 0, "", 0, 2
        self._all: list[int] = []
        """The rows that are told, on the way to the branch's end."""
        self._seen = 0
        self._from = 0
        """How many of them stand before those that are laid out."""
        self._pieces: list[list[str]] = []
        self._starts: list[int] = []
        self._lines = 0
        self._look = Look("main")
        self._middle: list[Line] = []
        self._split = 0
        """How many that are laid out belong to the moment."""
        self._written = GrowingText()

    def fit(self, width: int, look: Look) -> int:
        """Lays everything out for a width and a moment; what was laid out before stays.

        Returns:
            How many lines there are.
        """
        record = self._record
        names = max((cells_of(record.title(agent)) for agent in record.agents), default=6) + 2
        digits = len(str(record.most)) + 1  # a mark stands before it, and touches no number
        if look.branch != self._branch:
            self._branch, self._all, self._seen = look.branch, [], 0
            self._start_over(0)
        self._take()
        moment = len(self._all) if look.here is None else bisect_right(self._all, look.here)
        shape = (width, names, digits)
        end = self._from + len(self._pieces)
        if shape != (self._width, self._names, self._digits) or not self._within(moment, end):
            self._width, self._names, self._digits = shape
            self._start_over(max(0, moment - _BEFORE))
        self._lay_out(moment + _AFTER)
        self._look = look
        self._split = min(len(self._pieces), moment - self._from)
        self._middle = self._between()
        return self._head + self._lines + len(self._middle) + self._tail

    def _within(self, moment: int, end: int) -> bool:
        """Whether what is laid out serves a moment: it is inside, and not so long that it should begin anew."""
        return (
            (not self._from or moment - self._from >= _AFTER) and moment <= end + _AFTER and end - self._from <= _MOST
        )

    def _start_over(self, place: int) -> None:
        self._from, self._pieces, self._starts, self._lines = place, [], [], 0

    @property
    def _head(self) -> int:
        return 1 if self._from else 0

    @property
    def _tail(self) -> int:
        return 1 if self._from + len(self._pieces) < len(self._all) else 0

    @property
    def anchor(self) -> int:
        """The last line that belongs to the moment: what a pane that follows must show."""
        above = len(self._middle) - (1 if self._middle and _is_rule(self._middle[-1]) else 0)
        return self._head + self._start(self._split) + above - 1

    def row_at(self, y: int) -> int | None:
        """The record's row that a line belongs to; None for lines of no checkpoint."""
        place = self._place(y - self._head)
        return None if place is None else self._all[self._from + place[0]]

    def line(self, y: int) -> Line:
        """A line, from the top."""
        y -= self._head
        if y < 0:
            return _more(self._from, "earlier", self._width)
        begin = self._start(self._split)
        if begin <= y < begin + len(self._middle):
            return self._middle[y - begin]
        place = self._place(y)
        if place is not None:
            return self._row(*place)
        if self._tail and y == self._lines + len(self._middle):
            return _more(len(self._all) - self._from - len(self._pieces), "more", self._width)
        return Line()

    # -- laying out ------------------------------------------------------------------------------------------

    def _take(self) -> None:
        """Takes up the rows that came since."""
        record, headers = self._record, self._record.headers
        if self.agent == HUMAN:
            fresh = [i for i in range(self._seen, len(headers)) if _with_person(headers[i])]
            self._seen = len(headers)
        else:
            own = record.own.get(self.agent, [])
            fresh, self._seen = own[self._seen :], len(own)
        self._all += [row for row in record.on_path(fresh, self._branch) if headers[row].kind not in _NOT_TOLD]

    def _lay_out(self, upto: int) -> None:
        record = self._record
        for row in self._all[self._from + len(self._pieces) : upto]:
            header = record.headers[row]
            self._starts.append(self._lines)
            room = self._width - self._indent(header) - _TAIL
            text = told(record, row)
            if not text or header.kind in ("end", "return"):
                text = words(header, text)
            pieces = wrapped(text, max(_LEAST, room))
            self._pieces.append(pieces)
            self._lines += len(pieces)

    def _start(self, place: int) -> int:
        return self._starts[place] if place < len(self._starts) else self._lines

    def _place(self, y: int) -> tuple[int, int] | None:
        """Which row that is laid out a line is of, and which of its lines."""
        begin = self._start(self._split)
        if y >= begin:
            y -= len(self._middle)
            if y < begin:
                return None
        place = bisect_right(self._starts, y) - 1
        if place < 0 or y >= self._lines:
            return None
        return place, y - self._starts[place]

    def _indent(self, header: Header) -> int:
        side = self._speaker(header)
        return 4 + self._digits + (max(self._names, cells_of(self._record.title(side)) + 1) if side else 0)

    # -- lines -----------------------------------------------------------------------------------------------

    def _row(self, place: int, part: int) -> Line:
        """One line of a row: the words hang under the words, never under the names."""
        record, look, index = self._record, self._look, self._all[self._from + place]
        header, piece = record.headers[index], self._pieces[place][part]
        here = look.mark and index == look.here
        later = look.here is not None and index > look.here
        edge = Span("┊" if later else "▸" if here and not part else " ", "here" if here else "quiet", bold=here)
        ink = "bad" if header.kind == "error" else "quiet" if header.kind in QUIET and not here else "plain"
        ground = "here" if here else ""
        text = Span(piece, ink, bold=here or header.kind == "end", later=later)
        indent = self._indent(header)
        if part:
            return Line((edge, Span(" " * (indent - 1)), text), ground)
        side = self._speaker(header)
        number = Span(f"{header.number:>{self._digits}} ", "quiet", later=later)
        heard = self.agent == HUMAN and header.agent != HUMAN  # what was said to the person came to them
        glyph = Span(GLYPHS["heard" if heard else header.kind] + " ", _glyph_ink(record, header), True, later)
        spans = [edge, number, glyph]
        if side:
            name = record.title(side)
            spans.append(Span(padded(name, self._names - 1) + " ", record.hue(side), later=later))
        spans.append(text)
        tail = "here" if here else took(header.took) if header.took >= _TOLD_S else ""
        if tail:
            gap = self._width - width_of(spans) - len(tail) - 1  # nor does a scrollbar touch it
            tint = Span(tail, "here" if here else "quiet", bold=here, later=later)
            spans += [Span(" " * max(1, gap)), tint]
        return Line(tuple(spans), ground)

    def _speaker(self, header: Header) -> str:
        """Whose name stands in a row: the other side; in the person's own pane, whoever spoke."""
        if header.kind not in ("say", "heard") or not header.peer:
            return ""
        return header.agent if self.agent == HUMAN and header.agent != HUMAN else header.peer

    def _between(self) -> list[Line]:
        """What stands at the moment itself: what comes, what is being written, and where later begins."""
        record, lines = self._record, []
        writing = record.writing.get(self.agent) if self._look.here is None or not self._look.mark else None
        if self._from + self._split == 0 and writing is None:
            words = "nothing was said" if record.over and self._look.here is None else "nothing said yet"
            lines.append(Line((Span(" " * (4 + self._digits)), Span(words, "quiet"))))
        lines += self._on_their_way()
        if writing is not None:
            lines += self._writing(writing.target, writing.text)
        if self._from + self._split < len(self._all):
            name = self._look.branch
            rule = f" ┄┄┄ later on {name} "
            lines.append(Line((Span(f"{rule:┄<{max(len(rule), self._width - 1)}}", "quiet"),)))
        return lines

    def _on_their_way(self) -> list[Line]:
        """What is heard next first; who never listens must not lose sight of what was said."""
        coming = self._look.coming
        shown = coming if len(coming) <= _MOST_COMING else coming[: _MOST_COMING - 1]
        lines = [self._coming(one) for one in shown]
        if more := len(coming) - len(shown):
            lead = " " * (1 + self._digits + 1)
            lines.append(Line((Span(lead), Span("» ", bold=True), Span(f"{more:,} more on their way", "quiet"))))
        return lines

    def _coming(self, coming: Coming) -> Line:
        name = self._record.title(coming.sender)
        lead = (
            Span(" " * (1 + self._digits + 1)),
            Span("» ", self._record.hue(coming.sender), bold=True),
            Span(padded(name, self._names - 1) + " ", self._record.hue(coming.sender)),
            Span("on its way: ", "quiet"),
        )
        room = self._width - width_of(lead) - 1
        text = wrapped(coming.text, 10_000)[0]
        return Line((*lead, Span(cut(text, max(4, room)), "quiet")))

    def _writing(self, target: str, text: str) -> list[Line]:
        agent = HUMAN if target.lower() in ("user", "human") else target.removeprefix("agent ")
        named = next((id for id, view in self._record.agents.items() if view.class_name == agent), agent)
        lead: Sequence[Span] = (
            Span(" " * (2 + self._digits)),
            Span("→ ", self._record.hue(self.agent), bold=True),
            Span(padded(self._record.title(named), self._names - 1) + " ", self._record.hue(named)),
        )
        indent = width_of(lead)
        pieces = self._written.lines(text, max(_LEAST, self._width - indent - _TAIL))
        cursor = Span("▌", "good")
        lines = []
        for place, piece in enumerate(pieces):
            begin = lead if not place else (Span(" " * indent),)
            end = (cursor,) if place == len(pieces) - 1 else ()
            lines.append(Line((*begin, Span(piece, bold=True), *end)))
        return lines


def _more(count: int, what: str, width: int) -> Line:
    rule = f" ┄┄┄ {count:,} {what} "
    return Line((Span(f"{rule:┄<{max(len(rule), width - 1)}}", "quiet"),))


def _is_rule(line: Line) -> bool:
    return line.text.startswith(" ┄┄┄")


def _with_person(header: Header) -> bool:
    return header.kind == "say" and HUMAN in (header.agent, header.peer)


def _glyph_ink(record: Record, header: Header) -> str:
    """As in the timeline; what is heard is in the hue of who said it, so a pane reads as a conversation."""
    return record.hue(header.peer) if header.kind == "heard" and header.peer else glyph_ink(record, header)
