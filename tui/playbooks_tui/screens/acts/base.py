"""What all acts share: telling the person, where moving starts from, and going to a row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final

from playbooks.errors import UserError
from playbooks_tui.screens.debugger import View
from playbooks_tui.situation import engine_mode, given_up, stands_still
from playbooks_tui.widgets.timeline import Timeline

OVER: Final = {
    "finished": "the program is finished: nothing is left to run",
    "failed": "the run failed: r goes on from its last checkpoint",
    "leaving": "leaving",
}
"""Why nothing runs any more, by mode."""


_MOST_PLACES: Final = 100


def _saying(act: Callable[..., None]) -> Callable[..., None]:
    """An act that says what the session refuses, such as one that another process runs."""

    @wraps(act)
    def said(self: Acts, *arguments: Any) -> None:
        try:
            act(self, *arguments)
        except UserError as error:
            self.say(str(error))

    return said


class Acts(View):
    """The main screen, and what its acts stand on."""

    places: list[tuple[int | None, int | None]]
    """Where the person was before each jump, as (here, chosen)."""
    ask_again = False
    """A step was asked for at the newest moment while looking back: the next press runs."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.places = []

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        for name, act in list(vars(cls).items()):
            if name.startswith("action_") and not iscoroutinefunction(act):
                setattr(cls, name, _saying(act))

    def say(self, words: str) -> None:
        """Tells the person why a key did nothing, or what it did that can't be seen."""
        self.notify(words, timeout=4, markup=False)

    def say_over(self, now: str) -> None:
        """Says why nothing runs any more, and what can be done instead."""
        if now == "failed" and not self.record.headers:
            self.say("the run failed before anything was kept: R starts afresh")
        elif now == "failed" and self.bridge.session.taken_away:
            self.say("the run failed, and its checkpoints were taken away: R starts afresh")
        elif now == "failed" and (lost := given_up(self.record)):
            self.say(f"{lost[0]} failed, and a resume leaves it so: look back, r or e goes on from there")
        else:
            self.say(OVER[now])

    def begin_run(self, *, held: bool) -> None:
        """Begins the run, or goes on with an older session."""
        self.stand(started=True, held=held, here=None, chosen=None)
        if held:
            self.bridge.session.pause()
        if self.record.status in ("interrupted", "failed"):
            self.record.status, self.record.error = "running", ""
        self.bridge.begin()
        self.stand()

    @property
    def mode_now(self) -> str:
        """What the run does, wherever the person looks."""
        return engine_mode(self.record, self.standing)

    @property
    def at(self) -> int | None:
        """The row that moving starts from, and that acts on *here* mean: looked at, selected, or the newest."""
        standing = self.standing
        if standing.here is not None:
            return standing.here
        return standing.chosen if standing.chosen is not None else self.record.newest

    @property
    def follows(self) -> bool:
        """Whether the newest row is meant, whichever comes."""
        return self.standing.here is None and self.standing.chosen is None

    def remember(self) -> None:
        """Keeps where the person is, for Backspace."""
        place = (self.standing.here, self.standing.chosen)
        if not self.places or self.places[-1] != place:
            self.places.append(place)
            del self.places[:-_MOST_PLACES]

    def go(self, row: int, *, look: bool = False) -> None:
        """Selects a row, and looks at it when nothing runs: then nothing is missed by it."""
        self.ask_again = False
        rows, at = self.query_one(Timeline).rows, self.at
        if at is None or abs(rows.place(row) - rows.place(at)) > 1:
            self.remember()
        if look or self.standing.here is not None or stands_still(self.record, self.standing):
            self.stand(here=row, chosen=None)
        else:
            self.stand(chosen=row)

    def before(self, row: int) -> int | None:
        """The row before, on the way that led to one; None: it is the first."""
        header = self.record.headers[row]
        branch = self.record.branches[header.branch]
        place = bisect_left(branch.shown, row)
        if place:
            return branch.shown[place - 1]
        fork = branch.fork
        if fork is None:
            return None
        parent = self.record.branches[self.record.headers[fork].branch].shown
        place = bisect_right(parent, fork)
        return parent[place - 1] if place else self.before(fork)

    def after(self, row: int) -> int | None:
        """The row after, on the branch of one; None: it is the newest there."""
        shown = self.record.branches[self.record.headers[row].branch].shown
        place = bisect_right(shown, row)
        return shown[place] if place < len(shown) else None

    def move(self, by: int, *, look: bool = False) -> bool:
        """Moves by rows; False when there is none there."""
        rows, at = self.query_one(Timeline).rows, self.at
        if at is None or not rows.count:
            return False
        place = rows.place(at)
        shown = rows.at(place)
        if (by < 0 and shown < at) or (by > 0 and shown > at):
            by += 1 if by < 0 else -1  # what is left out has no place of its own: its neighbour is one away
        wanted = rows.at(min(rows.count - 1, max(0, place + by)))
        if (wanted - at) * (1 if by > 0 else -1) < 0:
            return False
        if wanted == at and (self.standing.here is not None or not look):
            return False
        self.go(wanted, look=look)
        return True

    def leave_search(self) -> bool:
        """Ends the search; False when there is none."""
        return False

    def show_tab(self, id: str) -> None:
        """Shows an agent, or the inspector, where only one of them is seen; and inspects that agent.

        Args:
            id: An agent's, or `inspector`.
        """
        self.tab = id
        if id in self.record.agents:
            self.agent = id
        self._draw_tabs()
        self.inspect()
