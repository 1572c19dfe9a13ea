"""When nothing goes on by itself any more, and what that means: paused, waiting for the person, finished, or stuck.

Apart because nothing tells it; it is found out. Something pokes when it begins to wait, and when then nothing happens
for some rounds of the loop, everything waits.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playbooks.runtime.place import here

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

_QUIET_ROUNDS = 12
"""Rounds of the loop in which nothing must happen before a run counts as standing still."""


class Standstill:
    """Watches one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._checking = False

    def poke(self) -> None:
        """Something began to wait: see whether everything does."""
        if not self._checking and self._runtime.under_way:
            self._checking = True
            asyncio.get_running_loop().call_soon(self._check, _QUIET_ROUNDS, self._runtime.effects.activity)

    def _check(self, rounds: int, activity: int) -> None:
        if self._runtime.effects.activity != activity:
            rounds, activity = _QUIET_ROUNDS, self._runtime.effects.activity
        control = self._runtime.control
        busy = control.busy() if control.held else self._runtime.effects.working
        if busy or self._runtime.stopping:
            self._checking = False
            return
        if rounds:
            asyncio.get_running_loop().call_soon(self._check, rounds - 1, activity)
            return
        self._checking = False
        if not control.held and (at := self._program_timer()) is not None:
            asyncio.get_running_loop().call_at(at, self.poke, context=self._runtime.clean_context)
            return
        self._judge()

    def _program_timer(self) -> float | None:
        """When the first timer goes off that a program's own code set with the loop; None when there is none.

        What it will do nobody knows: an event that it sets may be all that the code waits for.
        """
        timers = getattr(asyncio.get_running_loop(), "_scheduled", ())
        own = (timer for timer in timers if not timer.cancelled() and timer._context.get(here) is not None)
        return min((timer.when() for timer in own), default=None)

    def _judge(self) -> None:
        """Everything waits: paused, waiting for the person, finished, or stuck."""
        if self._runtime.replay.scripted:
            why = f": {instead}" if (instead := self._runtime.replay.instead) else ""
            self._runtime.fail(
                f"the resume stands still before {self._runtime.replay.stuck_on()}, which does not happen again{why};"
                " the files are as they were"
            )
            return
        control = self._runtime.control
        if control.gated or (control.held and self._runtime.effects.working):
            control.rested()
            return
        waiting = self._runtime.mailbox.waiters
        undecided = self._runtime.intents.asked
        if undecided or self._runtime.mailbox.asking():
            if self._runtime.input_closed:
                self._runtime.needs_input = True
                self._runtime.finish("interrupted")
            else:
                phrase = f"{undecided[0].call} may have run: you decide" if undecided else "waits for you"
                self._runtime.set_status("waiting", phrase)
            return
        runtime = self._runtime
        rows = runtime.state.agents.values()
        reasons = [f"{row[0]} failed: {row[4]}" for row in rows if row[3] == "failed"]
        if not runtime.effects.in_flight and not runtime.frames.live:
            if reasons:
                runtime.fail("; ".join(reasons))
            else:
                runtime.end()
            return
        title = runtime.agents.title
        reasons += [f"{title(waiter.agent)} waits for {self._waited(waiter.target)}" for waiter in waiting]
        runtime.fail("; ".join(reasons) or "every agent waits for something that does not come")

    def _waited(self, target: str) -> str:
        agent = target.removeprefix("agent ")
        if agent not in self._runtime.state.agents:
            return target
        idle = agent in self._runtime.actors.idle and self._runtime.state.agent(agent).status != "failed"
        return self._runtime.agents.title(agent) + (", which has nothing left to do" if idle else "")
