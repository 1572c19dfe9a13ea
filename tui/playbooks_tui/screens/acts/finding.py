"""Finding rows, and filtering them."""

from __future__ import annotations

from typing import Final

from textual.timer import Timer

from playbooks.session.record import Found
from playbooks.words import counted
from playbooks_tui.record import FOLDED
from playbooks_tui.rows import Filter
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.search import Search
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.find_line import FindLine
from playbooks_tui.widgets.timeline import Timeline

_TYPED_S: Final = 0.2
"""Files are looked through when nothing was typed for so long."""


class FindingActs(Acts):
    """What looks for rows."""

    _search: Search | None = None
    _seeking: Timer | None = None
    _whole = True
    """Whether the files were looked through to the end too."""
    _from: int | None = None
    """Where the search began: what is typed further is looked for from here."""

    def action_find(self) -> None:
        self._from = self.at
        self.remember()
        self.query_one(Ask).display = False
        self.query_one(FindLine).begin()

    def on_find_line_sought(self, event: FindLine.Sought) -> None:
        self._search = Search(self.record, event.words) if event.words else None
        self.stand(find=self._search.words if self._search else "")
        if self._search is None:
            self.query_one(FindLine).show("")
            return
        found = self._search.near(self._from)
        if found is not None:
            self.go(found)
        self._whole = not self.bridge.session.durable
        self._tell_found()
        if self._seeking is not None:
            self._seeking.stop()
        self._seeking = self.set_timer(_TYPED_S, self._seek_values)

    def _seek_values(self) -> None:
        """Looks through messages and variables too, in the files: what is found joins the rows."""
        search, record, session = self._search, self.record, self.bridge.session
        start = record.headers[self._from].id if self._from is not None else ""
        if search is None or not session.durable or not record.headers:
            return

        def take(found: list[Found], last: bool) -> bool:
            if search is not self._search:
                return False
            had = bool(search.hits)
            search.add(record.place[one.header.id] for one in found if one.header.id in record.place)
            if not had and (row := search.near(self._from)) is not None:
                self.go(row)
            self._whole = last
            self._tell_found()
            return True

        self.sift(lambda: session.record.find(search.words, start), take)

    def on_find_line_kept(self) -> None:
        if self._search is None:
            self.on_find_line_left()
            return
        self.query_one(FindLine).end(closed=False)
        self.query_one(Timeline).focus()
        self._tell_found()

    def on_find_line_left(self) -> None:
        self.query_one(Timeline).focus()
        self.leave_search()

    def leave_search(self) -> bool:
        """Ends the search; False when there is none."""
        line = self.query_one(FindLine)
        if not line.has_class("-open"):
            return False
        line.end(closed=True)
        self.query_one(Ask).display = True
        self._search = None
        self.stand(find="")
        return True

    def action_find_next(self) -> None:
        self._found(1)

    def action_find_before(self) -> None:
        self._found(-1)

    def _found(self, by: int) -> None:
        if self._search is None:
            self.say("nothing is looked for: / finds")
            return
        self._search.take()
        row = self._search.step(self.at, by)
        if row is None:
            self.say(f"nothing holds “{self._search.words}”")
            return
        self.go(row)
        self._tell_found()

    def _tell_found(self) -> None:
        search = self._search
        if search is None:
            return
        count, place = len(search.hits), search.place(self.at)
        if not count:
            words = "nothing found" if self._whole else "looking …"
        else:
            words = f"{place} of {counted(count, 'row')}" if place else counted(count, "row")
            words += "" if self._whole else " …"
        keys = " · . next  , previous" if count > 1 and not self.query_one(FindLine).field.has_focus else ""
        self.query_one(FindLine).show(f"{words}{keys}")

    # -- filtering -------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        from playbooks_tui.screens.filter import FilterList, FilterScreen

        self.app.push_screen(FilterScreen(FilterList(self.record, self.standing.filter, self._filtered)))

    def _filtered(self, filter: Filter) -> None:
        self.stand(filter=filter)

    def action_unfold(self) -> None:
        """Shows the steps, or folds them again."""
        filter = self.standing.filter
        folded = filter.kinds >= FOLDED
        self.stand(filter=Filter(filter.agents, filter.kinds - FOLDED if folded else filter.kinds | FOLDED))
