"""Meetings: a playbook with `meeting: true` leads one; others take part by their own playbook of that kind.

All who take part hear what is said to it. It has a topic and a state that all share, and it ends when the playbook that
leads it returns.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from playbooks.language.model import AgentClass, Playbook
from playbooks.runtime.context import meeting_of
from playbooks.runtime.place import current
from playbooks.runtime.signals import UnknownTarget
from playbooks.runtime.targets import HUMAN, resolve
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.frame import Frame
    from playbooks.runtime.runtime import Runtime


class Meetings:
    """The part of a runtime that opens, joins and ends meetings."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def of(self, frame: Frame) -> str:
        """The meeting that a frame, or one that called it, leads or takes part in; empty for none."""
        return meeting_of(self._runtime.state, frame.id)

    def open(self, agent: str, playbook: Playbook, arguments: dict[str, Any]) -> str:
        """Begins a meeting and invites who must take part; gives its id."""
        runtime = self._runtime
        asked = arguments.get("attendees") or ()
        named = [*playbook.required_attendees, *([asked] if isinstance(asked, str) else list(asked))]
        self.check(named)
        for name in map(_name, named):
            if (cls := self._unmade(name)) is not None:
                runtime.agents.create(cls)
        id = str(int(runtime.state.count.get("meeting", 100)) + 1)
        topic = str(arguments.get("topic") or (playbook.description.strip().splitlines() or [playbook.name])[0])
        runtime.emit(e.MeetingBegan(id, agent, topic, playbook.name))
        self.invite(id, named)
        return id

    def check(self, targets: list[Any]) -> None:
        """Refuses names of nobody, before anything is done: a meeting half called is none.

        Raises:
            UnknownTarget: Somebody is nobody here.
        """
        for name in map(_name, targets):
            if self._unmade(name) is None:
                resolve(name, self._runtime.state, self._runtime.program)

    def invite(self, id: str, targets: list[Any]) -> tuple[str, ...]:
        """Brings agents into a meeting; one of a class that has none yet is made.

        Raises:
            UnknownTarget: Somebody is nobody here.
        """
        runtime, joined = self._runtime, []
        state, program = runtime.state, runtime.program
        self.check(targets)
        for name in map(_name, targets):
            if (cls := self._unmade(name)) is not None:
                runtime.agents.create(cls)
            for agent in resolve(name, state, program).agents:
                if agent not in state.meeting(id).attendees:
                    runtime.emit(e.MeetingJoined(id, agent))
                    joined.append(agent)
        for agent in joined:
            runtime.wake(agent)
        return tuple(joined)

    def _unmade(self, name: str) -> AgentClass | None:
        """The class of that name, when it has no agent yet."""
        cls = self._runtime.program.agent(name)
        made = any(row[0] == name for row in self._runtime.state.agents.values())
        return cls if cls is not None and cls.kind == "AI" and not made else None

    def invitation(self, agent: str) -> str:
        """The oldest meeting that the agent is in and has not begun its part of; empty for none."""
        state = self._runtime.state
        for id in state.meetings:
            row = state.meeting(id)
            if agent in row.attendees and agent != row.host and not row.ended and (id, agent) not in state.attended:
                return id
        return ""

    def part_of(self, agent: str, id: str) -> Playbook | None:
        """The playbook by which an agent takes part; None when it only listens."""
        parts = [playbook for playbook in self._runtime.agents.class_of(agent).playbooks if playbook.meeting]
        led = self._runtime.state.meeting(id).playbook
        return next((playbook for playbook in parts if playbook.name == led), parts[0] if parts else None)

    def arguments(self, id: str, part: Playbook) -> dict[str, Any]:
        """What an attendee's part is called with: those of the leader's arguments that go by the same name."""
        row = self._runtime.state.meeting(id)
        given: dict[str, Any] = {"topic": row.topic}
        for frame in self._runtime.frames.live.values():
            held = self._runtime.state.frame(frame.id)
            if (held.meeting, held.agent, held.playbook) == (id, row.host, row.playbook):
                given |= frame.arguments
        return {parameter.name: given[parameter.name] for parameter in part.parameters if parameter.name in given}

    def left_by(self, frame: int) -> list[e.Event]:
        """What becomes of a meeting when a frame is dropped: its part is over; the one that led it ends it.

        In the same step as the drop, so that no checkpoint holds a meeting that nobody leads.
        """
        state = self._runtime.state
        found: list[e.Event] = []
        pending = [frame]
        while pending:
            id = pending.pop()
            pending += state.children.get(id, ())
            if id not in state.frames or not (meeting := state.frame(id).meeting) or state.meeting(meeting).ended:
                continue
            agent, row = state.frame(id).agent, state.meeting(meeting)
            if agent != row.host:
                found.append(e.MeetingJoined(meeting, agent, False))
            else:
                found.append(e.MeetingEnded(meeting))
        return found

    def wake(self) -> None:
        """Ends the waits in meetings that are over; what was said there is heard first."""
        runtime = self._runtime
        for waiter in list(runtime.mailbox.waiters):
            meeting = waiter.target.removeprefix("meeting ")
            if meeting in runtime.state.meetings and runtime.state.meeting(meeting).ended:
                runtime.mailbox.wake(waiter.agent, waiter.target)

    def must_be_in(self, id: str, agent: str, *, to_listen: bool = False) -> None:
        """Refuses who takes no part: neither heard nor hearing there.

        Args:
            id: Of the meeting.
            agent: Who.
            to_listen: What was said can be heard after the end, but nothing said.

        Raises:
            UnknownTarget: The agent takes no part in it, or it has ended.
        """
        row = self._runtime.state.meeting(id)
        if row.ended and not to_listen:
            raise UnknownTarget(f"meeting {id} has ended: nobody hears what is said to it")
        if agent not in row.attendees and not (to_listen and (id, agent) in self._runtime.state.attended):
            raise UnknownTarget(f"this agent takes no part in meeting {id}; who does can invite it")

    def hearers(self, id: str, sender: str, named: tuple[str, ...]) -> tuple[str, ...]:
        """Who hears what is said in a meeting."""
        return tuple(a for a in named or self._runtime.state.meeting(id).attendees if a != sender)

    async def hear(self, agent: str, id: str, tick: int) -> tuple[int, ...]:
        """Ids of what was said in a meeting: all until it is quiet for a moment, or for long enough."""
        runtime = self._runtime

        def accepts(message: int) -> bool:
            return bool(runtime.state.messages[message][3] == id)

        if runtime.state.meeting(id).ended and not any(map(accepts, runtime.state.inbox.get(agent, ()))):
            return ()
        ids = await runtime.mailbox.take(agent, f"meeting {id}", tick, accepts)
        if not ids:
            return ids
        runtime.effects.working += 1
        try:
            loop = asyncio.get_running_loop()
            last = loop.time() + runtime.settings.message_batch_max_wait
            while (rest := min(runtime.settings.message_batch_timeout, last - loop.time())) > 0:
                try:
                    taken = runtime.mailbox.take(agent, f"meeting {id}", tick, accepts, more=True)
                    more = await asyncio.wait_for(taken, rest)
                except TimeoutError:
                    break
                if not more:
                    break
                ids += more
        finally:
            runtime.effects.working -= 1
        return ids


def _name(target: Any) -> str:
    return str(target).strip()


def _current(runtime: Runtime) -> str:
    id = runtime.meetings.of(current().frame)
    if not id:
        raise RuntimeError("this playbook is in no meeting")
    return id


class SharedState:
    """What the attendees of a meeting share, by attribute or by key."""

    __slots__ = ("_runtime",)

    def __init__(self, runtime: Runtime) -> None:
        object.__setattr__(self, "_runtime", runtime)

    def _name(self, name: str) -> str:
        return f"meeting {_current(self._runtime)}.{name}"

    def __getattr__(self, name: str) -> Any:
        held = current().touch(self._name(name))
        if held is None:
            raise AttributeError(f"the meeting's shared state has no {name}")
        return held[0]

    def __setattr__(self, name: str, value: Any) -> None:
        current().put(self._name(name), value)

    def __getitem__(self, name: str) -> Any:
        held = current().touch(self._name(name))
        if held is None:
            raise KeyError(name)
        return held[0]

    def __setitem__(self, name: str, value: Any) -> None:
        current().put(self._name(name), value)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of that name, or the default."""
        held = current().touch(self._name(name))
        return default if held is None else held[0]


class Meeting:
    """`meeting` in code: the one its playbook leads or takes part in."""

    __slots__ = ("_runtime",)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def _id(self) -> str:
        return _current(self._runtime)

    @property
    def id(self) -> str:
        """As a target: `meeting 101`."""
        return f"meeting {self._id()}"

    @property
    def topic(self) -> str:
        return self._runtime.state.meeting(self._id()).topic

    @property
    def attendees(self) -> list[str]:
        """As targets: `agent 1001`, `user`."""
        row = self._runtime.state.meeting(self._id())
        return ["user" if id == HUMAN else f"agent {id}" for id in row.attendees]

    @property
    def shared_state(self) -> SharedState:
        state: SharedState = self._runtime.shared_state
        return state

    def __str__(self) -> str:
        return self.id
