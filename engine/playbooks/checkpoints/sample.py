"""Sessions made by hand, a checkpoint a call: what the suite for providers writes, here and in processes of its own.

Apart from the suite because such a process must start fast, without the test runner.
"""

from __future__ import annotations

import os
from typing import Any

from playbooks.checkpoints.open import made_provider, open_store
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.store import Store
from playbooks.extensions.provider import CheckpointProvider
from playbooks.state import events as e
from playbooks.state import to_builtins


class Kept:
    """Where a provider keeps checkpoints.

    Args:
        provider: The class.
    """

    def __init__(self, provider: type[CheckpointProvider]) -> None:
        self._provider = provider

    def made(self, path: str | os.PathLike[str]) -> CheckpointProvider:
        """The provider, as another program makes it."""
        return made_provider(self._provider, path)

    def opened(self, path: str | os.PathLike[str]) -> Store:
        """The provider's checkpoints, as the engine uses them."""
        return open_store(self._provider, path)


def step(
    store: Store,
    session: str,
    sequence: int,
    parent: Header | None,
    *,
    agent: str = "1000",
    text: str = "",
    **more: Any,
) -> Header:
    """Writes the next checkpoint of a session, which says `text`; the first is the session's start.

    Args:
        store: Where.
        session: Its id.
        sequence: Of the checkpoint, from 1.
        parent: The one before; None for the start.
        agent: Whose it is.
        text: What it says; also what its state is told by.
        more: Other fields of the header.

    Returns:
        Its header, once it is written.
    """
    checkpoint = made_step(store, session, sequence, parent, agent=agent, text=text, **more)
    store.write(checkpoint)
    return checkpoint.header


def made_step(
    store: Store,
    session: str,
    sequence: int,
    parent: Header | None,
    *,
    agent: str = "1000",
    text: str = "",
    **more: Any,
) -> Checkpoint:
    """The checkpoint that `step` writes, not written yet."""
    number = store.next_number(agent)
    fields: dict[str, Any] = {
        "session": session,
        "sequence": sequence,
        "parent": parent.id if parent else "",
        "branch": "main",
        "depth": parent.depth + 1 if parent else 0,
        "statement": 'await Say("user", line)' if parent else "",
        "kind": "say" if parent else "start",
        "time": 1_700_000_000.0 + sequence,
        "text": text,
        **more,
    }
    header = Header(id=f"{agent}_ckpt_{number}", agent=agent, number=number, **fields)
    said: list[e.Event] = [e.MessageSent(sequence, agent, ("human",), text or f"message {sequence}")]
    started: list[e.Event] = [e.SessionStarted("hash", ("a.pb",), (("a.pb", "text"),), "")]
    return Checkpoint(header, to_builtins(said if parent else started), base=header.parent)


def begin(store: Store, session: str) -> Header:
    """A session's start and its first statement, in one group, as a run begins.

    Returns:
        The header of the statement.
    """
    start = made_step(store, session, 1, None, agent="human")
    first = made_step(store, session, 2, start.header)
    store.write_group((start, first))
    return first.header
