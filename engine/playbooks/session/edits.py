"""What a fork may change, checked against the moment it forks from and turned into events.

An edit is itself an event of the new branch, so every later resume applies it too. What can't take is refused, with
what to do instead; nothing is run to find that out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from playbooks.checkpoints import describe
from playbooks.checkpoints.codec import encode
from playbooks.checkpoints.record import Checkpoint
from playbooks.errors import UserError
from playbooks.language.keyvalues import shorten
from playbooks.language.model import Program
from playbooks.runtime.response import Response
from playbooks.runtime.source import parse
from playbooks.session.fitting import Typed, fits
from playbooks.session.reach import Reach, shown
from playbooks.state import Event, ProgramState, from_builtins
from playbooks.state import events as e
from playbooks.words import counted

NO_RESULT: Any = object()


class Edits(msgspec.Struct, frozen=True):
    """What a fork changes."""

    result: Any = NO_RESULT
    """The outcome of the awaited call that made the checkpoint."""
    set: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """`NAME` in the checkpoint's agent, `1001.NAME` in another; a leading `$` means the agent's."""
    say: tuple[tuple[str, str], ...] = ()
    """(agent, text): the newest message on its way from that agent says this instead; `human` says it anew."""
    response: str | None = None
    """Takes the place of the rest of the response, from the end of the statement under way."""
    regenerate: bool = False
    """The model is asked for the rest instead."""


class Change(msgspec.Struct, frozen=True):
    """One change, for people."""

    what: str
    now: str
    was: str = ""

    def __str__(self) -> str:
        return f"{self.what} = {self.now}" + (f", was {self.was}" if self.was else "")


class Editing:
    """Turns edits into events.

    Args:
        state: At the checkpoint forked from.
        checkpoint: That checkpoint.
        program: Says of which type a tool's result is, and which playbooks are Python; None takes any.
        trusted: Whether this user's engine wrote state and checkpoint.
    """

    def __init__(
        self, state: ProgramState, checkpoint: Checkpoint, program: Program | None = None, *, trusted: bool = True
    ) -> None:
        self.trusted = trusted
        self._state, self._checkpoint, self._program = state, checkpoint, program
        self._own = from_builtins(checkpoint.events)
        self._ended = next((event for event in reversed(self._own) if isinstance(event, e.EffectEnded)), None)
        self.reach = Reach(state, checkpoint, program, self._ended, trusted=trusted)
        self.changes: list[Change] = []

    @property
    def agent(self) -> str:
        """The agent that the checkpoint is of; of the person's, whom it is for: the person has nothing to change."""
        header, agents = self._checkpoint.header, self._state.agents
        if header.agent != "human":
            return header.agent
        return header.peer if header.peer in agents else next((id for id in agents if id != "human"), "")

    def events(self, edits: Edits) -> list[Event]:
        """The events of all changes.

        Raises:
            UserError: One of them can't take.
        """
        events: list[Event] = []
        if self._checkpoint.header.ends_program and edits != Edits():
            raise UserError(
                f"the program ends with {self._checkpoint.header.id}: a change after it is read by nobody",
                "fork from an earlier checkpoint",
            )
        if edits.result is not NO_RESULT:
            events += self._result(self.fitting(edits.result))
        for name, value in edits.set.items():
            events += self._variable(name, value)
        for agent, text in edits.say:
            events += self._message(agent, text)
        if edits.response is not None or edits.regenerate:
            events += self._response(edits.response)
        return events

    # -- the result --------------------------------------------------------------------------------------------------

    def outcome(self) -> e.EffectEnded:
        """The end of the awaited call that made the checkpoint, when what it gave can be changed.

        Raises:
            UserError: It can't.
        """
        header, ended = self._checkpoint.header, self._ended
        if ended is None:
            raise UserError(
                f"{header.id} is no result of a call", "change a variable, or fork from a call's checkpoint"
            )
        if header.kind in ("return", "end", "say", "step", "create"):
            raise UserError(f"what {shorten(header.statement, 40)} gave can't be changed", self._instead(header.kind))
        if (ended.frame, ended.unit) not in self._state.record:
            raise UserError(f"the statement of {header.id} is over", "fork with --before, or change a variable")
        return ended

    def result_type(self) -> str:
        """Of what the awaited call gives, as the program declares it: `int`, `list[str]`; empty when it does not."""
        header, ended = self._checkpoint.header, self._ended
        if header.kind == "heard":
            return "str"
        begun = ended and self._state.record.get((ended.frame, ended.unit), {}).get(("begun", ended.path, ended.n))
        cls = self._program.agent(self._state.agents[header.agent][0]) if self._program and begun else None
        playbook = cls.playbook(str(begun[1])) if cls and begun else None
        return playbook.returns if playbook else ""

    def fitting(self, given: Any) -> Any:
        """A value for the result: what was typed is read as the type that the call declares.

        Raises:
            UserError: It is of another type, or the result can't be changed at all.
        """
        self.outcome()
        declared = self.result_type()
        if isinstance(given, Typed):
            if fits(given.value, declared):
                return given.value
            if fits(given.text, declared):
                return given.text
            given = given.value
        elif fits(given, declared):
            return given
        is_ = type(given).__name__
        call = self._checkpoint.header.text.partition("(")[0] or self._checkpoint.header.statement
        raise UserError(f"{call} gives {declared}, and {describe.show(given, 40)} is {is_}", f"give it {declared}")

    def _result(self, value: Any) -> list[Event]:
        ended = self.outcome()
        was = shown(ended.outcome, trusted=self.trusted)
        data = encode(value).data
        self.changes.append(Change("result", describe.show(value, 80), was))
        events: list[Event] = [e.EffectEnded(ended.frame, ended.unit, ended.path, ended.n, ended.tick, True, data)]
        for index, (kind, text) in sorted(self._state.transcript.get(ended.frame, {}).items(), reverse=True)[:1]:
            if kind in ("result", "heard") and any(isinstance(event, e.Noted) for event in self._own):
                call = text.partition(" returned ")[0] if kind == "result" else text.partition(" said: ")[0]
                joint = "returned" if kind == "result" else "said:"
                now = value if kind == "heard" and isinstance(value, str) else describe.show(value, 1000)
                events.append(e.Noted(ended.frame, kind, f"{call} {joint} {now}", index))
        return events + (self._heard(value) if isinstance(value, str) else [])

    def _heard(self, text: str) -> list[Event]:
        """The one message that was taken says this, unless others were told it too: they go by what they heard."""
        taken = next((event for event in self._own if isinstance(event, e.MessagesTaken)), None)
        if self._checkpoint.header.kind != "heard" or taken is None or len(taken.ids) != 1:
            return []
        row = self._state.message(taken.ids[0])
        if row.receivers != (taken.agent,):
            return []
        sent = e.MessageSent(taken.ids[0], row.sender, row.receivers, text, row.meeting)
        return [sent, taken]  # sent anew, and on its way no more

    @staticmethod
    def _instead(kind: str) -> str:
        if kind == "say":
            return 'change the message with --say "AGENT: TEXT"'
        if kind in ("return", "end"):
            return "fork with --before and change what it returns, or change the caller's result"
        return "change a variable instead"

    # -- variables ---------------------------------------------------------------------------------------------------

    def _variable(self, name: str, value: Any) -> list[Event]:
        state = self._state
        agent, dot, rest = name.partition(".")
        if not dot:
            agent, rest = self.agent, name
        if agent == "human" or agent not in state.agents:
            there = ", ".join(id for id in state.agents if id != "human")
            raise UserError(f"{name}: there is no agent {agent} at {self._checkpoint.header.id}", f"there are {there}")
        plain = rest.lstrip("$")
        if not plain.isidentifier():
            raise UserError(f"{name} is no variable", "write NAME=VALUE, or 1001.NAME=VALUE for another agent")
        frame, tick = self.reach.reached(agent)
        was = self.reach.value(agent, plain, frame)
        if was is None and not rest.startswith("$") and not self.reach.assigns(frame, plain):
            known = ", ".join(sorted(self.reach.names(agent, frame))) or "none"
            raise UserError(
                f"{agent} has no variable {plain} at {self._checkpoint.header.id}",
                f"it has: {known}; ${plain} makes a new one of the agent's",
            )
        if (python := self.reach.python_owner(frame, plain)) and not rest.startswith("$"):
            raise UserError(
                f"{plain} is a local of {python}, which is Python under way: it can't be changed",
                "change a result or one of the agent's variables, or fork from before it was called",
            )
        owner = self.reach.owner(plain, frame)
        if setter := self.reach.setter(frame, plain):
            raise UserError(f"{plain}: {setter} sets it next", "change the result instead (--result)")
        if not rest.startswith("$") and owner not in (0, frame) and (setter := self.reach.setter(owner, plain)):
            raise UserError(f"{plain}: {setter} sets it next", "change what that waits for instead")
        agents = rest.startswith("$") or (was is not None and not owner)
        if holder := self.reach.holder(agent, 0 if agents else owner or frame, plain):
            raise UserError(
                f"{plain}: {holder} has read it already, and goes on with what it was",
                "fork from before that statement began",
            )
        what = f"{'' if agent == self.agent else agent + '.'}{'$' if agents or not frame else ''}{plain}"
        self.changes.append(Change(what, describe.show(value, 80), was or ""))
        data = encode(value).data
        if frame == 0 or rest.startswith("$"):
            return [e.VariableWritten(agent, plain, data)]
        return [e.EditPlaced(frame, state.progress_of(frame).unit, tick, plain, data)]

    def responding(self) -> int:
        """The innermost frame of the checkpoint's agent whose code is a model's and under way; 0 when there is none."""
        frame, _ = self.reach.reached(self.agent)
        return next((id for id in reversed(self.reach.stack(frame)) if id in self._state.response), 0)

    # -- messages ----------------------------------------------------------------------------------------------------

    def _message(self, agent: str, text: str) -> list[Event]:
        state = self._state
        agent = "human" if agent.strip() in ("user", "you") else agent.strip()
        on_its_way = [
            id
            for id in state.messages
            if state.messages[id][0] == agent
            and any(id in state.inbox.get(receiver, ()) for receiver in state.messages[id][1])
        ]
        if on_its_way:
            id = max(on_its_way)
            row = state.message(id)
            self.changes.append(Change(f"message of {agent}", text, row.text))
            return [e.MessageSent(id, row.sender, row.receivers, text, row.meeting)]
        if agent not in state.agents:
            there = ", ".join(id for id in state.agents if id != "human")
            raise UserError(f"there is no agent {agent} at {self._checkpoint.header.id}", f"there are {there}")
        if agent != "human":
            raise UserError(
                f"{agent} has no message on its way at {self._checkpoint.header.id}",
                "fork from the checkpoint that says it, before it is heard",
            )
        receivers = [id for id in state.agents if id != "human"][:1]
        self.changes.append(Change("you say", text))
        return [e.MessageSent(int(state.count.get("message", 0)) + 1, "human", tuple(receivers), text)]

    # -- the response ------------------------------------------------------------------------------------------------

    def _response(self, rest: str | None) -> list[Event]:
        state = self._state
        frame = self.responding()
        text = state.response.get(frame) if frame else None
        if text is None:
            fix = "leave --regenerate away: the model is asked for what comes next" if rest is None else (
                "fork from a checkpoint inside the response"
            )  # fmt: skip
            raise UserError(f"no response is under way at {self._checkpoint.header.id}", fix)
        progress = state.progress_of(frame)
        response = Response(text, state.whole.get(frame, 0), True)
        begun = progress.offset + ((frame, progress.unit) in state.record)
        code = response.code
        kept = code[: response.end_of(begun)]
        if rest is None:
            self.changes.append(Change("rest of the response", "asked for anew"))
            return [e.ResponseReceived(frame, kept + "\n" if kept else "", replace=True), e.ResponseCut(frame)]
        try:
            parse(rest)
        except SyntaxError as error:
            raise UserError(f"line {error.lineno} of the response: {error.msg}", "mend it: it must be Python") from None
        self.changes.append(Change("rest of the response", f"{counted(len(rest.splitlines()), 'line')} of yours"))
        whole = f"{kept}\n{rest}" if kept else rest
        events: list[Event] = [e.ResponseReceived(frame, whole, replace=True)]
        return [*events, e.ResponseEnded(frame, 0, 0, 0.0)] if not progress.ended else events
