"""Which rows the timeline shows, and which of them belong to the past of a moment.

Apart from the record, which has them all: a filter takes rows out of sight, never out of the record. Both answers cost
a lookup, whatever the number of rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from playbooks.checkpoints.record import Header
from playbooks_tui.record import FOLDED, Record

_NO_ONE: Final[frozenset[str]] = frozenset()


class Filter(msgspec.Struct, frozen=True):
    """What the timeline leaves out."""

    agents: frozenset[str] = _NO_ONE
    kinds: frozenset[str] = FOLDED
    same: bool = False
    """Comparing: also what is the same on both sides."""

    def passes(self, header: Header) -> bool:
        """Whether a row is shown."""
        return header.kind not in self.kinds and header.agent not in self.agents

    @property
    def usual(self) -> bool:
        """Whether only the folded steps are left out."""
        return self.kinds == FOLDED and not self.agents


class Rows:
    """The rows that are shown, as places from 0; with the one stood at, which is always seen.

    Args:
        record: Whose rows.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._filter = Filter()
        self._kept: list[int] = []
        self._seen = 0
        self._extra: int | None = None

    def take(self, filter: Filter, here: int | None) -> None:
        """Takes up what the record has got since.

        Args:
            filter: What is left out.
            here: The row stood at; None: none.
        """
        if filter != self._filter:
            self._filter, self._kept, self._seen = filter, [], 0
        if not filter.usual:
            headers = self._record.headers
            self._kept += [row for row in range(self._seen, len(headers)) if filter.passes(headers[row])]
            self._seen = len(headers)
        self._extra = None
        if here is not None and not self.holds(here):
            self._extra = here

    @property
    def _rows(self) -> list[int]:
        return self._record.shown if self._filter.usual else self._kept

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._rows) + (self._extra is not None)

    def holds(self, row: int) -> bool:
        """Whether the filter lets a row through."""
        place = bisect_right(self._rows, row) - 1
        return place >= 0 and self._rows[place] == row

    def at(self, place: int) -> int:
        """The checkpoint in a place."""
        rows, extra = self._rows, self._extra
        if extra is None:
            return rows[place]
        before = bisect_right(rows, extra)
        return rows[place] if place < before else extra if place == before else rows[place - 1]

    def place(self, row: int) -> int:
        """Where a checkpoint is; the one before it, when it is left out."""
        extra = self._extra
        return max(0, bisect_right(self._rows, row) - 1 + (extra is not None and row >= extra))

    def stands_for(self, row: int) -> int | None:
        """The checkpoint that is shown in the place of one: itself, or the one before; None: nothing is shown."""
        return self.at(self.place(row)) if self.count else None


class Past:
    """What led to a moment: of each branch on its way, the rows up to where it left it.

    Args:
        record: Of the session.
        here: The row stood at; None: now, on the branch that runs.
    """

    def __init__(self, record: Record, here: int | None) -> None:
        self.branch = record.headers[here].branch if here is not None else record.branch
        self.others: tuple[str, ...] = ()
        """Further branches that are looked at."""
        limit = here if here is not None else len(record.headers)
        self._limits: Mapping[str, int] | None = (
            None if here is None and len(record.branches) <= 1 else record.limits(self.branch, limit)
        )

    def holds(self, row: int, branch: str) -> bool:
        """Whether a row of a branch led to the moment."""
        return self._limits is None or row <= self._limits.get(branch, -1)


class Ways(Past):
    """What led to several moments: those that are compared.

    Args:
        record: Of the session.
        rows: The moments.
    """

    def __init__(self, record: Record, rows: Sequence[int]) -> None:
        super().__init__(record, rows[-1] if rows else None)
        ways = [record.limits(record.headers[row].branch, row) for row in rows]
        names = {name for way in ways for name in way}
        self.others = tuple(record.headers[row].branch for row in rows[:-1])
        self._limits = {name: max(way.get(name, -1) for way in ways) for name in names}
