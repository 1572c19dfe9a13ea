"""What the screen is told of a session besides the engine's notices: what it holds, where it stands, how it ended.

Apart from the record, which takes it, because the bridge says it and knows no record.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from playbooks.checkpoints.record import Header
from playbooks.runtime.notices import AgentView, MessageView, Notice, RunStatus


class Tally(msgspec.Struct, frozen=True):
    """Model calls, and what they came to; None where a model did not say."""

    calls: int
    into: int | None
    out: int | None
    cost: float | None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.calls + other.calls,
            None if self.into is None or other.into is None else self.into + other.into,
            None if self.out is None or other.out is None else self.out + other.out,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )


class Tallied(msgspec.Struct, frozen=True):
    """What each branch of an older session came to, and how long it ran; found after the screen stands."""

    own: Mapping[str, Tally | None]
    ran: float = 0.0
    """Seconds, all its runs before this one together."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a session already holds when it is opened; the first thing the bridge tells."""

    program: str
    """Its name, for the header."""
    session: str = ""
    branch: str = "main"
    status: RunStatus = "ready"
    phrase: str = ""
    """What the status means, of a run that goes on in another process."""
    headers: tuple[Header, ...] = ()
    agents: tuple[AgentView, ...] = ()
    messages: tuple[MessageView, ...] = ()
    tally: Tally = msgspec.field(default_factory=lambda: Tally(0, 0, 0, 0.0))
    """What the way to this branch's head came to."""
    statuses: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Branch → how it stands."""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Checkpoint → the name a person gave it."""
    notes: tuple[str, ...] = ()
    """What a resume found, for Output."""
    followed: bool = False
    """Another process runs it: it can only be looked at."""


class Named(msgspec.Struct, frozen=True):
    """The session has an id now: its first checkpoint is kept."""

    session: str
    branch: str


class Turned(msgspec.Struct, frozen=True):
    """The session stands on another branch now: what its state there is; its checkpoints were told already."""

    branch: str
    agents: tuple[AgentView, ...]
    messages: tuple[MessageView, ...]


class Labelled(msgspec.Struct, frozen=True):
    """A checkpoint has a name now; empty: none any more."""

    checkpoint: str
    label: str


class Ended(msgspec.Struct, frozen=True):
    """The run is over: nothing more comes unless it is resumed."""

    status: RunStatus
    error: str = ""


Told = Notice | Opened | Named | Turned | Tallied | Labelled | Ended
