"""The index of a storage path, `catalog.db`: headers by session, so that a list need not read every file.

Apart from the files because it holds nothing of its own: deleted, corrupt or behind, it is filled again from them.
Nothing here is on a commit's way, and nothing here ever raises for a bad index.
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from playbooks.checkpoints.record import Header

_VERSION: Final = 1
_SCHEMA: Final = f"""
CREATE TABLE headers (
    session TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, branch TEXT NOT NULL, time REAL NOT NULL,
    header BLOB NOT NULL, PRIMARY KEY (session, sequence, id)
) WITHOUT ROWID;
CREATE VIEW sessions AS SELECT session, count(*) AS checkpoints, min(time) AS created, max(time) AS updated
    FROM headers GROUP BY session;
CREATE VIEW branches AS SELECT session, branch, count(*) AS checkpoints, min(sequence) AS first, max(sequence) AS last
    FROM headers GROUP BY session, branch;
PRAGMA user_version = {_VERSION};
"""
_FREE_TEXTS: Final = ("statement", "step", "playbook", "text", "peer", "parent")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Extent:
    """A branch as the index knows it."""

    session: str
    branch: str
    checkpoints: int
    first: int
    """Sequence of its first checkpoint."""
    last: int


class Catalog:
    """The index; in memory where the folder can't be written.

    Args:
        path: Of `catalog.db`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[Header]).decode

    def file_names(self) -> set[str]:
        """Of all checkpoints it knows."""
        query = "SELECT group_concat(id || '.pkl', ' ') FROM headers"
        return self._do(lambda db: set((db.execute(query).fetchone()[0] or "").split()))

    def add(self, headers: Sequence[Header]) -> None:
        """Takes up checkpoints."""
        rows = [(h.session, h.sequence, h.id, h.branch, h.time, self._encoded(h)) for h in headers]
        self._do(lambda db: db.executemany("INSERT OR REPLACE INTO headers VALUES (?,?,?,?,?,?)", rows))

    def _encoded(self, header: Header) -> bytes:
        try:
            return self._encode(header)
        except UnicodeEncodeError:  # half a surrogate pair, which a program may say and UTF-8 can't
            texts = {name: getattr(header, name).encode(errors="replace").decode() for name in _FREE_TEXTS}
            degraded = tuple(path.encode(errors="replace").decode() for path in header.degraded)
            return self._encode(msgspec.structs.replace(header, **texts, degraded=degraded))

    def remove(self, ids: Iterable[str]) -> None:
        """Drops checkpoints."""
        given = json.dumps(list(ids))
        self._do(lambda db: db.execute("DELETE FROM headers WHERE id IN (SELECT value FROM json_each(?))", (given,)))

    def headers(self, session: str | None = None, sequences: Sequence[int] | None = None) -> list[Header]:
        """Of one session or of all, in sequence order; of a session also only those of some sequences."""
        where, given = ("WHERE session = ?", [session]) if session is not None else ("", [])
        if sequences is not None:
            where += " AND sequence IN (SELECT value FROM json_each(?))"
            given.append(json.dumps(list(sequences)))
        query = f"SELECT header FROM headers {where} ORDER BY session, sequence"
        rows: list[bytes] = self._do(lambda db: [row[0] for row in db.execute(query, given)])
        try:
            # One array of all rows: decoded in one go, without a call for each.
            return self._decode(b"\xdd" + struct.pack(">I", len(rows)) + b"".join(rows))
        except msgspec.MsgspecError:
            self.discard()
            return []

    def extents(self, session: str | None = None) -> list[Extent]:
        """The branches of one session, or of all, in the order they began."""
        where, given = ("WHERE session = ?", (session,)) if session is not None else ("", ())
        query = f"SELECT session, branch, checkpoints, first, last FROM branches {where} ORDER BY session, first"
        return self._do(lambda db: [Extent(*row) for row in db.execute(query, given)])

    def discard(self) -> None:
        """Throws the index away; the next use begins an empty one."""
        self.close()
        for suffix in ("", "-journal", "-wal", "-shm"):
            try:
                os.unlink(f"{self._path}{suffix}")
            except OSError:
                pass

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _do(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """Does something with the index; in one that fails, again with an empty one, then with one in memory."""
        for open_it in (self._open, self._open_anew, self._open_in_memory):
            try:
                if self._connection is None:
                    self._connection = open_it()
                with self._connection:
                    return act(self._connection)
            except sqlite3.Error:
                self.close()
        raise AssertionError("an index in memory failed")

    def _open(self) -> sqlite3.Connection:
        new = not self._path.exists()
        if new:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)) if self._path.parent.is_dir() else None
        return _connect(str(self._path))

    def _open_anew(self) -> sqlite3.Connection:
        self.discard()
        return self._open()

    def _open_in_memory(self) -> sqlite3.Connection:
        return _connect(":memory:")


def _connect(path: str) -> sqlite3.Connection:
    connection: Any = sqlite3.connect(path, timeout=2.0, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # what power loss takes is read from the files again
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise sqlite3.DatabaseError("an index of another version")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    except BaseException:
        connection.close()
        raise
    found: sqlite3.Connection = connection
    return found
