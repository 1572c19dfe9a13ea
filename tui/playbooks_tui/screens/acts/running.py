"""Run control: run, pause, step. While looking back, steps move the view and run nothing."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import OVER, Acts


class RunningActs(Acts):
    """What starts and stops the run."""

    def action_run_or_pause(self) -> None:
        if not self.standing.held and self.mode_now in ("running", "waiting"):
            self.action_pause()
        else:
            self.action_run()

    def action_pause(self) -> None:
        self.stand(held=True, stepping=False)
        self.bridge.session.pause()

    def action_run(self) -> None:
        now = self.mode_now
        if now in OVER:
            self.say(OVER[now])
        elif now in ("interrupted", "opening"):
            self.begin_run(held=False)
        else:
            self.stand(held=False, stepping=False, here=None, chosen=None)
            self.bridge.session.go()

    def action_step_over(self) -> None:
        self._step()

    def action_step_into(self) -> None:
        self._step()

    def action_step_out(self) -> None:
        self._step()

    def action_step_any(self) -> None:
        self._step()

    def action_run_to(self) -> None:
        self.say("not there yet")

    def _step(self) -> None:
        if self.standing.here is not None and not self._forward():
            return
        now = self.mode_now
        if now in OVER:
            self.say(OVER[now])
        elif now in ("interrupted", "opening"):
            self.begin_run(held=True)
        else:
            self.stand(held=True, stepping=True, here=None, chosen=None)
            self.bridge.session.step()

    def _forward(self) -> bool:
        """One forward in the record; at the newest says so, and True the second time: now it may run."""
        here = self.standing.here
        further = self.after(here) if here is not None else None
        if further is not None:
            self.go(further, look=True)
            return False
        if self.ask_again or self.mode_now in OVER:
            self.ask_again = False
            return True
        self.ask_again = True
        self.say("this is the newest: n again runs one step")
        return False
