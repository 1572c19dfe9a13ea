"""New branches: change, fork, resume here, start afresh."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import Acts


class ForkingActs(Acts):
    """What begins a branch or a session."""

    def action_edit(self) -> None:
        self.say("not there yet")

    def action_fork(self) -> None:
        self.say("not there yet")

    def action_resume_here(self) -> None:
        self.say("not there yet")

    def action_afresh(self) -> None:
        self.say("not there yet")
