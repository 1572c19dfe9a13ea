"""Everything that can happen, one small record a kind.

Apart from what they do to the state (`reducing`) because they are the file format: a kind may gain a field with a
default, never lose or reorder one. Encoded values are `bytes` here; only `checkpoints.codec` knows what is in them.

An effect's place is `(frame, unit, path, n)`: the frame that called it, which of the frame's units, the task's path
among its siblings, and which call of that task.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Path = tuple[int, ...]


class Record(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of all events."""


# -- the session -------------------------------------------------------------------------------------------------------


class SessionStarted(Record, frozen=True):
    """The root of the tree: what was asked to run, whole, so that it can run again after the files changed."""

    program_hash: str
    roots: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    """(path, text) of every file of the program."""
    model: str
    message: str = ""
    settings: tuple[tuple[str, Any], ...] = ()
    """Limits that decide how the program runs: `max_llm_calls`, `artifact_result_threshold`, …"""


class Forked(Record, frozen=True):
    """The first event of a branch: what it changed."""

    branch: str
    edits: tuple[tuple[str, str], ...] = ()
    """(what, how) for people: `$price`, `80, was 95`."""
    model: str = ""
    program_hash: str = ""
    roots: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    temperature: float | None = None


# -- agents ------------------------------------------------------------------------------------------------------------


class AgentCreated(Record, frozen=True):
    agent: str
    class_name: str
    created_by: str = ""
    """Id of the agent that made it; empty at the start of the program."""
    name: str = ""


class AgentStatus(Record, frozen=True):
    """`idle`, `running`, `finished` or `failed`; waiting is derived from what is in flight."""

    agent: str
    status: str
    error: str = ""


class RootStarted(Record, frozen=True):
    """The agent began its nth playbook of its own accord: a trigger at the start, or messages that it listens to."""

    agent: str
    n: int
    frame: int
    meeting: str = ""
    """It takes part in this one by it."""


class VariableWritten(Record, frozen=True):
    """An agent's variable; `data` None deletes it. A meeting's shared state is the variables of the agent
    `meetings`.
    """

    agent: str
    name: str
    data: bytes | None


# -- frames ------------------------------------------------------------------------------------------------------------


class FrameEntered(Record, frozen=True):
    frame: int
    agent: str
    playbook: str
    arguments: bytes
    """Encoded `{name: value}`, in the order of the parameters."""
    parent: int = 0
    """The calling frame; 0 for a root."""
    unit: int = 0
    path: Path = ()
    n: int = 0
    meeting: str = ""
    """The meeting that it leads or takes part in."""


class FrameReturned(Record, frozen=True):
    frame: int
    value: bytes


class FrameDropped(Record, frozen=True):
    """The call is over, or was cancelled: the frame and all below it are gone."""

    frame: int


class ModelAsked(Record, frozen=True):
    frame: int
    call: int
    """Counts the session's calls, from 1."""
    turn: int
    tick: int
    prompt_hash: str
    model: str
    continues: bool = False
    """The response goes on from text that was received before."""


class ResponseReceived(Record, frozen=True):
    """More of the response's text; with `replace`, whole statements that take the place of what was there: it broke
    off.
    """

    frame: int
    text: str
    replace: bool = False


class ResponseEnded(Record, frozen=True):
    frame: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    served: bool = False
    """It came from the record of the branch that this one left from: nobody was asked, and it cost what it cost there.
    """


class ResponseCut(Record, frozen=True):
    """The response is not complete after all: a fork asks for its rest anew."""

    frame: int


class TurnEnded(Record, frozen=True):
    """All of the response ran, or it failed: the next is asked for. `failures` counts failed turns in a row."""

    frame: int
    failures: int = 0


class Failed(Record, frozen=True):
    """The frame's model failed: `failures` in a row by now."""

    frame: int
    failures: int


class UnitEnded(Record, frozen=True):
    """The frame's unit is complete and never runs again: where it goes on, and the variables that changed."""

    frame: int
    offset: int
    stage: str | None
    names: tuple[tuple[str, bytes | None], ...] = ()


class UnitsEnded(UnitEnded, frozen=True):
    """The frame's next units, each a turn of the same loop, are complete; `names` has what they came to."""

    units: int = 2


class StepReached(Record, frozen=True):
    frame: int
    label: str


class Noted(Record, frozen=True):
    """A line of the frame's transcript, which the model is shown."""

    frame: int
    kind: str
    """`called`, `result`, `heard`, `error`."""
    text: str
    at: int = -1
    """Which line it takes the place of; −1 adds one."""


# -- effects and what replay needs -------------------------------------------------------------------------------------


class EffectBegan(Record, frozen=True):
    frame: int
    unit: int
    path: Path
    n: int
    tick: int
    label: str
    digest: str
    """Of the arguments: a replay that calls with others has diverged."""
    waits_for: str = ""
    """As the program wrote it, of a call that waits for somebody: `agent 1001`, `user`."""


class EffectEnded(Record, frozen=True):
    frame: int
    unit: int
    path: Path
    n: int
    tick: int
    ok: bool
    outcome: bytes


class EffectCancelled(Record, frozen=True):
    """By `wait_for` or a task group: leaves no record."""

    frame: int
    unit: int
    path: Path
    n: int


class VariableRead(Record, frozen=True):
    """A segment, the code between two awaits, touched an agent's variable; it is served what it had then, absence
    too.
    """

    frame: int
    unit: int
    path: Path
    n: int
    name: str


class SyncDone(Record, frozen=True):
    """A clock, a random number: complete when made, served alike on replay."""

    frame: int
    unit: int
    path: Path
    n: int
    index: int
    label: str
    outcome: bytes


class TaskHappened(Record, frozen=True):
    """A task started or ended, or a combinator woke its caller."""

    frame: int
    unit: int
    path: Path
    what: str
    n: int
    tick: int


class EditPlaced(Record, frozen=True):
    """A fork's change of a variable, to be made when the replay comes to `tick`."""

    frame: int
    unit: int
    tick: float
    name: str
    data: bytes


class EditTaken(Record, frozen=True):
    """It moved on to the frame that owns the variable, or was made in the agent's state."""

    frame: int
    unit: int
    tick: float
    name: str


# -- messages, meetings, artifacts -------------------------------------------------------------------------------------


class MessageSent(Record, frozen=True):
    id: int
    sender: str
    receivers: tuple[str, ...]
    text: str
    meeting: str = ""


class MessagesTaken(Record, frozen=True):
    agent: str
    ids: tuple[int, ...]


class ArtifactSaved(Record, frozen=True):
    agent: str
    name: str
    summary: str
    data: bytes


class TriggerRecorded(Record, frozen=True):
    agent: str
    label: str


class MeetingBegan(Record, frozen=True):
    id: str
    """`101`."""
    host: str
    topic: str
    playbook: str


class MeetingJoined(Record, frozen=True):
    id: str
    agent: str
    joined: bool = True
    """False: left."""


class MeetingEnded(Record, frozen=True):
    id: str


# -- what is noted before it begins ------------------------------------------------------------------------------------


class CallAttempted(Record, frozen=True):
    """A tool began: while nothing says that it ended, it may have run."""

    frame: int
    unit: int
    path: Path
    n: int
    shown: str
    """For people: `Charge(10)`."""


class VariablesSeen(Record, frozen=True):
    """What the frame's variables are as this effect ends, of those that its unit changed: a replay compares."""

    frame: int
    unit: int
    path: Path
    n: int
    names: tuple[tuple[str, int], ...]
    """Name and a number for the value; 0: there is none of that name."""


class CallsCounted(Record, frozen=True):
    """So many model calls had been made when the process died: they stay counted."""

    call: int


class CallDropped(Record, frozen=True):
    """A model call was given up before it ended: what it took, None is unknown."""

    frame: int
    """0: not known."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None


Event = (
    SessionStarted
    | Forked
    | AgentCreated
    | AgentStatus
    | RootStarted
    | VariableWritten
    | FrameEntered
    | FrameReturned
    | FrameDropped
    | ModelAsked
    | ResponseReceived
    | ResponseEnded
    | ResponseCut
    | TurnEnded
    | Failed
    | UnitEnded
    | UnitsEnded
    | StepReached
    | Noted
    | EffectBegan
    | EffectEnded
    | EffectCancelled
    | VariableRead
    | SyncDone
    | TaskHappened
    | EditPlaced
    | EditTaken
    | MessageSent
    | MessagesTaken
    | ArtifactSaved
    | TriggerRecorded
    | MeetingBegan
    | MeetingJoined
    | MeetingEnded
    | CallAttempted
    | CallsCounted
    | CallDropped
    | VariablesSeen
)


def to_builtins(events: Iterable[Event]) -> list[Any]:
    """Events as lists of builtin values, `["MessageSent", 1, "1000", …]`: what a file holds."""
    return [msgspec.to_builtins(event, builtin_types=(bytes,)) for event in events]


def from_builtins(data: list[Any]) -> list[Event]:
    """The events of a file.

    Raises:
        ValueError: One of them is of no known kind, or not of its shape.
    """
    try:
        return msgspec.convert(data, list[Event], builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise ValueError(f"not an event: {error}") from error
