"""Looking at a moment, and back to now."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.talk_pane import TalkPane
from playbooks_tui.widgets.timeline import Timeline


class LookingActs(Acts):
    """What enters and leaves a look back."""

    def action_look(self) -> None:
        standing = self.standing
        nowhere = standing.here is None and standing.chosen is None
        if nowhere and not standing.started and self.mode_now == "interrupted":
            self.begin_run(held=False)
            return
        at = self.at
        if at is not None:
            self.stand(here=at, chosen=None)

    def action_now(self) -> None:
        self.ask_again = False
        if self.standing.here is not None or self.standing.chosen is not None:
            self.stand(here=None, chosen=None)
        elif self.agent:
            self.agent = ""
            self.inspect()
        elif not isinstance(self.focused, Timeline):
            self.query_one(Timeline).focus()

    def on_timeline_chosen(self, event: Timeline.Chosen) -> None:
        again = event.index == self.standing.chosen
        self.go(event.index, look=again)

    def on_talk_pane_chosen(self, event: TalkPane.Chosen) -> None:
        self.go(event.index)
