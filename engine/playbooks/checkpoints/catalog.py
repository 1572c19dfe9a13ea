"""The index of a storage path, `catalog.db`: headers by session, so that a list need not read every file.

Apart from the files because it holds nothing of its own: deleted, corrupt or behind, it is filled again from them.
Nothing here is on a commit's way, and nothing here ever raises for a bad index.
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from playbooks.checkpoints.connection import Connection, is_of
from playbooks.checkpoints.header_packs import NotPacked, pack, unpack
from playbooks.checkpoints.record import Header

BUSY_S = 2.0
"""How long another process's write to it is waited for."""
_VERSION: Final = 3
_PACKED: Final = 1024
"""Headers in one pack; fewer stand in rows of their own until there are as many."""
_SCHEMA: Final = f"""
CREATE TABLE headers (
    session TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, branch TEXT NOT NULL, time REAL NOT NULL,
    header BLOB NOT NULL, PRIMARY KEY (session, sequence, id)
) WITHOUT ROWID;
CREATE INDEX headers_by_time ON headers (time);
CREATE TABLE packs (
    key INTEGER PRIMARY KEY, session TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, ids TEXT NOT NULL,
    headers BLOB NOT NULL
);
CREATE INDEX packs_of ON packs (session, first);
CREATE TABLE pack_parts (
    pack INTEGER NOT NULL, session TEXT NOT NULL, branch TEXT NOT NULL, agent TEXT NOT NULL,
    checkpoints INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    lowest INTEGER NOT NULL, highest INTEGER NOT NULL, time REAL NOT NULL
);
CREATE INDEX pack_parts_of ON pack_parts (pack);
CREATE TABLE folders (agent TEXT PRIMARY KEY, changed INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW parts AS
    SELECT session, branch, 1 AS checkpoints, sequence AS first, sequence AS last FROM headers
    UNION ALL SELECT session, branch, checkpoints, first, last FROM pack_parts;
CREATE VIEW sessions AS SELECT session, sum(checkpoints) AS checkpoints FROM parts GROUP BY session;
CREATE VIEW branches AS
    SELECT session, branch, sum(checkpoints) AS checkpoints, min(first) AS first, max(last) AS last
    FROM parts GROUP BY session, branch;
PRAGMA user_version = {_VERSION};
"""
_FREE_TEXTS: Final = ("statement", "step", "playbook", "text", "peer", "parent")
_T = TypeVar("_T")


class Extent(msgspec.Struct, frozen=True):
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
        self.begun = 0
        """How many times it was let go of for another: begun anew here, or by a process that shares it."""
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[Header]).decode

    # -- what it knows of the folders ----------------------------------------------------------------------------------

    def file_names(self) -> set[str]:
        """Of all checkpoints it knows."""
        query = "SELECT group_concat(id || '.pkl', ' ') FROM headers UNION ALL SELECT ids FROM packs"
        return self._do(lambda db: {name for (names,) in db.execute(query) for name in (names or "").split()})

    def folders(self) -> dict[str, int]:
        """Agent → when its folder had last changed while the index said what the folder says, in nanoseconds."""
        return self._do(lambda db: dict(db.execute("SELECT agent, changed FROM folders")))

    def set_folders(self, changed: Mapping[str, int], begun: int) -> None:
        """The index says now what these folders said then; of others it does not know.

        Args:
            changed: Agent → when its folder had last changed, in nanoseconds.
            begun: Of which index this holds: one that was begun meanwhile says nothing of them yet.
        """

        def replaced(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM folders")
            if self.begun == begun:
                db.executemany("INSERT INTO folders VALUES (?,?)", changed.items())

        self._do(replaced)

    # -- headers -------------------------------------------------------------------------------------------------------

    def add(self, headers: Sequence[Header]) -> None:
        """Takes up checkpoints; one of an id that is there takes its place."""

        def added(db: sqlite3.Connection) -> None:
            for session in {header.session for header in headers}:
                own = [header for header in headers if header.session == session]
                (packed,) = db.execute("SELECT max(last) FROM packs WHERE session = ?", (session,)).fetchone()
                if packed is not None and min(header.sequence for header in own) <= packed:
                    self._unpack(db, "session = ?", session)
                self._insert(db, own)
                (count,) = db.execute("SELECT count(*) FROM headers WHERE session = ?", (session,)).fetchone()
                if count >= _PACKED:
                    self._pack(db, session)

        self._do(added)

    def _insert(self, db: sqlite3.Connection, headers: Sequence[Header]) -> None:
        rows = [(h.session, h.sequence, h.id, h.branch, h.time, self._encoded(h)) for h in headers]
        db.executemany("INSERT OR REPLACE INTO headers VALUES (?,?,?,?,?,?)", rows)

    def _pack(self, db: sqlite3.Connection, session: str) -> None:
        """Puts the rows of a session into packs. They all come after what is packed."""
        loose = self._rows(db, "WHERE session = ?", [session])
        db.execute("DELETE FROM headers WHERE session = ?", (session,))
        for start in range(0, len(loose), 2 * _PACKED):
            headers = loose[start : start + 2 * _PACKED]
            first, last = headers[0].sequence, headers[-1].sequence
            row = (session, first, last, " ".join(f"{header.id}.pkl" for header in headers), pack(headers))
            query = "INSERT INTO packs (session, first, last, ids, headers) VALUES (?,?,?,?,?)"
            key = db.execute(query, row).lastrowid
            parts: dict[tuple[str, str], list[Header]] = {}
            for header in headers:
                parts.setdefault((header.branch, header.agent), []).append(header)
            rows = []
            for (branch, agent), part in parts.items():
                numbers = [header.number for header in part]
                extent = len(part), part[0].sequence, part[-1].sequence, min(numbers), max(numbers)
                time = max(header.time for header in part)
                rows.append((key, session, branch, agent, *extent, time))
            db.executemany("INSERT INTO pack_parts VALUES (?,?,?,?,?,?,?,?,?,?)", rows)

    def _unpack(self, db: sqlite3.Connection, where: str, *given: object, without: Container[str] = ()) -> None:
        """Puts what some packs hold into rows again, but for some ids."""
        for key, blob in db.execute(f"SELECT key, headers FROM packs WHERE {where}", given).fetchall():
            self._insert(db, [header for header in self._unpacked(blob) if header.id not in without])
            db.execute("DELETE FROM packs WHERE key = ?", (key,))
            db.execute("DELETE FROM pack_parts WHERE pack = ?", (key,))

    def _unpacked(self, blob: bytes) -> list[Header]:
        try:
            return unpack(blob)
        except NotPacked as error:
            raise sqlite3.DatabaseError(str(error)) from None  # as any index that can't be read

    def _encoded(self, header: Header) -> bytes:
        try:
            return self._encode(header)
        except UnicodeEncodeError:  # half a surrogate pair, which a program may say and UTF-8 can't
            texts = {name: getattr(header, name).encode(errors="replace").decode() for name in _FREE_TEXTS}
            degraded = tuple(path.encode(errors="replace").decode() for path in header.degraded)
            return self._encode(msgspec.structs.replace(header, **texts, degraded=degraded))

    def remove(self, ids: Iterable[str]) -> None:
        """Drops checkpoints."""
        gone = set(ids)
        numbers: dict[str, list[int]] = {}
        for id in gone:
            agent, _, number = id.rpartition("_ckpt_")
            if number.isdecimal():
                numbers.setdefault(agent, []).append(int(number))
        near = "SELECT DISTINCT pack FROM pack_parts WHERE agent = ? AND highest >= ? AND lowest <= ?"

        def removed(db: sqlite3.Connection) -> None:
            given = json.dumps(list(gone))
            db.execute("DELETE FROM headers WHERE id IN (SELECT value FROM json_each(?))", (given,))
            for agent, own in numbers.items():
                for (key,) in db.execute(near, (agent, min(own), max(own))).fetchall():
                    (names,) = db.execute("SELECT ids FROM packs WHERE key = ?", (key,)).fetchone()
                    if not gone.isdisjoint(name[:-4] for name in names.split()):
                        self._unpack(db, "key = ?", key, without=gone)

        self._do(removed)

    def headers(
        self, session: str | None = None, sequences: Sequence[int] | None = None, *, after: int = 0
    ) -> list[Header]:
        """Headers, in sequence order.

        Args:
            session: Of which; None is of all.
            sequences: Only those.
            after: Only those with a higher sequence.
        """
        packed, where, given = ["last > ?"], ["sequence > ?"], list[object]([after])
        if session is not None:
            packed, where, given = [*packed, "session = ?"], [*where, "session = ?"], [*given, session]
        some = set(sequences) if sequences is not None else None

        def found(db: sqlite3.Connection) -> list[Header]:
            # In one statement: between two, another process may put rows into a pack.
            query = f"""
                SELECT 1, first, last, headers FROM packs WHERE {" AND ".join(packed)}
                UNION ALL SELECT 0, 0, 0, header FROM headers WHERE {" AND ".join(where)}
            """
            made: list[Header] = []
            loose: list[bytes] = []
            for is_pack, first, last, blob in db.execute(query, given * 2):
                if not is_pack:
                    loose.append(blob)
                elif some is None or any(first <= sequence <= last for sequence in some):
                    made += self._unpacked(blob)
            return made + self._decoded(loose)

        headers = self._do(found)
        if some is not None or after:
            headers = [h for h in headers if h.sequence > after and (some is None or h.sequence in some)]
        headers.sort(key=attrgetter("session", "sequence") if session is None else attrgetter("sequence"))
        return headers

    def _rows(self, db: sqlite3.Connection, where: str, given: Sequence[object]) -> list[Header]:
        query = f"SELECT header FROM headers {where} ORDER BY session, sequence"
        return self._decoded([row[0] for row in db.execute(query, given)])

    def _decoded(self, rows: list[bytes]) -> list[Header]:
        try:
            # One array of all rows: decoded in one go, without a call for each.
            return self._decode(b"\xdd" + struct.pack(">I", len(rows)) + b"".join(rows))
        except msgspec.MsgspecError as error:
            raise sqlite3.DatabaseError(str(error)) from None

    def extents(self, session: str | None = None) -> list[Extent]:
        """The branches of one session, or of all, in the order they began."""
        where, given = ("WHERE session = ?", (session,)) if session is not None else ("", ())
        query = f"SELECT session, branch, checkpoints, first, last FROM branches {where} ORDER BY session, first"
        return self._do(lambda db: [Extent(*row) for row in db.execute(query, given)])

    def newest_time(self) -> float:
        """The highest time there is, seconds since 1970; 0 when there is none."""
        query = "SELECT max(time) FROM headers UNION ALL SELECT max(time) FROM pack_parts"
        return self._do(lambda db: max(float(time or 0) for (time,) in db.execute(query)))

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

    def settled(self, catch_up: Callable[[], object], act: Callable[[], _T]) -> _T:
        """What the index says once it is brought up to what it is of; again when it was let go of meanwhile."""
        while True:
            begun = self.begun
            catch_up()
            found = act()
            if begun == self.begun:  # the one in memory, at the latest, stays
                return found

    def _do(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """Does something with the index; with one that fails, again with an empty one, then with one in memory."""
        ways = [self._open, self._open_anew, self._open_in_memory]
        while True:
            try:
                if self._connection is None:
                    self._connection = ways.pop(0)()
                with self._connection:
                    return act(self._connection)
            except (sqlite3.Error, OSError) as error:
                self.close()
                self.begun += 1
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                    ways = [self._open_in_memory]  # another process has it, and nothing is wrong with it
                if not ways:
                    raise

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        return _connect(str(self._path))

    def _open_anew(self) -> sqlite3.Connection:
        self.discard()
        return self._open()

    def _open_in_memory(self) -> sqlite3.Connection:
        return _connect(":memory:")


def _connect(path: str) -> sqlite3.Connection:
    connection: Any = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False, factory=Connection)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # what power loss takes is read from the files again
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise sqlite3.DatabaseError("an index of another version")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        elif not is_of(connection, _SCHEMA):
            raise sqlite3.DatabaseError("an index that was made elsewhere")
    except BaseException:
        connection.close()
        raise
    found: sqlite3.Connection = connection
    return found
