"""The branches as bars: hue is the agent, height the time a checkpoint took; a fork hangs under its place.

Pure: where each bar stands and how high it is, from the record. When there are more checkpoints than cells, a bar is
the longest of several, always twice as many as before, so that a growing run is laid out anew only a few times.
"""

from __future__ import annotations

from bisect import bisect_right
from math import sqrt
from typing import Final

import msgspec

from playbooks_tui.ending import ending_of
from playbooks_tui.record import Record
from playbooks_tui.rows import Past
from playbooks_tui.sequence import drawn_branches
from playbooks_tui.spans import Line, Span, cells_of, cut, padded, width_of

MOST: Final = 3
"""Branches that have a row."""
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_FULL_S: Final = 0.05
"""A run whose longest checkpoint took less than this is drawn low."""
_WIDEST: Final = 4
_MOST_NAME: Final = 12
_ENDING: Final = 26
_NOTE: Final = "height: time taken "
SIGNS: Final = {"finished": "■", "failed": "!", "interrupted": "=", "running": "●"}
"""How a branch stands."""


class Bar(msgspec.Struct, frozen=True):
    """One bar: a checkpoint, or the longest of several."""

    row: int
    last: int
    """The last of the several."""
    took: float


class Track(msgspec.Struct, frozen=True):
    """A branch's bars."""

    name: str
    start: int
    """The place of its first bar."""
    bars: list[Bar]


class Bars:
    """Lays the bars of a record out, and keeps what stays as it was.

    Args:
        record: Of the session.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._grain = 1
        self._bars: dict[str, list[Bar]] = {}
        self._seen: dict[str, int] = {}
        self.tracks: list[Track] = []
        self.cell = 1
        self.left = 0
        self._longest = 0.0

    def lay_out(self, width: int, past: Past) -> int:
        """Makes the tracks.

        Args:
            width: Cells in all.
            past: Of the moment; its branch is always drawn, and those that are compared.

        Returns:
            How many there are.
        """
        record = self._record
        names = drawn_branches(record, past.branch, MOST, past.others)
        self.left = 2 + max(4, *(min(cells_of(name), _MOST_NAME) for name in names)) + 1 if names else 7
        starts = {name: self._start(name) for name in names}
        longest = max((starts[name] + len(record.branches[name].shown) for name in names), default=0)
        room = max(8, width - self.left - _ENDING - 2)
        grain = 1
        while longest > room * grain:
            grain *= 2
        if grain != self._grain:
            self._grain, self._bars, self._seen = grain, {}, {}
        self.cell = max(1, min(_WIDEST, room // max(1, longest))) if grain == 1 else 1
        self.tracks = [Track(name, starts[name] // grain, self._taken(name, starts[name])) for name in names]
        return len(self.tracks)

    def _start(self, name: str) -> int:
        """How many rows that are shown come before a branch's own."""
        record, count = self._record, 0
        fork = record.branches[name].fork
        while fork is not None:
            parent = record.branches[record.headers[fork].branch]
            count += bisect_right(parent.shown, fork)
            fork = parent.fork
        return count

    def _taken(self, name: str, start: int) -> list[Bar]:
        record, grain = self._record, self._grain
        rows = record.branches[name].shown
        bars = self._bars.setdefault(name, [])
        headers, longest = record.headers, self._longest
        open_bar = bars.pop() if bars and (start + self._seen.get(name, 0)) % grain else None
        row, last, took = (open_bar.row, open_bar.last, open_bar.took) if open_bar else (-1, -1, -1.0)
        for place in range(self._seen.get(name, 0), len(rows)):
            last = rows[place]
            own = headers[last].took
            if own > took:
                row, took = last, own
            if (start + place + 1) % grain == 0:
                bars.append(Bar(row, last, took))
                longest, row, took = max(longest, took), -1, -1.0
        if row >= 0:
            bars.append(Bar(row, last, took))
        self._longest = max(longest, took)
        self._seen[name] = len(rows)
        return bars

    # -- drawing ---------------------------------------------------------------------------------------------

    def line(self, y: int, width: int, past: Past, here: int | None) -> Line:
        """A branch's row.

        Args:
            y: Which.
            width: Cells.
            past: Of the moment; other bars are dim.
            here: The moment that is marked; None: none.
        """
        record, track, cell = self._record, self.tracks[y], self.cell
        branch = record.branches[track.name]
        spans = [Span(" " + padded(cut(track.name, self.left - 2), self.left - 1), "quiet")]
        if branch.fork is not None:
            lead = max(0, track.start * cell - 1)
            spans[0] = Span(spans[0].text[:-1], "quiet") if not lead else spans[0]
            spans.append(Span(" " * max(0, lead - 1) + "╰"[: 1 if lead else 0] + "─" * (track.start > 0), "quiet"))
        at = self.bar_of(track, here)
        for place, bar in enumerate(track.bars):
            header = record.headers[bar.row]
            ends = place == len(track.bars) - 1 and branch.ended
            later = not past.holds(bar.row, track.name)
            ink = "here" if place == at else "plain" if ends else record.hue(header.agent)
            if place == at and spans[-1].text.endswith((" ", "─")):
                spans[-1] = Span(spans[-1].text[:-1], spans[-1].ink, later=spans[-1].later)
                spans.append(Span("▸", "here", bold=True))
            level = "■ " if ends else f"{self._level(bar.took) * max(1, cell - 1):<{cell}}"
            spans.append(Span(level, ink, later=later))
        spans.append(Span(self._end(track, ended=branch.ended), "quiet"))
        rest = width - width_of(spans) - len(_NOTE)
        if y == 0 and rest > 0:
            spans.append(Span(" " * rest + _NOTE, "quiet"))
        return Line(tuple(spans))

    def _end(self, track: Track, *, ended: bool) -> str:
        status = self._record.branches[track.name].status
        words = cut(ending_of(self._record, track.name), _ENDING - 2)
        return words if ended else f" {SIGNS.get(status, '')} {status}" if status != "running" else ""

    def _level(self, took: float) -> str:
        share = sqrt(took / max(self._longest, _FULL_S))
        return _LEVELS[min(len(_LEVELS) - 1, int(share * (len(_LEVELS) - 1) + 0.5))]

    def bar_of(self, track: Track, row: int | None) -> int | None:
        """The place of a row's bar in a track; None when it is of another branch."""
        if row is None or self._record.headers[row].branch != track.name or not track.bars:
            return None
        lasts = [bar.last for bar in track.bars] if self._grain > 1 else self._record.branches[track.name].shown
        return min(bisect_right(lasts, row - 1), len(track.bars) - 1)

    def row_at(self, x: int, y: int) -> int | None:
        """The checkpoint under a cell; None where there is none."""
        if y >= len(self.tracks):
            return None
        track = self.tracks[y]
        place = (x - self.left) // self.cell - track.start
        return track.bars[place].row if 0 <= place < len(track.bars) else None
