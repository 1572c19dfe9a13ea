"""New branches: change, fork, resume here, start afresh."""

from __future__ import annotations

import shlex
from concurrent.futures import Future
from typing import TYPE_CHECKING

from textual.message import Message

from playbooks.checkpoints.record import BranchInfo
from playbooks.session.following import ReadOnly
from playbooks.session.glyphs import GLYPHS
from playbooks.words import counted
from playbooks_tui import sequence
from playbooks_tui.screens.acts.base import OVER
from playbooks_tui.screens.acts.inspecting import InspectingActs
from playbooks_tui.situation import given_up

if TYPE_CHECKING:
    from playbooks_tui.screens.fork.draft import Draft, Key


class ForkingActs(InspectingActs):
    """What begins a branch or a session."""

    class Afresh(Message):
        """A new session of the program is wanted."""

    class GoOn(Message):
        """The session that failed here shall be opened again, and go on."""

    def action_edit(self) -> None:
        self.open_fork(self.selected_thing())

    def action_fork(self) -> None:
        self.open_fork(None, new_text=self.offers_new_text)

    @property
    def offers_new_text(self) -> bool:
        """Whether a fork begins with the program as it is now."""
        return False

    def open_fork(self, about: Key | None, *, new_text: bool = False) -> None:
        """Opens the fork dialog at the row that is meant.

        Args:
            about: What is to be changed there; None: the checkpoint's own result or message.
            new_text: Run the program as it is now, unless the person chooses otherwise.
        """
        from playbooks_tui.screens.fork.desk import Desk
        from playbooks_tui.screens.fork.dialog import Fork
        from playbooks_tui.screens.fork.form import Place

        record, at = self.record, self.at
        self.may_change()
        if at is None:
            self._say_nothing_kept()
            return
        header = record.headers[at]
        if record.ends_run(at):
            what = "the program ends" if header.ends_program else "the last agent is done"
            self.say(f"{what} here, and nothing comes after it: ↑ to an earlier row, then e or f")
            return
        rows = record.branches[header.branch].rows
        done = f"{GLYPHS[header.kind]} {sequence.words(header, record.text(at))}"
        running = self.mode_now in ("running", "pausing", "paused", "waiting")
        desk = Desk(self.bridge, header.branch, record.headers[rows[-1]].id, record.behind(at), record.title)
        place = Place(header.id, header.branch, done, running)
        self.app.push_screen(Fork(place, desk, about, new_text=new_text), self._forked)

    def _say_nothing_kept(self) -> None:
        if self.mode_now in OVER:
            self.say("nothing was kept: R starts afresh")
        else:
            self.say("nothing is kept yet: the first await makes the first checkpoint")

    def may_change(self) -> None:
        """Raises, so that it is said, when another process runs the session."""
        session = self.bridge.session
        if session.read_only:
            raise ReadOnly(session.id, session.why_read_only)

    def _forked(self, draft: Draft | None) -> None:
        """The branch was begun: it runs at once, in the same app."""
        if draft is None:
            return
        self.run_branch(held=not draft.run)

    def run_branch(self, *, held: bool) -> None:
        """Runs the branch that was just begun."""
        self.leave_search()  # what was looked for is found: its line is where the program asks, and ends
        self.stand(started=True, held=held, stepping=False, here=None, chosen=None)
        if held:
            self.bridge.session.pause()
        self.bridge.begin()

    def action_resume_here(self) -> None:
        """Goes on from here: at the newest as it is, further back on a new branch; what stays behind is said."""
        self.may_change()
        record, at, now = self.record, self.at, self.mode_now
        if at is None or record.newest is None:
            self._say_nothing_kept()
        elif at == record.newest:
            if now in ("interrupted", "opening"):
                self.begin_run(held=False)
            elif now == "failed":
                self._go_on_after_failing()
            elif now in OVER:
                self.say(f"{OVER[now].partition(':')[0]}: look back, r goes on from there")
            else:
                self.run_action_soon("run")
        elif record.headers[at].kind == "start":
            self.say("nothing ran before this: R starts afresh")
        else:
            self._resume_on_branch(at)

    def _go_on_after_failing(self) -> None:
        """From the last checkpoint, once more: what made it fail, a full disk or a script, may have been mended.

        Opened anew, also when nothing ran here: a script is read when a session is opened.
        """
        if self.bridge.session.taken_away or given_up(self.record):
            self.say_over("failed")
        else:
            self.post_message(self.GoOn())

    def _resume_on_branch(self, at: int) -> None:
        header, behind = self.record.headers[at], self.record.behind(at)
        begun = self.bridge.fork(header.id)

        def done(future: Future[BranchInfo]) -> None:
            error = future.exception()
            name = "" if error else future.result().name
            # Also from this thread: a branch may be made before anybody waits for it.
            self.call_later(self._resumed, header.branch, behind, name, str(error or ""))

        begun.add_done_callback(done)

    def _resumed(self, left: str, behind: int, branch: str, error: str) -> None:
        if error:
            self.say(error)
            return
        self.say(f"on {branch}: {left} stays, with its {counted(behind, 'later checkpoint')}")
        self.run_branch(held=False)

    def action_afresh(self) -> None:
        """A new session of the program as it is now; asks first."""
        from playbooks_tui.screens.confirm import Confirm

        self.may_change()
        session = self.bridge.session
        roots = session.program.roots
        if not roots:
            self.say("this program did not come from a file")
            return
        running = self.mode_now in ("running", "pausing", "paused", "waiting")
        kept = f"{session.id or 'This session'} is kept as it is" + (", interrupted" if running else "") + "."
        asks = Confirm(
            "Start afresh?",
            f"A new session of {self.record.program} runs from the start. {kept}",
            "start afresh",
            shlex.join(["playbooks", "run", *roots]),
        )
        self.app.push_screen(asks, self._afresh)

    def _afresh(self, yes: bool | None) -> None:
        if yes:
            self.post_message(self.Afresh())
