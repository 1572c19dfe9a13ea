"""What all acts share: telling the person, where moving starts from, and going to a row."""

from __future__ import annotations

from typing import Final

from playbooks_tui.screens.debugger import View
from playbooks_tui.situation import engine_mode, stands_still
from playbooks_tui.widgets.timeline import Timeline

OVER: Final = {
    "finished": "the program is finished: nothing is left to run",
    "failed": "the run failed: leave, and resume it with the line that is printed",
    "leaving": "leaving",
}
"""Why nothing runs any more, by mode."""


class Acts(View):
    """The main screen, and what its acts stand on."""

    ask_again = False
    """A step was asked for at the newest moment while looking back: the next press runs."""

    def say(self, words: str) -> None:
        """Tells the person why a key did nothing, or what it did that can't be seen."""
        self.notify(words, timeout=4, markup=False)

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

    def go(self, row: int, *, look: bool = False) -> None:
        """Selects a row, and looks at it when nothing runs: then nothing is missed by it."""
        self.ask_again = False
        if look or self.standing.here is not None or stands_still(self.record, self.standing):
            self.stand(here=row, chosen=None)
        else:
            self.stand(chosen=row)

    def move(self, by: int, *, look: bool = False) -> bool:
        """Moves by rows; False when there is none there."""
        timeline, at = self.query_one(Timeline), self.at
        if at is None or not timeline.count:
            return False
        place = timeline.position(at)
        wanted = min(timeline.count - 1, max(0, place + by))
        if wanted == place and (self.standing.here is not None or not look):
            return False
        self.go(timeline.row_at(wanted), look=look)
        return True

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
