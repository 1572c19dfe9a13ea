"""Reading moments: what a look back shows is folded from its checkpoints on a third thread, one wish at a time.

Apart from what is drawn; nothing here ever runs the program.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message
from textual.screen import Screen

from playbooks_tui.bridge import Bridge
from playbooks_tui.inspected import Inspected, Seen, seen
from playbooks_tui.record import HUMAN, Record
from playbooks_tui.situation import Standing, moment, stands_still

_READS_A_SECOND = 5
"""While the program runs and the newest moment is shown; a look back is read at once."""


class Reading(Screen[None]):
    """A screen over a record that has moments read."""

    @dataclass
    class Read(Message):
        """A moment was read; `seen` is None when it could not be."""

        wanted: tuple[int, str]
        seen: Seen | None
        error: str = ""

    def __init__(self, bridge: Bridge, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.bridge, self.now = bridge, now
        self.record = Record()
        self.standing = Standing()
        self.agent = ""
        """Whom the inspector shows; empty: whose checkpoint it is."""
        self.seen: Seen | None = None
        self._reading: tuple[int, str] | None = None
        self._wanted: tuple[int, str] | None = None
        self._read_at = 0.0

    def inspect(self) -> bool:
        """Has the moment that is looked at read, or the newest; the newest wish overtakes older ones.

        Returns:
            Whether it is being read now: `draw_seen` follows.
        """
        record = self.record
        here = self.standing.here if self.standing.here is not None else record.newest
        if here is None:
            return False
        agent = self.agent or record.headers[here].agent
        if agent == HUMAN:
            agent = next((id for id in record.agents if id != HUMAN), HUMAN)
        self._wanted = (here, agent)
        self._read_next()
        return self._reading is not None

    @property
    def at_moment(self) -> bool:
        return moment(self.record, self.standing) is not None

    def _read_next(self) -> None:
        wanted = self._wanted
        if wanted is None or self._reading is not None:
            return
        if self.seen is not None and (self.seen.row, self.seen.inspected.agent) == wanted:
            return
        rest = self._read_at + 1 / _READS_A_SECOND - time.monotonic()
        if rest > 0 and not stands_still(self.record, self.standing) and self.standing.here is None:
            self._reading = wanted
            self.set_timer(rest, self._read_now)
            return
        self._reading = wanted
        self._read_now()

    def _read_now(self) -> None:
        wanted = self._reading = self._wanted or self._reading
        if wanted is None:
            return
        self._read_at = time.monotonic()
        record, (row, agent) = self.record, wanted
        header = record.headers[row]
        own = [r for r in record.on_path(record.own.get(agent, []), header.branch) if r < row]
        before = record.headers[own[-1]].id if own else ""
        bridge = self.bridge

        def work() -> None:
            try:
                earlier = bridge.moment_now(before) if before else None
                found = seen(row, bridge.moment_now(header.id), agent, earlier)
            except Exception as error:  # whatever is wrong with a file is said where its content would stand
                self.post_message(self.Read(wanted, None, str(error) or type(error).__name__))
            else:
                self.post_message(self.Read(wanted, found))

        bridge.read(work)

    def on_reading_read(self, event: Read) -> None:
        self._reading = None
        row, agent = event.wanted
        self.seen = event.seen or Seen(row, Inspected(self.record.headers[row], agent, "", error=event.error), {}, {})
        if event.wanted == self._wanted:
            self.draw_seen(self.seen)
        self._read_next()

    def draw_seen(self, seen: Seen) -> None:
        """Draws what was read."""
        raise NotImplementedError
