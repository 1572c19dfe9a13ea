"""Looking for words in the rows: what was said, called and run, and what people named them.

Pure and incremental: what was found stays while rows are added. Variables are looked for in the record by the engine,
which adds its rows here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from playbooks_tui.record import Record


class Search:
    """Rows that hold some words.

    Args:
        record: Where to look.
        words: What for; capitals do not matter.
    """

    def __init__(self, record: Record, words: str) -> None:
        self._record, self.words = record, words.lower()
        self._seen = 0
        self.hits: list[int] = []
        """Rows, in order."""
        self.take()

    def take(self) -> None:
        """Looks through the rows that came since."""
        headers, words, record = self._record.headers, self.words, self._record
        if not words:
            return
        for row in range(self._seen, len(headers)):
            header = headers[row]
            text = record.text(row) if header.text.endswith("…") else header.text
            if words in text.lower() or words in header.statement.lower() or words in header.id:
                self.hits.append(row)
        if record.labels:
            named = (record.place[id] for id, label in record.labels.items() if words in label.lower())
            self.add(named)
        self._seen = len(headers)

    def add(self, rows: Iterable[int]) -> None:
        """Adds rows that were found otherwise."""
        for row in rows:
            place = bisect_left(self.hits, row)
            if place == len(self.hits) or self.hits[place] != row:
                insort(self.hits, row)

    def near(self, row: int | None) -> int | None:
        """The first hit from a row on, or around the end; None: there is none."""
        if not self.hits:
            return None
        place = bisect_left(self.hits, row) if row is not None else 0
        return self.hits[place % len(self.hits)]

    def step(self, row: int | None, by: int) -> int | None:
        """The hit after or before a row, around the end; None: there is none."""
        if not self.hits:
            return None
        at = -1 if row is None else row
        place = bisect_right(self.hits, at) if by > 0 else bisect_left(self.hits, at) - 1
        return self.hits[place % len(self.hits)]

    def place(self, row: int | None) -> int:
        """Which hit a row is, from 1; 0: none."""
        if row is None:
            return 0
        place = bisect_left(self.hits, row)
        return place + 1 if place < len(self.hits) and self.hits[place] == row else 0
