"""Typing as the person."""

from __future__ import annotations

from playbooks.runtime.decisions import CHOICES, decision_of
from playbooks_tui.screens.acts.base import OVER, Acts
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.timeline import Timeline


class TalkingActs(Acts):
    """What the line at the bottom does."""

    def action_type(self) -> None:
        now = self.mode_now
        if self.standing.here is not None:
            self.say("looking back: Esc goes back to now, where you can type")
        elif now in OVER:
            self.say_over(now)
        elif now in ("interrupted", "opening"):
            self.say("nothing runs: Enter resumes")
        else:
            self.query_one(Ask).begin()

    def on_ask_wanted(self) -> None:
        self.action_type()

    def on_ask_said(self, event: Ask.Said) -> None:
        if self.record.undecided:
            self._decide(event.text)
            return
        to = self.record.asked[0] if self.record.asked else None
        self.bridge.session.say(event.text, to)
        self.on_ask_left()

    def _decide(self, text: str) -> None:
        """A line about a call that may have run."""
        decision = decision_of(text)
        if decision is None:
            self.say(CHOICES)
            return
        self.bridge.session.decide(next(iter(self.record.undecided)), *decision)
        self.on_ask_left()

    def on_ask_left(self) -> None:
        self.query_one(Timeline).focus()
        self.query_one(Ask).end()
