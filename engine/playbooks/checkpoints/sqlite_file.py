"""The database file of a `SQLiteStore`: opened when it is first needed, its tables, its refusals in our words.

Apart from the store so that there, all is about checkpoints.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from playbooks.checkpoints.connection import Connection, is_of
from playbooks.checkpoints.placing import make_folder
from playbooks.checkpoints.sqlite_log import WriteAheadLog
from playbooks.checkpoints.store import StorageError

VERSION: Final = 1
_APPLICATION: Final = 0x50424350  # "PBCP": `file` and other tools tell by it whose database this is
_SCHEMA: Final = f"""
CREATE TABLE checkpoints (
    key INTEGER PRIMARY KEY, agent TEXT NOT NULL, number INTEGER NOT NULL,
    session TEXT NOT NULL, branch TEXT NOT NULL, sequence INTEGER NOT NULL, record BLOB NOT NULL
);
CREATE UNIQUE INDEX by_id ON checkpoints (agent, number);
CREATE INDEX by_session ON checkpoints (session, branch, sequence);
CREATE TABLE counters (name TEXT PRIMARY KEY, highest INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE notes (
    key INTEGER PRIMARY KEY, session TEXT NOT NULL, kind TEXT NOT NULL, signature TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX notes_of ON notes (session, kind);
CREATE TABLE packs (session TEXT NOT NULL, upto INTEGER NOT NULL, headers INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX packs_of ON packs (session, upto);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
"""
_BUSY_S: Final = 10.0
"""How long another process's write is waited for; each takes well under a millisecond."""


class SQLiteFile:
    """A connection, for one thread at a time.

    Args:
        path: Of the database.
        fsync: Whether what is committed survives power loss. Without, it survives a crash of the process, and power
            loss takes the newest of it and harms nothing before.
    """

    def __init__(self, path: Path, *, fsync: bool) -> None:
        self.path, self._fsync = path, fsync
        self._connection: sqlite3.Connection | None = None
        self.log = WriteAheadLog(path, lambda: _connect(str(path)), fsync=fsync)
        self._one_at_a_time = threading.RLock()
        self._transaction = _Transaction(self, self._one_at_a_time, self.log)

    def run(self, query: str, given: tuple[Any, ...] | Mapping[str, Any] = ()) -> list[Any]:
        """Runs one statement; alone it is a transaction of its own. All rows it gives.

        Raises:
            StorageError: The database refused, or there is none and it can't be made.
            sqlite3.IntegrityError: The row is there already.
        """
        with self._one_at_a_time:
            try:
                return self.opened().execute(query, given).fetchall()
            except sqlite3.IntegrityError:
                raise
            except (sqlite3.Error, OSError) as error:
                raise self.refused(error) from error

    def look(self, query: str, given: tuple[Any, ...] | Mapping[str, Any] = ()) -> list[Any]:
        """Runs a query; where there is no database yet it finds nothing, and makes none.

        Raises:
            StorageError: The database can't be read.
        """
        if self._connection is None and not self.path.exists():
            return []
        return self.run(query, given)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All that runs within it happens at once, or not at all. Not to be nested.

        Raises:
            StorageError: The database refused; nothing of it is left.
        """
        return self._transaction

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        with self._one_at_a_time:
            self.log.close()
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @property
    def is_open(self) -> bool:
        """Whether it was used since it was made or closed."""
        return self._connection is not None

    def opened(self) -> sqlite3.Connection:
        """The connection."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        new = not self.path.exists()
        if new:
            make_folder(self.path.parent)
            # Made here, readable by the user alone: its companions take its mode from it.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = _connect(str(self.path))
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._fsync else 'NORMAL'}")
            try:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
            except sqlite3.OperationalError:
                # A folder that can't be written: readers of its journal would have to. There is none once it is closed.
                connection.close()
                connection = _connect(f"{self.path.absolute().as_uri()}?immutable=1")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                self._prepare(connection)
            elif not is_of(connection, _SCHEMA):
                raise self._other("is no database of checkpoints")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != VERSION:  # else another process made it meanwhile
            if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                what = "was written by a newer version" if version > VERSION else "is no database of checkpoints"
                raise self._other(what)
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
        connection.execute("COMMIT")

    def _other(self, what: str) -> StorageError:
        return StorageError(f"this {what}", "set another storage_path in playbooks.toml", file=str(self.path))

    def refused(self, error: sqlite3.Error | OSError) -> StorageError:
        """What SQLite or the system said, as one line with what to do."""
        if isinstance(error, OSError):
            fix = "set storage_path in playbooks.toml to a folder that can be written"
            return StorageError(f"checkpoints can't be kept: {error.strerror}", fix, file=str(self.path))
        code = getattr(error, "sqlite_errorcode", None)
        fix = {
            sqlite3.SQLITE_FULL: "make room; every earlier checkpoint is whole",
            sqlite3.SQLITE_READONLY: "make it writable, or set storage_path in playbooks.toml to a folder that is",
            sqlite3.SQLITE_CANTOPEN: "make it writable, or set storage_path in playbooks.toml to a folder that is",
            sqlite3.SQLITE_BUSY: "another process writes to it all the time; end that one",
            sqlite3.SQLITE_NOTADB: "move it away, or set another storage_path in playbooks.toml",
            sqlite3.SQLITE_CORRUPT: "`sqlite3 FILE .recover` saves what is whole in it",
        }.get(code & 0xFF if code is not None else -1, "every earlier checkpoint is as it was")
        return StorageError(f"checkpoints can't be kept: {error}", fix, file=str(self.path))


class _Transaction:
    """One of a file's transactions after another. A class and no generator: a commit goes through it."""

    def __init__(self, file: SQLiteFile, lock: threading.RLock, log: WriteAheadLog) -> None:
        self._file, self._lock, self._log = file, lock, log

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        try:
            connection = self._file.opened()
            self._log.begin(connection)
            connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._lock.release()
            if isinstance(error, (sqlite3.Error, OSError)):
                raise self._file.refused(error) from error
            raise
        return connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        connection = self._file.opened()
        try:
            try:
                if error is None:
                    connection.execute("COMMIT")
                    self._log.committed()
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as refused:
            raise self._file.refused(refused) from refused
        finally:
            self._lock.release()
        if isinstance(error, (sqlite3.Error, OSError)) and not isinstance(error, sqlite3.IntegrityError):
            raise self._file.refused(error) from error


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=_BUSY_S,
        isolation_level=None,  # transactions begin where `transaction` says, and nowhere else
        check_same_thread=False,
        uri=path[:5] == "file:",
        factory=Connection,
    )
