"""Run, pause and step: where effects are held before they begin, and when a run comes to a stop.

Apart so that the effects know one question, *may this begin?*. A step of one agent lets all others run on, as a
debugger's `next` does with threads: what it waits for may be theirs. When it is done every agent stops at its next
await; what is under way by then still ends, and its checkpoint is made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import msgspec

from playbooks.runtime.breakpoint import Breakpoint
from playbooks.runtime.breakpoints import Beginning, Breakpoints, Hit, Said, meets, of, reaches
from playbooks.runtime.frame import Frame
from playbooks.runtime.notices import BreakpointHit, Stop, Stopped
from playbooks.runtime.targets import HUMAN

if TYPE_CHECKING:
    from playbooks.checkpoints.record import Header
    from playbooks.runtime.call import Call, Running
    from playbooks.runtime.runtime import Runtime

Step = Literal["over", "into", "out", "to"]


class _Goal(msgspec.Struct, frozen=True):
    """What a step is after."""

    step: Step
    agent: str = ""
    frame: int = 0
    """Where the agent stood; 0: nowhere."""
    to: Breakpoint | None = None
    again: Header | None = None
    """A checkpoint whose place is to be come to once more."""

    @property
    def text(self) -> str:
        if self.to is not None:
            return self.to.where
        return f"to {self.again.statement}" if self.again is not None else f"step {self.step}"


class _Gate(msgspec.Struct, eq=False):
    """Somebody who may not begin yet."""

    agent: str
    frame: int
    waits: bool
    """What begins waits for others, and ends only when they act."""
    opened: asyncio.Future[None]


class Control:
    """Holds effects while the run is paused, and lets them through for a step.

    Args:
        runtime: Whose.
        breakpoints: Those of the session.
    """

    def __init__(self, runtime: Runtime, breakpoints: Breakpoints | None = None) -> None:
        self._runtime = runtime
        self.breakpoints = breakpoints or Breakpoints()
        self.holds = False
        """Effects must ask before they begin."""
        self.held = False
        """Nothing begins by itself."""
        self.stop: Stop | None = None
        """Why it is held."""
        self.at = 0
        """The frame whose checkpoint is being made; 0: none's."""
        self._told = True
        self._goal: _Goal | None = None
        self._any: Literal["", "open", "spent"] = ""
        """A step of any agent: something may still be let through, or was."""
        self._gates: list[_Gate] = []
        self._models: list[_Gate] = []
        self._last: Header | None = None

    # -- what the person wants -----------------------------------------------------------------------------------------

    @property
    def gated(self) -> bool:
        """Somebody stands at the gate."""
        return any(not gate.opened.done() for gate in (*self._gates, *self._models))

    def run(self) -> None:
        """Lets everything go on."""
        self._release(None)

    def pause(self) -> None:
        """Every agent stops at its next await."""
        if not self.held:
            self._stop(Stop("pause", *self._newest(), "paused"))

    def step(self) -> None:
        """To the next checkpoint of any agent: lets one effect begin."""
        self._goal, self.held, self._any, self.stop, self._told = None, True, "open", None, False
        self.changed()
        self._going()
        self._open(self._models)
        self._pass()
        self._runtime.standstill.poke()

    def step_agent(self, step: Step, agent: str = "") -> None:
        """A step of one agent, the one that came to a checkpoint last unless named; the others run free.

        Args:
            step: `over`: to the next await that completes in the same call or a caller; `into`: to the very next of
                the agent, or of what it calls; `out`: until the call returns.
            agent: Its id.
        """
        agent = agent if agent in self._runtime.state.agents and agent != HUMAN else self._stepping()
        self._release(_Goal(step, agent, self._frame(agent)))

    def run_to(self, to: Breakpoint | None = None, again: Header | None = None) -> None:
        """Runs until a place is come to, or anything else stops the run.

        Args:
            to: A breakpoint that is set for this once.
            again: Or: a checkpoint whose agent, step and statement are to be come to again.
        """
        self._release(_Goal("to", to=to, again=again))

    def changed(self) -> None:
        """Breakpoints or what is wanted changed: effects ask only when they must."""
        self.holds = self.held or self.breakpoints.begins or (self._goal is not None and self._goal.to is not None)

    def watch(self, breakpoints: Breakpoints) -> None:
        """Takes over a session's breakpoints."""
        self.breakpoints = breakpoints
        breakpoints.prime(self._runtime.state)
        self.changed()

    def _release(self, goal: _Goal | None) -> None:
        self._goal, self.held, self._any, self.stop, self._told = goal, False, "", None, True
        self.changed()
        self._going()
        self._open(self._gates)
        self._open(self._models)

    def _going(self) -> None:
        if self._runtime.under_way and self._runtime.status in ("paused", "pausing"):
            self._runtime.set_status("running")

    def _stepping(self) -> str:
        """The agent that a step is of when none is named: of the last checkpoint, else one that is held."""
        agent = self._last.agent if self._last is not None else ""
        if agent and agent != HUMAN and self._frame(agent):
            return agent
        return next((gate.agent for gate in (*self._gates, *self._models)), agent)

    def _frame(self, agent: str) -> int:
        held = [gate.frame for gate in (*self._gates, *self._models) if gate.agent == agent]
        live = [frame.id for frame in self._runtime.frames.live.values() if frame.agent == agent]
        return held[0] if held else max(live, default=0)

    # -- before something begins ---------------------------------------------------------------------------------------

    async def gate(self, running: Running, call: Call) -> None:
        """Returns when the call may begin."""
        if self.breakpoints.begins or self._goal is not None:
            self._before(self._beginning(running, call))
        if self.held:
            await self._wait(_Gate(running.frame.agent, running.frame.id, call.waits, self._future()), self._gates)

    async def gate_model(self, frame: Frame) -> None:
        """Returns when a model may be asked."""
        new = not frame.parent and frame.response is None and not self._runtime.state.progress_of(frame.id).turn
        if new and (self.breakpoints.begins or self._goal is not None):
            self._before(Beginning(frame.agent, frame.playbook.name, playbook=True))
        if self.held and not self._any:
            await self._wait(_Gate(frame.agent, frame.id, False, self._future()), self._models)

    async def gate_message(self, agent: str, tick: int) -> None:
        """Returns when what waited for a message may take it: while all is held, nothing goes on by itself.

        Args:
            agent: Who waits.
            tick: When its effect began.
        """
        frame = next((running.frame.id for running in self._runtime.effects.in_flight if running.tick == tick), 0)
        await self._wait(_Gate(agent, frame, False, self._future()), self._gates)

    def _future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    async def _wait(self, gate: _Gate, gates: list[_Gate]) -> None:
        gates.append(gate)
        self._pass()
        self._runtime.standstill.poke()
        try:
            await gate.opened
        finally:
            if gate in gates:
                gates.remove(gate)

    def _pass(self) -> None:
        """Lets gates through in the order they were come to, up to one that does something by itself."""
        while self._any == "open" and self._gates:
            gate = self._gates.pop(0)
            if not gate.opened.done():
                gate.opened.set_result(None)
                self._any = "open" if gate.waits else "spent"

    def _open(self, gates: list[_Gate]) -> None:
        for gate in gates:
            if not gate.opened.done():
                gate.opened.set_result(None)
        gates.clear()

    def _beginning(self, running: Running, call: Call) -> Beginning:
        frame = running.frame
        statement, line = self._runtime.positions.statement(call.code, call.instruction, call.line)
        playbook = call.playbook
        return Beginning(
            frame.agent,
            call.label,
            call.kind in ("tool", "await"),
            playbook,
            frame.playbook.name,
            statement or f"await {call.label}()",
            line if frame.playbook.mode != "python" else 0,
        )

    def _before(self, beginning: Beginning) -> None:
        state = self._runtime.state
        wanted = self._goal.to if self._goal is not None else None
        if wanted is not None and meets(wanted, beginning) and of(wanted, beginning.agent, state):
            self._stop(Stop("step", beginning.agent, self._newest()[1], f"{wanted.where} at {beginning.statement}"))
        if self.breakpoints.begins:
            for hit in self.breakpoints.before(beginning, state):
                self._hit(hit)

    # -- after a checkpoint --------------------------------------------------------------------------------------------

    def committed(self, header: Header) -> None:
        """A checkpoint was made: a step may end with it, a breakpoint be hit."""
        if header.kind == "start":
            return
        at, self.at, self._last = self.at, 0, header
        if self.breakpoints.commits:
            for hit in self.breakpoints.after(header, self._runtime.state, self._said):
                self._hit(hit)
        if self._any:
            self._any = ""
            self._stop(Stop("step", header.agent, header.id, "step"))
        elif self._goal is not None and self._reached(self._goal, header, at):
            self._stop(Stop("step", header.agent, header.id, self._goal.text))

    def _reached(self, goal: _Goal, header: Header, at: int) -> bool:
        state = self._runtime.state
        if goal.to is not None:
            return of(goal.to, header.agent, state) and reaches(goal.to, header, state, self._said)
        if goal.again is not None:
            return _place(goal.again) == _place(header)
        if goal.step == "out" and goal.frame:
            row = state.frames.get(goal.frame)
            return row is None or (not row[3] and goal.frame in state.returned)
        below = self._is_below(at, goal.frame)
        return (header.agent == goal.agent and not below) or (goal.step == "into" and below)

    def _is_below(self, frame: int, above: int) -> bool:
        """Whether a frame was called from another, at any depth."""
        frames = self._runtime.state.frames
        while above and frame in frames and frame != above:
            frame = frames[frame][3]
            if frame == above:
                return True
        return False

    def _said(self) -> Said | None:
        state = self._runtime.state
        row = state.messages.get(int(state.count.get("message", 0)))
        return Said(row[0], row[1], row[2]) if row else None

    # -- stopping ------------------------------------------------------------------------------------------------------

    def _hit(self, hit: Hit) -> None:
        runtime = self._runtime
        checkpoint = self._newest()[1]
        if not hit.stops:
            runtime.output(hit.agent, hit.text, "log")
        runtime.notify(
            BreakpointHit(hit.id, str(hit.breakpoint), hit.agent, checkpoint, hit.text, hit.count, hit.stops)
        )
        if hit.stops:
            self._stop(Stop("breakpoint", hit.agent, checkpoint, hit.text, hit.id))

    def _stop(self, stop: Stop) -> None:
        if self.held and self.stop is not None:
            return  # the first reason is the one that is told
        self.stop, self.held, self._goal, self._any, self._told = stop, True, None, "", False
        self.changed()
        if self._runtime.under_way and self._runtime.status in ("running", "waiting", "paused"):
            self._runtime.set_status("pausing", stop.text)
        self._runtime.standstill.poke()

    def rested(self) -> None:
        """Every agent has stopped or waits."""
        self.stop = self.stop or Stop("step", *self._newest(), "step")
        self._runtime.set_status("paused", self.stop.text)
        if not self._told:
            self._told = True
            self._runtime.notify(Stopped(self.stop))

    def busy(self) -> bool:
        """Whether, held, somebody still comes to an await: a tool at work, a model that writes the next statement."""
        runtime = self._runtime
        at_rest = {gate.frame for gate in (*self._gates, *self._models) if not gate.opened.done()}
        for running, call in runtime.effects.in_flight.items():
            if not call.waits and call.label != "sleep":
                return True
            at_rest.add(running.frame.id)
        return any(
            frame.response is not None
            and frame.response.task is not None
            and not frame.response.task.done()
            and frame.id not in at_rest
            for frame in runtime.frames.live.values()
        )

    def _newest(self) -> tuple[str, str]:
        """Agent and id of the newest checkpoint."""
        head = self._last or self._runtime.journal.head
        return (head.agent, head.id) if head is not None else ("", "")


def _place(header: Header) -> tuple[str, str, str, str, str]:
    return header.agent, header.kind, header.playbook, header.step, header.statement
