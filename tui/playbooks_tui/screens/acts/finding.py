"""Finding rows, and filtering them."""

from __future__ import annotations

from playbooks_tui.record import FOLDED
from playbooks_tui.rows import Filter
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.screens.filter import FilterScreen
from playbooks_tui.search import Search
from playbooks_tui.spans import counted
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.find_line import FindLine
from playbooks_tui.widgets.timeline import Timeline


class FindingActs(Acts):
    """What looks for rows."""

    _search: Search | None = None
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
        self._tell_found()
        self.seek_values(event.words)

    def seek_values(self, words: str) -> None:
        """Has the record looked through for variables that hold the words; `found_values` takes what is there."""

    def found_values(self, words: str, checkpoints: list[str]) -> None:
        """Takes up the checkpoints that gave a variable a value with the words in it.

        Args:
            words: What was looked for: another search may be under way by now.
            checkpoints: Their ids.
        """
        search = self._search
        if search is None or search.words != words.lower():
            return
        had = bool(search.hits)
        search.add(self.record.place[id] for id in checkpoints if id in self.record.place)
        if not had and (found := search.near(self._from)) is not None:
            self.go(found)
        self._tell_found()

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
            words = "nothing found"
        else:
            words = f"{place} of {counted(count, 'row')}" if place else counted(count, "row")
        keys = " · . next  , previous" if count > 1 and not self.query_one(FindLine).field.has_focus else ""
        self.query_one(FindLine).show(f"{words}{keys}")

    # -- filtering -------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self.record, self.standing.filter, self._filtered))

    def _filtered(self, filter: Filter) -> None:
        self.stand(filter=filter)

    def action_unfold(self) -> None:
        """Shows the steps, or folds them again."""
        filter = self.standing.filter
        folded = filter.kinds >= FOLDED
        self.stand(filter=Filter(filter.agents, filter.kinds - FOLDED if folded else filter.kinds | FOLDED))
