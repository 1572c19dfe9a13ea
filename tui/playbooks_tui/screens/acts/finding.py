"""Finding rows, and filtering them."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import Acts


class FindingActs(Acts):
    """What looks for rows."""

    def action_find(self) -> None:
        self.say("not there yet")

    def action_find_next(self) -> None:
        self.say("not there yet")

    def action_find_before(self) -> None:
        self.say("not there yet")

    def action_filter(self) -> None:
        self.say("not there yet")
