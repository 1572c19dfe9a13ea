"""The state of a running program as plain data.

Apart from `reducing`, the one function that says how it changes, because most of the engine only reads it.

Tables are dicts of builtin values. Flat ones map a key to a row (`state.rows`); nested ones map a key to a small
dict, so that adding a message or an effect writes that alone.
"""

from __future__ import annotations

from typing import Any

from playbooks.state.changes import Changes, Tables, apply_merged
from playbooks.state.rows import AgentRow, AskedRow, FrameRow, MeetingRow, MessageRow, ProgressRow

FLAT = (
    "session",
    "count",
    "agents",
    "frames",
    "returned",
    "progress",
    "response",
    "whole",
    "step",
    "asked",
    "messages",
    "meetings",
    "attended",
)
NESTED = ("variables", "names", "record", "children", "transcript", "inbox", "artifacts", "triggers")


class ProgramState:
    """All of a program at one moment.

    Attributes:
        tables: Name → table, for folding and merging.
    """

    __slots__ = (*FLAT, *NESTED, "tables")

    session: dict[str, Any]
    """`hash`, `roots`, `files`, `model`, `message`, `settings`, `branch`; of a fork that set
    it, `temperature`."""
    count: dict[str, Any]
    """`tick`, `frame`, `message`, `agent`, `meeting`, `call`; `input_tokens`, `output_tokens`, `cost` (−1: unknown)."""
    agents: dict[str, tuple[Any, ...]]
    frames: dict[int, tuple[Any, ...]]
    returned: dict[int, bytes]
    progress: dict[int, tuple[Any, ...]]
    response: dict[int, str]
    whole: dict[int, int]
    """frame → how much of a response that broke off once is whole statements."""
    step: dict[int, str]
    asked: dict[int, tuple[Any, ...]]
    messages: dict[int, tuple[Any, ...]]
    meetings: dict[str, tuple[Any, ...]]
    attended: dict[tuple[str, str], bool]
    """(meeting, agent): the agent began its part in it."""
    variables: dict[str, dict[str, bytes]]
    """agent → name → encoded value."""
    names: dict[int, dict[str, bytes]]
    """frame → name or group → encoded value."""
    record: dict[tuple[int, int], dict[tuple[Any, ...], Any]]
    """(frame, unit) → what its replay is served; see `runtime.replay`."""
    children: dict[int, dict[int, bool]]
    """frame → frames it called that are still there."""
    transcript: dict[int, dict[int, tuple[str, str]]]
    inbox: dict[str, dict[int, bool]]
    """agent → ids of messages it has not taken."""
    artifacts: dict[str, dict[str, tuple[str, bytes]]]
    triggers: dict[str, dict[int, str]]

    def __init__(self) -> None:
        self.tables: Tables = {name: {} for name in (*FLAT, *NESTED)}
        for name, table in self.tables.items():
            setattr(self, name, table)

    def apply(self, changes: Changes) -> None:
        """Makes merged changes."""
        apply_merged(self.tables, changes.tables)

    def copy(self) -> ProgramState:
        """The same state, to be changed apart from this one; rows are shared, since nobody changes one."""
        made = ProgramState()
        for name in FLAT:
            made.tables[name].update(self.tables[name])
        for name in NESTED:
            made.tables[name].update({key: dict(inner) for key, inner in self.tables[name].items()})
        return made

    def agent(self, id: str) -> AgentRow:
        return AgentRow._make(self.agents[id])

    def frame(self, id: int) -> FrameRow:
        return FrameRow._make(self.frames[id])

    def progress_of(self, frame: int) -> ProgressRow:
        row = self.progress.get(frame)
        return ProgressRow._make(row) if row else ProgressRow()

    @property
    def calls(self) -> int:
        """Model calls that were made; a response that was served from the record is none."""
        return int(self.count.get("call", 0)) - int(self.count.get("served", 0))

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """In and out, of all calls that were made; None: unknown."""
        into, out = (self.count.get(name, 0) for name in ("input_tokens", "output_tokens"))
        return (None if into < 0 else int(into), None if out < 0 else int(out))

    @property
    def cost(self) -> float | None:
        """US dollars, of all calls that were made; None: unknown."""
        cost = self.count.get("cost", 0)
        return None if cost < 0 else float(cost)

    def asked_of(self, frame: int) -> AskedRow | None:
        row = self.asked.get(frame)
        return AskedRow._make(row) if row else None

    def message(self, id: int) -> MessageRow:
        return MessageRow._make(self.messages[id])

    def meeting(self, id: str) -> MeetingRow:
        return MeetingRow._make(self.meetings[id])

    def stack(self, frame: int) -> list[int]:
        """The frames from the outermost caller of the same agent to `frame`."""
        agent, chain = self.frames[frame][0], []
        while frame and self.frames[frame][0] == agent:
            chain.append(frame)
            frame = self.frames[frame][3]
        return chain[::-1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProgramState) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]


MEETINGS = "meetings"


def owner(agent: str, name: str) -> str:
    """Whose variable a name is: `meeting 101.topic` is in the meetings' shared state, any other the agent's."""
    return MEETINGS if " " in name else agent
