"""A checkpoint as data: its header, which lists and trees are drawn from, and what it adds to the state.

Apart from the files so that every provider stores the same thing.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal[
    "start", "create", "say", "heard", "call", "return", "step", "tool", "await", "fork", "interrupt", "error", "end"
]
BASE = 32
"""A checkpoint at a depth divisible by 32ᵏ carries the changes merged since depth − 32ᵏ."""


class Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a row of the timeline needs; small, and all of it in the catalogue too.

    A struct and no dataclass because lists of ten thousand are read from the catalogue at once: this is a third of the
    time.
    """

    id: str
    """`1000_ckpt_12`."""
    agent: str
    number: int
    """Counts up per agent in a storage path, never used twice."""
    session: str
    sequence: int
    """Counts up per session, from 1."""
    parent: str
    """Id of the checkpoint this one follows; empty for a session's start."""
    branch: str
    depth: int
    """Steps from the session's start, which has 0."""
    statement: str
    """Source of the await, on one line."""
    kind: Kind
    step: str = ""
    """`Main:02.01:CND`, the last step the frame reached."""
    playbook: str = ""
    time: float = 0.0
    """Seconds since 1970, UTC."""
    took: float = 0.0
    """Seconds its agent needed for it: from what its frame did before to its end, the model's writing included; what it
    waited for, being paused and steps left out."""
    text: str = ""
    """What a person reads in the row: what was said, heard or called and what came of it, at most 200 characters."""
    peer: str = ""
    """Id of the other side: who was spoken to, heard, created or called."""
    degraded: tuple[str, ...] = ()
    """Paths to what could not be stored, `$result.rows[3].conn`."""
    line: int = 0
    """Line of the statement in the frame's response, from 1; 0 outside model code."""
    again: bool = False
    """The call may have run once before: a process died in it."""

    @property
    def ends_program(self) -> bool:
        """Whether it ended the whole program, not one agent's playbook: nothing can come after it."""
        return self.kind == "end" and not self.statement.startswith("await Return")


class Checkpoint(msgspec.Struct, frozen=True):
    """A header with what it adds: its events, and at some depths the merged changes since an earlier one."""

    header: Header
    events: list[Any] = msgspec.field(default_factory=list)
    """Events as builtin types (`state.events.to_builtins`)."""
    merged: dict[str, Any] | None = None
    """`state.changes` since depth − `span`, as builtin types; None at most depths."""
    base: str = ""
    """Id of the checkpoint the fold goes on with: the parent, or with `merged` the one at depth − span."""
    span: int = 1
    """How many steps of depth `base` lies back."""
    execution_state: dict[str, Any] | None = None
    """Of a record saved through the public interface: given back as it came."""
    namespace: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class BranchInfo(msgspec.Struct, frozen=True):
    """A branch of a session."""

    session: str
    name: str
    head: str
    """Id of its newest checkpoint."""
    forked_from: str
    """Id of the checkpoint it left from; empty for `main`."""
    status: str
    """running, interrupted, finished or failed."""


class SessionInfo(msgspec.Struct, frozen=True):
    """A session of a storage path, as the list shows it."""

    id: str
    program: str
    """Path of the first file as given."""
    program_hash: str
    branch: str
    """The branch written last."""
    status: str
    checkpoints: int
    created: float
    updated: float
    label: str = ""
