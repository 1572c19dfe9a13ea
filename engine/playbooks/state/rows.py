"""The rows of the state's tables, with names for their fields.

Apart because a table holds plain tuples (they are what a file holds too) and readers want names.
"""

from __future__ import annotations

from typing import NamedTuple


class AgentRow(NamedTuple):
    class_name: str
    created_by: str
    name: str
    status: str
    """`idle`, `running`, `finished` or `failed`."""
    error: str
    roots: int
    """How many playbooks it began of its own accord."""
    root: int
    """The frame of the newest of these; 0 before the first."""


class FrameRow(NamedTuple):
    agent: str
    playbook: str
    arguments: bytes
    parent: int
    unit: int
    """Of the parent, as path and n: the call that entered this frame."""
    path: tuple[int, ...]
    n: int
    meeting: str


class ProgressRow(NamedTuple):
    """How far a frame has come."""

    unit: int = 0
    turn: int = 0
    offset: int = 0
    """Statements of the response that are complete."""
    stage: str | None = None
    """Of a top-level loop under way: `turn` or `else`."""
    ended: bool = False
    """The whole response is there."""
    failures: int = 0


class AskedRow(NamedTuple):
    """A frame's newest model call."""

    call: int
    turn: int
    tick: int
    prompt_hash: str
    model: str


class MessageRow(NamedTuple):
    sender: str
    receivers: tuple[str, ...]
    text: str
    meeting: str


class MeetingRow(NamedTuple):
    host: str
    topic: str
    playbook: str
    attendees: tuple[str, ...]
    ended: bool
