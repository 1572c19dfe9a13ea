"""Run control: run, pause, step. While looking back, steps move the view and run nothing."""

from __future__ import annotations

from playbooks.errors import UserError
from playbooks_tui.onward import How, onward
from playbooks_tui.record import HUMAN, Touched
from playbooks_tui.screens.acts.base import OVER, Acts


class RunningActs(Acts):
    """What starts and stops the run."""

    runs_to = ""
    """The checkpoint whose statement is to come again, by its id; empty: none is."""

    def action_run_or_pause(self) -> None:
        if self.mode_now in ("running", "waiting") and not self.standing.held:
            self.action_pause()
        else:
            self.action_run()

    def action_pause(self) -> None:
        """Has every agent stop at its next await."""
        self.stand(held=True, stepping=False)
        self.bridge.session.pause()

    def action_run(self) -> None:
        now = self.mode_now
        if now in OVER:
            self.say_over(now)
        elif now in ("interrupted", "opening"):
            self.begin_run(held=False)
        else:
            if self.follows and now in ("running", "waiting") and not (self.standing.held or self.standing.stepping):
                waits = now == "waiting"
                self.say("it runs already, and waits for you: i answers" if waits else "it runs already: Space pauses")
            self._goes(stepping=False)
            self.bridge.session.go()

    def action_step_over(self) -> None:
        if self._may_step("over", "n"):
            self._goes(stepping=True)
            self.bridge.session.step_over(self._stepper)

    def action_step_into(self) -> None:
        if self._may_step("into", "s"):
            self._goes(stepping=True)
            self.bridge.session.step_into(self._stepper)

    def action_step_out(self) -> None:
        if self._may_step("out", "o"):
            self._goes(stepping=True)
            self.bridge.session.step_out(self._stepper)

    def action_step_any(self) -> None:
        if self._may_step("any", "a"):
            self._goes(stepping=True)
            self.bridge.session.step()

    def action_run_to(self) -> None:
        """Runs until the selected row's step and statement come again."""
        now, at = self.mode_now, self.at
        if now in OVER:
            self.say_over(now)
        elif now in ("interrupted", "opening"):
            self.say("nothing runs: Enter resumes, and t runs to a step then")
        elif at is None or self.follows:
            self.say("select a row first: t runs until its step comes again")
        else:
            try:
                self.bridge.session.run_to(self.record.headers[at].id)
            except UserError as error:
                self.say(str(error))
            else:
                self._goes(stepping=True)
                self.runs_to = self.record.headers[at].id

    def told(self, touched: Touched) -> None:
        super().told(touched)
        status = self.record.status
        if touched.status and self.runs_to and status not in ("ready", "running", "pausing", "waiting"):
            if status == "finished":
                self.say(f"the run ended: the statement of {self.runs_to} did not come again")
            self.runs_to = ""

    @property
    def _stepper(self) -> str:
        """Whose step it is: the agent that was chosen with ← →; empty: the newest checkpoint's."""
        return self.agent if self.agent != HUMAN else ""

    def _goes(self, *, stepping: bool) -> None:
        """What was asked for is shown at once; the engine's own word comes after it."""
        self.runs_to = ""
        self.record.go_on()
        self.stand(held=stepping, stepping=stepping, here=None, chosen=None)

    def _may_step(self, how: How, key: str) -> bool:
        """Whether the run may make a step now; in the record it moves the view, and no run is begun by it."""
        if self.standing.here is not None and not self._forward(how, key):
            return False
        now = self.mode_now
        if now in OVER:
            self.say_over(now)
        elif now in ("interrupted", "opening"):
            self.begin_run(held=True)
            self.say(f"{'resumed' if now == 'interrupted' else 'begun'}, and held: {key} again makes the step")
        else:
            return True
        return False

    def _forward(self, how: How, key: str) -> bool:
        """Forward in the record; at the newest says so, and True the second time: now it may run."""
        here = self.standing.here
        further = onward(self.record, here, how) if here is not None else None
        if further is not None:
            self.go(further, look=True)
            return False
        if self.ask_again or self.mode_now in OVER:
            self.ask_again = False
            return True
        self.ask_again = True
        self.say(f"this is the newest: {key} again runs")
        return False
