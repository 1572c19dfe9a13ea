"""Reading moments: what a look back shows is folded from its checkpoints on a third thread, one wish at a time.

Apart from what is drawn; nothing here ever runs the program.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from textual.message import Message
from textual.screen import Screen

from playbooks_tui.bridge import Bridge
from playbooks_tui.inspected import Deep, Inspected, Seen, Wish, deepen, seen
from playbooks_tui.record import HUMAN, Record
from playbooks_tui.situation import Standing, moment, stands_still

Found = TypeVar("Found")
_END: Final[Any] = object()
_SLICE_S: Final = 0.03
"""So long the record is looked through before a moment that is wanted meanwhile can be read."""
_NEAR: Final = 200
"""So many checkpoints after a moment the rest of its response is looked for."""
_READS_A_SECOND = 5
"""While the program runs and the newest moment is shown; a look back is read at once."""


class Reading(Screen[None]):
    """A screen over a record that has moments read."""

    @dataclass
    class Read(Message):
        """A moment was read; `seen` is None when it could not be."""

        wanted: Wish
        seen: Seen | None
        error: str = ""

    @dataclass
    class Deepened(Message):
        """What takes longer was found too."""

        deep: Deep

    @dataclass
    class Sifted(Message):
        """A part of the record was looked through; `act` shows what came of it."""

        act: Callable[[], None]

    def __init__(self, bridge: Bridge, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.bridge, self.now = bridge, now
        self.record = Record()
        self.standing = Standing()
        self.agent = ""
        """Whom the inspector shows; empty: whose checkpoint it is."""
        self.variable = ""
        """The variable whose history is shown; empty: the first."""
        self.prompting = False
        """Whether the prompt is looked at."""
        self.seen: Seen | None = None
        self._shown: Wish | None = None
        self._reading: Wish | None = None
        self._wanted: Wish | None = None
        self._read_at = 0.0

    @property
    def watches(self) -> tuple[str, ...]:
        """Expressions that are shown for every moment; kept with the session."""
        return self.bridge.session.watches

    def inspect(self) -> bool:
        """Has the moment that is looked at read, or the newest; the newest wish overtakes older ones.

        Returns:
            Whether it is being read now: `draw_seen` follows.
        """
        record = self.record
        here = self.standing.here if self.standing.here is not None else record.newest
        if here is None:
            return False
        asks = record.asked[0] if record.asked and self.standing.here is None else ""
        agent = self.agent or asks or record.headers[here].agent
        if agent == HUMAN:
            agent = next((id for id in record.agents if id != HUMAN), HUMAN)
        newest = here == record.newest
        live = newest and self.standing.started and agent not in record.thinking
        self._wanted = Wish(
            here,
            agent,
            self._set_against(here, agent),
            self.watches,
            self.variable,
            self.prompting,
            "" if newest else self._next_of(here, agent),
            (record.status, record.answered) if live else None,
        )
        self._read_next()
        return self._reading is not None

    def _set_against(self, here: int, agent: str) -> str:
        """What variables are set against: the mark, else the agent's checkpoint before."""
        record, mark = self.record, self.standing.mark
        if mark is not None and mark != here:
            return record.headers[mark].id
        own, limits = record.own.get(agent, []), record.limits(record.headers[here].branch, here)
        for place in range(bisect_left(own, here) - 1, -1, -1):
            header = record.headers[own[place]]
            if own[place] <= limits.get(header.branch, -1):
                return header.id
        return ""

    def _next_of(self, here: int, agent: str) -> str:
        """The agent's checkpoint after a moment, when it is near; empty: none is."""
        record = self.record
        rows = record.branches[record.headers[here].branch].rows
        place = bisect_right(rows, here)
        near = (record.headers[row] for row in rows[place : place + _NEAR])
        return next((header.id for header in near if header.agent == agent), "")

    @property
    def at_moment(self) -> bool:
        return moment(self.record, self.standing) is not None

    def _read_next(self) -> None:
        wanted = self._wanted
        if wanted is None or self._reading is not None:
            return
        if self.seen is not None and self._shown == wanted:
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
        session = self.bridge.session
        header, record = self.record.headers[wanted.row], session.record

        received = session.received if wanted.received else record.received_by(wanted.after) if wanted.after else None

        def work() -> None:
            try:
                before = record.moment(wanted.before) if wanted.before else None
                code = record.code(header.id, wanted.agent, received=received)
                found = seen(wanted, record.moment(header.id), before, code)
            except Exception as error:  # whatever is wrong with a file is said where its content would stand
                self.post_message(self.Read(wanted, None, str(error) or type(error).__name__))
                return
            self.post_message(self.Read(wanted, found))

        self.bridge.read(work)

    def _deepen(self, wish: Wish, inspected: Inspected) -> None:
        """Has the rest read: what takes longer must not hold up what is seen first, nor the next moment."""
        record = self.bridge.session.record

        def overtaken() -> bool:
            return self._wanted != wish

        def work() -> None:
            try:
                if not overtaken():
                    self.post_message(self.Deepened(deepen(wish, inspected, record, overtaken)))
            except Exception:  # overtaken; or damaged: the first part stands, a neighbour only costs its history
                return

        self.bridge.read(work)

    def on_reading_read(self, event: Read) -> None:
        self._reading = None
        wish = event.wanted
        header = self.record.headers[wish.row]
        self.seen = event.seen or Seen(wish.row, Inspected(header, wish.agent, "", error=event.error), {}, {})
        self._shown = wish
        if event.wanted == self._wanted:
            self.draw_seen(self.seen)
            if event.seen is not None:
                self.call_after_refresh(self._deepen, wish, event.seen.inspected)
        self._read_next()

    def on_reading_deepened(self, event: Deepened) -> None:
        if event.deep.wish == self._wanted:
            self.draw_deep(event.deep)

    def draw_seen(self, seen: Seen) -> None:
        """Draws what was read."""
        raise NotImplementedError

    def draw_deep(self, deep: Deep) -> None:
        """Draws what took longer."""
        raise NotImplementedError

    # -- looking through the record --------------------------------------------------------------------------

    def sift(
        self,
        make: Callable[[], Iterator[Found | None]],
        take: Callable[[list[Found], bool], bool],
    ) -> None:
        """Looks through the record beside everything else: some milliseconds, then other readers have their turn.

        Args:
            make: Begins; called on the reading thread, as is what it gives. None: nothing yet.
            take: Called here with what was found since, and whether that is all; False ends the search.
        """
        going: list[Iterator[Found | None]] = []
        wanted = [True]

        def act(found: list[Found], last: bool, error: str) -> None:
            if error:
                self.notify(error, timeout=6, markup=False)
            if wanted[0] and not take(found, last):
                wanted[0] = False

        def work() -> None:
            found, last, error = [], False, ""
            try:
                if not going:
                    going.append(make())
                until = time.monotonic() + _SLICE_S
                while wanted[0] and time.monotonic() < until:
                    one = next(going[0], _END)
                    if one is _END:
                        last = True
                        break
                    if one is not None:
                        found.append(one)
            except Exception as wrong:  # whatever is wrong with a file ends the search, and is said
                last, error = True, str(wrong) or type(wrong).__name__
            if found or last:
                self.post_message(self.Sifted(lambda: act(found, last, error)))
            if not last and wanted[0]:
                self.bridge.read(work)

        self.bridge.read(work)

    def on_reading_sifted(self, event: Sifted) -> None:
        event.act()
