"""Looking at a moment, and back to now."""

from __future__ import annotations

from textual.message import Message

from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.bars import BranchBars
from playbooks_tui.widgets.branches import Branches
from playbooks_tui.widgets.talk_pane import TalkPane
from playbooks_tui.widgets.timeline import Timeline


class LookingActs(Acts):
    """What enters and leaves a look back."""

    class TakeOver(Message):
        """What another process held shall be resumed here."""

    def action_look(self) -> None:
        standing = self.standing
        nowhere = self.follows
        if nowhere and self.mode_now == "interrupted" and self.record.followed:
            self.post_message(self.TakeOver())
            return
        if nowhere and not standing.started and self.mode_now == "interrupted":
            self.begin_run(held=False)
            return
        at = self.at
        if at is None:
            self.say("nothing is kept yet: there is nothing to look at")
        elif at == standing.here:
            self.say("every pane shows this moment already")
        else:
            self.stand(here=at, chosen=None)

    def action_now(self) -> None:
        """One level: the zoom, the search, the look back, the agent that was chosen, the pane."""
        self.ask_again = False
        standing = self.standing
        if self.leave_search():
            return
        if standing.here is not None or standing.chosen is not None:
            self.remember()
            self.stand(here=None, chosen=None)
        elif self.zoomed:
            self.zoom("")
        elif self.agent:
            self.agent = ""
            self.inspect()
        elif not isinstance(self.focused, Timeline):
            self.query_one(Timeline).focus()
        else:
            self.say("this is now: nothing is open that Esc would leave")

    def on_timeline_chosen(self, event: Timeline.Chosen) -> None:
        again = event.index == self.standing.chosen
        self.go(event.index, look=again)

    def on_talk_pane_chosen(self, event: TalkPane.Chosen) -> None:
        self.go(event.index)

    def on_branch_bars_chosen(self, event: BranchBars.Chosen) -> None:
        self.go(event.index)

    def on_branches_chosen(self, event: Branches.Chosen) -> None:
        rows = self.record.branches[event.name].shown
        if rows:
            self.go(rows[-1])
