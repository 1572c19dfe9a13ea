"""New branches: change, fork, resume here, start afresh."""

from __future__ import annotations

from playbooks.session.following import ReadOnly
from playbooks_tui import sequence
from playbooks_tui.screens.acts.inspecting import InspectingActs
from playbooks_tui.screens.fork.desk import Desk
from playbooks_tui.screens.fork.dialog import Fork, Place
from playbooks_tui.screens.fork.draft import Draft, Key


class ForkingActs(InspectingActs):
    """What begins a branch or a session."""

    def action_edit(self) -> None:
        self.open_fork(self.selected_thing())

    def action_fork(self) -> None:
        self.open_fork(None)

    def open_fork(self, about: Key | None) -> None:
        """Opens the fork dialog at the row that is meant.

        Args:
            about: What is to be changed there; None: the checkpoint's own result or message.
        """
        record, at = self.record, self.at
        self.may_change()
        if at is None:
            self.say("nothing is kept yet: the first await makes the first checkpoint")
            return
        header = record.headers[at]
        if header.kind == "start":
            self.say("nothing ran before this: R starts afresh")
            return
        rows = record.branches[header.branch].rows
        done = f"{sequence.GLYPHS[header.kind]} {sequence.words(header, record.text(at))}"
        running = self.mode_now in ("running", "pausing", "paused", "waiting")
        desk = Desk(self.bridge, header.branch, record.headers[rows[-1]].id, record.behind(at), record.title)
        place = Place(header.id, header.branch, done, running)
        self.app.push_screen(Fork(place, desk, about), self._forked)

    def may_change(self) -> None:
        """Raises, so that it is said, when another process runs the session."""
        session = self.bridge.session
        if session.read_only:
            raise ReadOnly(session.id)

    def _forked(self, draft: Draft | None) -> None:
        """The branch was begun: it runs at once, in the same app."""
        if draft is None:
            return
        self.run_branch(held=not draft.run)

    def run_branch(self, *, held: bool) -> None:
        """Runs the branch that was just begun."""
        self.stand(started=True, held=held, stepping=False, here=None, chosen=None)
        if held:
            self.bridge.session.pause()
        self.bridge.begin()

    def action_resume_here(self) -> None:
        self.say("not there yet")

    def action_afresh(self) -> None:
        self.say("not there yet")
