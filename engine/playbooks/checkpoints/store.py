"""What a store of checkpoints offers to the engine, and how it says that something is wrong.

Apart so that the engine is written against this and not against files: every provider's core has this shape.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from playbooks.checkpoints.record import BranchInfo, Checkpoint, Header, SessionInfo
from playbooks.errors import ExitStatus, UserError


class StorageError(UserError):
    """The storage refused: full, read-only, gone. What was stored before is whole."""

    def __init__(self, what: str, fix: str = "", *, file: str = "") -> None:
        super().__init__(what, fix, file=file, status=ExitStatus.FAILED)

    @classmethod
    def of(cls, error: OSError, file: str) -> StorageError:
        """What the system said, as one line with what to do.

        Args:
            error: From writing.
            file: What people call the storage.
        """
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            fix = "make room; every earlier checkpoint is whole"
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            fix = "make it writable, or set storage_path in playbooks.toml to a folder that is"
        elif error.errno == errno.ENOTDIR:
            fix = "move it away, or set storage_path in playbooks.toml to a folder"
        elif error.errno == errno.ENOENT:
            fix = "the folder was taken away: put it back, or run the program afresh"
        else:
            fix = "every earlier checkpoint is as it was"
        return cls(f"checkpoints can't be kept: {error.strerror or error}", fix, file=file)

    @classmethod
    def unread(cls, error: OSError, folder: str) -> StorageError:
        """The same of a folder that is there and can't be looked into."""
        fix = "run as the user who made it, or set storage_path in playbooks.toml to another folder"
        return cls(f"checkpoints can't be read: {error.strerror or error}", fix, file=folder)


def refuse_unreadable(folder: str) -> None:
    """Raises `StorageError` for a folder that is there and can't be looked into: nothing of it is known then."""
    try:
        os.scandir(folder).close()
        os.stat(os.path.join(folder, "."))  # a folder may be listed and not entered
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise StorageError.unread(error, folder) from error


class UnknownCheckpoint(UserError):
    """There is no checkpoint of this id."""

    def __init__(self, id: str, where: str) -> None:
        super().__init__(f"there is no checkpoint {id} in {where}", "`playbooks timeline` lists those there are")
        self.id = id


class NotWritable(StorageError):
    """A session lies where this user may not write: it can be looked at, and nothing more.

    Args:
        session: Its id.
        error: From writing.
        file: What people call the storage.
    """

    def __init__(self, session: str, error: OSError, file: str) -> None:
        said = StorageError.of(error, file)
        super().__init__(said.what, said.fix, file=file)
        self.session = session


class SessionOpen(UserError):
    """Another living process has the session.

    Args:
        session: Its id.
        pid: The other process; 0 when it did not say.
    """

    def __init__(self, session: str, pid: int) -> None:
        by = f"process {pid}" if pid else "another process"
        super().__init__(f"session {session} is open in {by}", "end that one first", status=ExitStatus.FAILED)
        self.session, self.pid = session, pid


class NumberTaken(Exception):
    """A checkpoint of this id is there already; nothing was written."""


class Damaged(UserError):
    """A stored checkpoint that is cut off, altered or none at all. It is named, and never half used.

    Args:
        id: The checkpoint it should be.
        path: Where it stands, as people find it.
        reason: What is wrong with it, in a few words.
    """

    def __init__(self, id: str, path: str, reason: str) -> None:
        super().__init__(reason, file=path, status=ExitStatus.FAILED)
        self.id, self.path, self.reason = id, path, reason


class Note(msgspec.Struct, frozen=True):
    """A small fact beside the checkpoints: a label, a status, a breakpoint."""

    kind: str
    data: dict[str, Any]
    signed: bool
    """False: not written by this user's engine."""


class Store(Protocol):
    """Where checkpoints are kept. Synchronous: a commit must not be interleaved with anything.

    All methods raise `StorageError` when the storage refuses.
    """

    def next_number(self, agent: str) -> int:
        """A number this agent never had in this storage, whatever the session or process; it is taken at once."""
        ...

    def write(self, checkpoint: Checkpoint) -> None:
        """Makes a checkpoint durable; when this returns it is whole, and before that it can't be seen.

        Raises:
            NumberTaken: Its id is there already.
        """
        ...

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        """A session's start and the checkpoint after it; after a crash in between the start alone is nothing."""
        ...

    def read(self, id: str) -> Checkpoint:
        """A checkpoint.

        Raises:
            UnknownCheckpoint: There is none of this id.
            Damaged: It can't be trusted to be what was written.
        """
        ...

    def read_signed(self, id: str) -> tuple[Checkpoint, bool]:
        """A checkpoint, and whether this user's engine wrote it. Raises as `read` does."""
        ...

    def replace(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint over the one of its id, if there is one: at any moment either is whole."""
        ...

    def is_signed(self, id: str) -> bool:
        """Whether this user's engine wrote the checkpoint. Raises as `read` does."""
        ...

    def headers(self, session: str | None = None) -> list[Header]:
        """Of one session or of all, in sequence order; damaged checkpoints are left out and listed by `damaged`."""
        ...

    def newer(self, session: str, after: int) -> list[Header]:
        """Headers of a session above a sequence, in order: what another process has written since.

        To be called again and again, with the highest sequence known so far: from the second call on it costs what is
        new, however long the session is.
        """
        ...

    def sessions(self) -> list[SessionInfo]:
        """All sessions with a checkpoint besides their start, oldest first."""
        ...

    def newest_time(self) -> float:
        """The time of the newest checkpoint of all sessions, seconds since 1970; 0 when there is none."""
        ...

    def branches(self, session: str) -> list[BranchInfo]:
        """The branches of a session, in the order they began."""
        ...

    def new_session_id(self) -> str:
        """`s<n>`, never given before in this storage."""
        ...

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None:
        """Keeps a small fact beside the checkpoints, in order; `data` is what JSON can hold."""
        ...

    def notes(self, session: str, kind: str) -> list[Note]:
        """The facts of one kind, oldest first."""
        ...

    def clear_notes(self, session: str, kind: str | None) -> None:
        """Forgets the facts of one kind; None: of all kinds."""
        ...

    def set_status(self, session: str, branch: str, status: str) -> None:
        """running, interrupted, finished or failed."""
        ...

    def statuses(self, session: str) -> dict[str, str]:
        """The status of each branch that told one; what no living process runs any more is not running."""
        ...

    def set_label(self, id: str, text: str) -> None:
        """Labels a checkpoint or a session; an empty text takes the label away."""
        ...

    def labels(self, session: str) -> dict[str, str]:
        """Labels by the id of a checkpoint or of the session itself."""
        ...

    def is_open(self, session: str) -> bool:
        """Whether a living process has the session, this one included."""
        ...

    def lock(self, session: str) -> AbstractContextManager[None]:
        """Held while a process writes to the session; released by its end, however it ends.

        Raises:
            SessionOpen: Another living process holds it.
        """
        ...

    def delete(self, ids: Iterable[str]) -> None:
        """Takes checkpoints away for good. Their numbers are not used again."""
        ...

    def damaged(self) -> list[Damaged]:
        """What was found damaged while reading, in the order it was met."""
        ...

    def close(self) -> None:
        """Ends the store's use; nothing is lost without it."""
        ...
