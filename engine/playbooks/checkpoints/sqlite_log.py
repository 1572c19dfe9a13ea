"""The write-ahead log of a database, kept short off a commit's path.

Apart because of what it guards: SQLite copies the log back into the database within the commit that fills it, and
syncs both files there; that one commit takes a hundred times longer than others. Here a thread with a connection of its
own does it beside them: a passive checkpoint, in SQLite's words, which waits for nobody and lets nobody wait.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

EVERY: Final = 128
"""Commits after which the log is copied back; each is four or five pages."""
_PAGES: Final = 8192
"""Pages of a log which its writer copies back itself: where it never rests, the thread can't come to the end."""
SYNCED_PAGES: Final = 1024
"""The same where each commit is synced, and how long the log is made beforehand."""
PAGE_BYTES: Final = 4096
_SPARE_PAGES: Final = 64
"""What stays in the cache, and what the commit that reaches the end goes beyond it."""


class WriteAheadLog:
    """The log of one database as one connection writes it.

    Args:
        path: Of the database.
        connect: Opens another connection to it.
        fsync: Whether each commit is synced.
    """

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection], *, fsync: bool) -> None:
        self._path, self._connect, self._fsync = path, connect, fsync
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._copying: Future[None] | None = None
        self._commits = 0
        self._begun = False

    def begin(self, connection: sqlite3.Connection) -> None:
        """Before each of the writer's transactions."""
        if self._begun:
            return
        self._begun = True
        connection.execute(f"PRAGMA wal_autocheckpoint = {SYNCED_PAGES if self._fsync else _PAGES}")
        if self._fsync:
            self._lengthen(connection)

    def committed(self) -> None:
        """After each of the writer's transactions."""
        self._commits += 1
        if self._commits < EVERY or (self._copying is not None and not self._copying.done()):
            return
        self._commits = 0
        with contextlib.suppress(RuntimeError):  # a process that is ending, or that may have no more threads
            if self._thread is None:
                from concurrent.futures import ThreadPoolExecutor  # late: only long runs need it

                self._thread = ThreadPoolExecutor(1, "checkpoints-log")
            self._copying = self._thread.submit(self._copy_back)

    def settle(self) -> None:
        """Waits for what the thread is doing."""
        if self._copying is not None:
            self._copying.result()

    def close(self) -> None:
        """Ends the thread, after what is under way. The last connection's end copies back what is left."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._commits, self._begun = 0, False

    def _copy_back(self) -> None:
        # No reason to fail: what can't be copied stays in the log, and a commit that finds no room says so.
        with contextlib.suppress(sqlite3.Error):
            if self._connection is None:
                self._connection = self._connect()
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _lengthen(self, connection: sqlite3.Connection) -> None:
        """Makes the log as long as it gets: a file that grows is synced in twice the time of one written over.

        What does not fit into the cache is written before it is committed, and then is taken back.
        """
        log = Path(f"{self._path}-wal")
        missing = SYNCED_PAGES * PAGE_BYTES - (log.stat().st_size if log.exists() else 0)
        if missing <= 0:
            return
        missing += _SPARE_PAGES * PAGE_BYTES
        (cached,) = connection.execute("PRAGMA cache_size").fetchone()
        connection.execute("PRAGMA cache_size = 16")
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO packs VALUES ('', 0, 0, zeroblob(?))", (missing,))
        except sqlite3.OperationalError:
            pass  # no room for all of it: a shorter log is a slower one
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute(f"PRAGMA cache_size = {cached}")
