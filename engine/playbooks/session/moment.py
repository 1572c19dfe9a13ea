"""A past moment of a session, to be looked at: folded from its checkpoints, never executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from playbooks.checkpoints.codec import DamagedValue, Described, decode
from playbooks.checkpoints.record import Header
from playbooks.runtime.notices import AgentView, MessageView
from playbooks.runtime.response import Response
from playbooks.runtime.stored_names import StoredNames
from playbooks.state import ProgramState
from playbooks.state.rows import MessageRow


class FrameView(msgspec.Struct, frozen=True):
    """A playbook call on the stack."""

    id: int
    playbook: str
    arguments: Mapping[str, Any]
    step: str
    """The last step it reached, `Haggle:02:CND`; empty before the first."""
    line: int
    """Of its response, where it goes on; 0 in Python."""


class ResponseView(msgspec.Struct, frozen=True):
    """A response, as far as it was received."""

    text: str
    code: str
    ran: int
    """Lines of `code` that are complete."""
    ended: bool
    turn: int


class Said:
    """All that was said on a branch so far and from then on: made into views when somebody looks, as a run hardly does.

    Args:
        state: At that moment; it may change afterwards.
    """

    def __init__(self, state: ProgramState) -> None:
        self._rows = dict(state.messages)
        self._waiting: dict[int, set[str]] = {}
        """Message → who has not taken it."""
        for agent, ids in state.inbox.items():
            for id in ids:
                self._waiting.setdefault(id, set()).add(agent)
        self._since: list[MessageView] = []

    def add(self, message: MessageView) -> None:
        """What was said next."""
        self._since.append(message)

    @property
    def views(self) -> list[MessageView]:
        """Oldest first."""
        return [*self._before, *self._since]

    @cached_property
    def _before(self) -> list[MessageView]:
        views = []
        for id in sorted(self._rows):
            row = MessageRow._make(self._rows[id])
            waiting = self._waiting.get(id)
            taken = tuple([agent for agent in row.receivers if agent not in waiting]) if waiting else row.receivers
            views.append(MessageView(id, row.sender, row.receivers, row.text, row.meeting, taken))
        return views


class Moment:
    """The state at a checkpoint.

    Args:
        header: Of the checkpoint.
        state: Folded to it; not changed any more.
        trusted: Whether this user's engine wrote all of it; else it is decoded slower, proof against crafted sizes.
    """

    def __init__(self, header: Header, state: ProgramState, *, trusted: bool = True) -> None:
        self.header, self.state, self.trusted = header, state, trusted

    @cached_property
    def agents(self) -> Mapping[str, AgentView]:
        """Id → agent, in the order they appeared; `human` first."""
        return {id: self._view(id) for id in self.state.agents}

    def _view(self, id: str) -> AgentView:
        row = self.state.agent(id)
        over = self.header.ends_program  # what was under way then is left where it stood, and runs no more
        frames = () if over else self._frames(id)
        waits = "" if over else self._waits_for(id)
        innermost = frames[-1] if frames else 0
        status: Any = (
            row.status if row.status == "failed" else "idle" if not frames else "waiting" if waits else "running"
        )
        return AgentView(
            id,
            row.class_name,
            status,
            waits,
            self.state.step.get(innermost, ""),
            self.state.frames[innermost][1] if innermost else "",
            row.created_by,
            row.error,
        )

    def _frames(self, agent: str) -> list[int]:
        return sorted(id for id, row in self.state.frames.items() if row[0] == agent and id not in self.state.returned)

    def _waits_for(self, agent: str) -> str:
        """Whom its oldest `Yld` in flight waits for, as the program wrote it."""
        for frame in self._frames(agent):
            record = self.state.record.get((frame, self.state.progress_of(frame).unit), {})
            for key, value in record.items():
                if key[0] == "begun" and value[1] == "Yld" and ("ended", *key[1:]) not in record:
                    return str(value[3]) if len(value) > 3 else "a message"
        return ""

    @cached_property
    def messages(self) -> list[MessageView]:
        """All that was said, oldest first."""
        return Said(self.state).views

    @cached_property
    def coming(self) -> Mapping[str, Sequence[MessageRow]]:
        """Agent → messages to it that it has not taken, oldest first. Of a long session all `messages` take longer."""
        found = {}
        for agent, ids in self.state.inbox.items():
            rows = [self.state.message(id) for id in sorted(ids) if id in self.state.messages]
            found[agent] = [row for row in rows if agent in row.receivers]
        return {agent: rows for agent, rows in found.items() if rows}

    @property
    def calls(self) -> int:
        """Model calls on the way here; one that was served from the record asked nobody."""
        return self.state.calls

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """In and out, of all calls on the way here; None: unknown."""
        return self.state.tokens

    @property
    def cost(self) -> float | None:
        """US dollars, of all calls on the way here; None: unknown."""
        return self.state.cost

    def call_stack(self, agent: str) -> list[FrameView]:
        """The agent's calls, outermost first."""
        views = []
        for id in self._frames(agent):
            row = self.state.frame(id)
            views.append(FrameView(id, row.playbook, self._arguments(id), self.state.step.get(id, ""), self._line(id)))
        return views

    def variables(self, agent: str) -> dict[str, Any]:
        """Name → value, decoded to be looked at: the agent's with `$`, its innermost frame's without."""
        found = {f"${name}": self._looked_at(data) for name, data in self.state.variables.get(agent, {}).items()}
        frames = self._frames(agent)
        if frames:
            found.update(self.frame_variables(frames[-1]))
        return found

    def frame_variables(self, frame: int) -> dict[str, Any]:
        """Name → value of what one call's frame owns, as its last complete unit left them; of a new one its
        arguments."""
        own: dict[str, Any] = {}
        for group, data in self.state.names.get(frame, {}).items():
            try:
                own.update(StoredNames.load({group: data}, self._decoded))
            except DamagedValue as error:
                own.update(dict.fromkeys(group.split(" "), _damaged(error)))
        return {name: value for name, value in (own or self._arguments(frame)).items() if name[:2] != "__"}

    def _arguments(self, frame: int) -> dict[str, Any]:
        data = self.state.frame(frame).arguments
        arguments = self._looked_at(data) if data else {}
        return arguments if isinstance(arguments, dict) else {}

    def _decoded(self, data: bytes) -> Any:
        return decode(data, trusted=self.trusted)

    def _looked_at(self, data: bytes) -> Any:
        try:
            return self._decoded(data)
        except DamagedValue as error:
            return _damaged(error)

    def response(self, agent: str) -> ResponseView | None:
        """The innermost response of the agent's; None when it has none."""
        for id in reversed(self._frames(agent)):
            text = self.state.response.get(id)
            if text is not None:
                progress = self.state.progress_of(id)
                response = Response(text, self.state.whole.get(id, 0), progress.ended)
                code = response.code
                ran = code[: response.end_of(progress.offset)].count("\n") + 1 if progress.offset else 0
                return ResponseView(text, code, ran, progress.ended, progress.turn)
        return None

    def _line(self, frame: int) -> int:
        text = self.state.response.get(frame)
        if text is None:
            return 0
        offset = self.state.progress_of(frame).offset
        statements = Response(text, self.state.whole.get(frame, 0), True).statements
        return statements[offset].line if offset < len(statements) else 0


def _damaged(error: DamagedValue) -> Described:
    return Described("damaged", str(error))
