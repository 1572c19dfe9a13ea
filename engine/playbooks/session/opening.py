"""What opening a session needs besides the session: its store, its lock, the program as it was recorded.

Apart because none of it knows that something will run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playbooks.checkpoints.placing import refusal
from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.store import Note, StorageError, Store
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.session.keeping import ABOUT


class LockingWriter:
    """A store for a journal, that locks a new session and marks it running as it begins."""

    def __init__(self, store: Store, program: Callable[[], Program], stack: contextlib.ExitStack, keep: int) -> None:
        self._store, self._program, self._stack, self._keep = store, program, stack, keep

    def next_number(self, agent: str) -> int:
        return self._store.next_number(agent)

    def new_session_id(self) -> str:
        id = self._store.new_session_id()
        self._stack.enter_context(self._store.lock(id))
        return id

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None:
        self._store.note(session, kind, data)

    def notes(self, session: str, kind: str) -> list[Note]:
        return self._store.notes(session, kind)

    def clear_notes(self, session: str, kind: str) -> None:
        self._store.clear_notes(session, kind)

    def write(self, checkpoint: Checkpoint) -> None:
        self._store.write(checkpoint)

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        header, program = checkpoints[0].header, self._program()
        root = program.roots[0] if program.roots else ""
        about = {"program": root, "program_hash": program.hash, "keep": self._keep}
        self._store.note(header.session, ABOUT, about)
        self._store.write_group(checkpoints)
        self._store.set_status(header.session, header.branch, "running")


TICK_S = 1e-6


def never_back(clock: Callable[[], float], store: Store | None) -> Callable[[], float]:
    """A clock that gives no time before one that the storage path holds, nor one twice: what was written last is the
    newest also after somebody set the machine's clock back.

    Args:
        clock: Seconds since 1970.
        store: Where the times are; None when nothing is kept.
    """
    latest = store.newest_time() if store else 0.0

    def now() -> float:
        nonlocal latest
        latest = max(clock(), latest + TICK_S)
        return latest

    return now


def store_of(config: Config) -> Store:
    """The store that the configuration names."""
    from playbooks.checkpoints import open_store

    kept = config.durability
    return open_store(
        kept.provider,
        kept.storage_path,
        fsync=kept.fsync,
        max_size_mb=kept.max_checkpoint_size_mb,
        config_file=config.source("durability.provider"),
    )


def refuse_unwritable(config: Config) -> None:
    """Raises `StorageError` when nothing could be kept in the storage path: before anything runs, and is paid for."""
    if (error := refusal(Path(config.durability.storage_path))) is not None:
        raise StorageError.of(error, str(error.filename))


def refuse_mcp(program: Program) -> None:
    """Raises `UserError` for an agent that can be read but not run."""
    for agent in program.agents:
        if agent.kind == "MCP":
            raise UserError(
                f"{agent.name} is an MCP agent, and MCP servers can't be run yet",
                "take the agent out to run the rest",
                file=agent.file,
                line=agent.line,
            )
