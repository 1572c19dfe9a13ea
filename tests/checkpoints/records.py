"""Checkpoints to store, made in one line each."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.record_file import SIGNATURE_BYTES, seal

KEY = b"k" * 32


def checkpoint(
    number: int, sequence: int = 0, *, agent: str = "1000", events: list[Any] | None = None, **fields: Any
) -> Checkpoint:
    """A checkpoint of agent 1000 in session s1, after the one before it."""
    given = {
        "session": "s1",
        "sequence": sequence or number,
        "parent": f"{agent}_ckpt_{number - 1}" if number > 1 else "",
        "branch": "main",
        "depth": sequence or number,
        "statement": 'await Say("user", "hi")',
        "kind": "say",
        "time": 1_700_000_000.0 + (sequence or number),
        **fields,
    }
    header = Header(id=f"{agent}_ckpt_{number}", agent=agent, number=number, **given)
    return Checkpoint(header, events if events is not None else [("said", "hi", b"\x80\x05")], base=header.parent)


def sealed(data: bytes, key: bytes | None) -> bytes:
    """Any data with the footer of a checkpoint's file, as who holds the key can make it."""
    return seal(data, blake2b(data, key=key, digest_size=SIGNATURE_BYTES).digest() if key else bytes(SIGNATURE_BYTES))


def begin(store: FileStore, session: str = "s1") -> None:
    """A session with its start and its first statement, as a run begins one."""
    human, first = store.next_number("human"), store.next_number("1000")
    start = checkpoint(human, 1, agent="human", kind="start", parent="", session=session, depth=0)
    after = checkpoint(first, 2, parent=start.header.id, session=session, depth=1)
    store.write_group([start, after])


def fresh(key: bytes = KEY) -> FileStore:
    """Another process's view of the same folder."""
    return FileStore(key=key)
