"""Moving through the rows, and back through the record; nothing here ever runs anything."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from playbooks.session.record import PastHit
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.timeline import Timeline


class MovingActs(Acts):
    """What changes the row that is meant."""

    def action_up(self) -> None:
        self._up(1)

    def action_down(self) -> None:
        self._down(1)

    def action_page_up(self) -> None:
        self._up(self.query_one(Timeline).page)

    def action_page_down(self) -> None:
        self._down(self.query_one(Timeline).page)

    def action_first(self) -> None:
        self._up(self.query_one(Timeline).rows.count)

    def _up(self, by: int) -> None:
        if not self.move(-by):
            self.say("this is the first row" if self.record.shown else "there is no row yet")

    def _down(self, by: int) -> None:
        if self.follows:
            self.say("this is the newest row" if self.record.shown else "there is no row yet")
        elif not self.move(by):
            self.say("this is the newest row: Esc goes back to now")

    def action_newest(self) -> None:
        self.ask_again = False
        if self.follows:
            timeline = self.query_one(Timeline)
            before = timeline.scroll_target_y
            timeline.show(self.standing)  # a wheel may have scrolled it away
            if timeline.scroll_target_y == before:
                self.say("the newest row is followed already" if self.record.shown else "there is no row yet")
            return
        self.remember()
        self.stand(here=None, chosen=None)

    def action_back(self) -> None:
        """One back on the way that led here: at a branch's first row, to where it left."""
        at = self.at
        before = self.before(at) if at is not None else None
        if before is None:
            self.say("this is the first row")
        else:
            self.go(before, look=True)

    def action_own_before(self) -> None:
        self._same_agent(-1)

    def action_own_after(self) -> None:
        self._same_agent(1)

    def _same_agent(self, by: int) -> None:
        at = self.at
        if at is None:
            return
        agent = self.record.headers[at].agent
        own = self.record.own.get(agent, [])
        place = bisect_left(own, at) - 1 if by < 0 else bisect_right(own, at)
        if 0 <= place < len(own):
            self.go(own[place])
        else:
            self.say(f"{self.record.title(agent)} has no row {'before' if by < 0 else 'after'} this one")

    def action_back_to_break(self) -> None:
        """Looks through the record, newest first, for where a breakpoint would have stopped."""
        session, at = self.bridge.session, self.at
        points = {view.id: view.breakpoint for view in session.breakpoints if view.breakpoint.enabled}
        if not points:
            sets = "" if session.read_only else ": b sets one on the selected row"
            self.say(f"no breakpoint is set{sets}")
            return
        if at is None:
            self.say("there is no row yet")
            return
        start = self.record.headers[at].id

        def take(found: list[PastHit], last: bool) -> bool:
            if self.at != at:
                return False  # the person went elsewhere meanwhile
            row = next((self.record.place.get(hit.header.id) for hit in found), None)
            if row is not None:
                self.remember()
                self.go(row, look=True)
                self.say(f"{found[0].text}")
                return False
            if last:
                self.say("no breakpoint was hit before this")
            return True

        self.sift(lambda: session.record.hits_before(start, points), take)

    def action_previous(self) -> None:
        if not self.places:
            self.say("there is no previous place")
            return
        here, chosen = self.places.pop()
        self.stand(here=here, chosen=chosen)
