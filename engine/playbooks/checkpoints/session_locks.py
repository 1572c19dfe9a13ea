"""Who writes to a session: a lock that the end of the process releases, a kill too.

Apart because every store that lives on this machine needs the same one, whatever keeps its checkpoints.

    .checkpoints/.sessions/s1/lock            held by the process that writes to the session
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playbooks.checkpoints import locks
from playbooks.checkpoints.ids import SESSION
from playbooks.checkpoints.placing import make_folder
from playbooks.checkpoints.store import NotWritable, SessionOpen, StorageError

_PROBED_S: Final = 0.05
"""Somebody who only asks whether a session is open holds its lock for a moment."""


class SessionLocks:
    """The locks of all sessions of a storage path.

    Args:
        folder: `.checkpoints/.sessions`; made when a lock is taken.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_open(self, session: str) -> bool:
        """Whether a living process has the session, this one included."""
        try:
            file = os.open(self._folder / session / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            return not locks.held(file, shared=True)
        finally:
            os.close(file)

    @contextlib.contextmanager
    def lock(self, session: str) -> Iterator[None]:
        """Holds the session; the end of the process releases it, a kill too.

        Raises:
            SessionOpen: Another living process holds it.
            StorageError: There is no room for the lock, or it may not be written.
            ValueError: It is no session's id.
        """
        if not SESSION.fullmatch(session):
            raise ValueError(f"no session id: {session!r}")
        try:
            for folder in (self._folder.parent, self._folder, self._folder / session):
                make_folder(folder)
            file = os.open(self._folder / session / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            where = str(self._folder.parent)
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise NotWritable(session, error, where) from error
            raise StorageError.of(error, where) from error
        try:
            if not locks.held(file, wait_s=_PROBED_S):
                os.lseek(file, 1, os.SEEK_SET)  # the first byte is what is locked where locks are of bytes
                told = os.read(file, 20).decode("ascii", "ignore").strip()
                raise SessionOpen(session, int(told) if told.isdigit() else 0)
            with contextlib.suppress(OSError):  # on a full disk: whoever makes room needs the lock, not the note
                os.ftruncate(file, 0)
                os.lseek(file, 0, os.SEEK_SET)
                os.write(file, f" {os.getpid()}\n".encode())
            yield
        finally:
            os.close(file)
