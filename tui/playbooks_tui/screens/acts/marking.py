"""Marks, labels, and copies."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import Acts


class MarkingActs(Acts):
    """What notes or takes a row."""

    def action_mark(self) -> None:
        self.say("not there yet")

    def action_label(self) -> None:
        self.say("not there yet")

    def action_copy(self) -> None:
        self.say("not there yet")
