"""Checkpoints in one SQLite database, `.checkpoints/checkpoints.db`: for long runs, where ten thousand files are many.

**When `write` returns the checkpoint is committed; before that it can't be seen; and no other process can have taken
its number.** The records are those of the files, byte for byte, and signed like them; what is apart is where they lie.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Literal

from playbooks.checkpoints import facts
from playbooks.checkpoints.facts import is_nothing
from playbooks.checkpoints.header_packs import NotPacked
from playbooks.checkpoints.ids import ID, SESSION, session_order
from playbooks.checkpoints.record import BranchInfo, Checkpoint, Header, SessionInfo
from playbooks.checkpoints.record_file import DamagedFile, from_data, to_parts
from playbooks.checkpoints.session_locks import SessionLocks
from playbooks.checkpoints.signing import user_key
from playbooks.checkpoints.sqlite_ahead import Opened, ReadAhead, opened
from playbooks.checkpoints.sqlite_file import SQLiteFile
from playbooks.checkpoints.sqlite_packing import PACKED, pack, pack_headers, unpack_headers
from playbooks.checkpoints.store import Damaged, Note, NumberTaken, StorageError, UnknownCheckpoint

FILE_NAME: Final = "checkpoints.db"
_SESSIONS: Final = ""
"""The counter of session ids; those of agents bear their names."""

_TAKE = """
INSERT INTO counters VALUES (:agent, :more + coalesce((SELECT max(number) FROM checkpoints WHERE agent = :agent), 0))
ON CONFLICT DO UPDATE SET highest = max(highest + :more, excluded.highest) RETURNING highest
"""
_RECORD = "SELECT record FROM checkpoints WHERE agent = ? AND number = ?"
_INSERT = "INSERT INTO checkpoints (agent, number, session, branch, sequence, record) VALUES (?,?,?,?,?,?)"
_REPLACE = f"""{_INSERT}
ON CONFLICT (agent, number) DO UPDATE SET
session = excluded.session, branch = excluded.branch, sequence = excluded.sequence, record = excluded.record
"""
_LOOSE = """
SELECT key, agent, number, record FROM checkpoints
WHERE session = :session AND key > :upto
ORDER BY sequence
"""
"""What no pack lists yet: a session's keys grow with its sequence."""
_UNLISTED = """
SELECT count(*), max(key) FROM checkpoints
WHERE key > coalesce((SELECT max(upto) FROM packs WHERE session = :session), -1) AND +session = :session
"""
_SINCE = "SELECT key, agent, number, record FROM checkpoints WHERE key > ? AND +session = ? ORDER BY key"
"""`+` in both: by key, of which few are higher, and not by session."""


class SQLiteStore:
    """The checkpoints of a storage path, in one database. Nothing is made before something is written.

    Args:
        base_path: The storage path.
        fsync: Whether what is written survives power loss, and not only a crash of the process.
        key: Signs; None is the user's own.
    """

    def __init__(
        self, base_path: str | os.PathLike[str] = ".checkpoints", *, fsync: bool = False, key: bytes | None = None
    ) -> None:
        self.base_path = Path(base_path)
        self.path = self.base_path / FILE_NAME
        self._key = key if key is not None else user_key()
        self._file = SQLiteFile(self.path, fsync=fsync)
        self._ahead = ReadAhead(self._kept, self._key)
        self._locks = SessionLocks(self.base_path / ".sessions")
        self._damaged: dict[str, Damaged] = {}
        self._reserved: dict[str, int] = {}
        """Agent → a number that is taken and not given out yet: taken in the transaction of the one before."""
        self._loose: dict[str, list[Header]] = {}
        """Session → headers that this store wrote and no pack lists."""
        self._followed: dict[str, int] = {}
        """Session → the highest key that `newer` has looked at."""

    # -- writing ------------------------------------------------------------------------------------------------------

    def next_number(self, agent: str) -> int:
        """See `Store.next_number`."""
        if (number := self._reserved.pop(agent, 0)) > 0:
            return number
        if not ID.fullmatch(f"{agent}_ckpt_1"):
            raise ValueError(f"no agent id: {agent!r}")
        return int(self._file.run(_TAKE, {"agent": agent, "more": 1})[0][0])

    def pass_by(self, agent: str, number: int) -> None:
        """Numbers up to this one count as taken."""
        query = "INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET highest = max(highest, excluded.highest)"
        self._file.run(query, (agent, number))
        self._reserved.pop(agent, None)

    def write(self, checkpoint: Checkpoint) -> None:
        """See `Store.write`."""
        self.write_group((checkpoint,))

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        """See `Store.write_group`: one transaction."""
        rows = [(c.header, self._packed(c)) for c in checkpoints]
        reserved: dict[str, int] = {}
        with self._file.transaction() as connection:
            for header, record in rows:
                try:
                    connection.execute(_INSERT, (*_columns(header), record))
                except sqlite3.IntegrityError:
                    raise NumberTaken(header.id) from None
                if self._reserved.get(header.agent, 0) == 0:
                    # The next number is taken along: alone it would be a transaction, and half of a commit's time.
                    query = "UPDATE counters SET highest = highest + 1 WHERE name = ? AND highest = ?"
                    if connection.execute(query, (header.agent, header.number)).rowcount:
                        reserved[header.agent] = header.number + 1
        self._reserved.update(reserved)
        for header, _ in rows:
            loose = self._loose.setdefault(header.session, [])
            loose.append(header)
            if len(loose) >= PACKED:
                self._pack(header.session)

    def replace(self, checkpoint: Checkpoint) -> None:
        """See `Store.replace`."""
        header = checkpoint.header
        record = self._packed(checkpoint)
        with self._file.transaction() as connection:
            connection.execute(_REPLACE, (*_columns(header), record))
            connection.execute("DELETE FROM packs WHERE session = ?", (header.session,))
        self._loose.pop(header.session, None)

    def delete(self, ids: Iterable[str]) -> None:
        """See `Store.delete`."""
        parsed = [self._parse(id) for id in ids]
        if not self._file.look("SELECT 1"):
            return
        with self._file.transaction() as connection:
            for agent in {agent for agent, _ in parsed}:
                # The highest number outlives its checkpoint.
                connection.execute(_TAKE, {"agent": agent, "more": 0}).fetchall()
            touched = set()
            for agent, number in parsed:
                query = "DELETE FROM checkpoints WHERE agent = ? AND number = ? RETURNING session"
                touched |= {row[0] for row in connection.execute(query, (agent, number)).fetchall()}
            for session in touched:
                connection.execute("DELETE FROM packs WHERE session = ?", (session,))
                self._loose.pop(session, None)

    def _pack(self, session: str) -> None:
        """Lists the headers at hand in one blob, if they are all that no pack lists. An index is no reason to fail."""
        loose = self._loose.pop(session, [])
        try:
            with self._file.transaction() as connection:
                found, upto = connection.execute(_UNLISTED, {"session": session}).fetchone()
                if found == len(loose):
                    row = (session, upto, found, pack_headers(loose))
                    connection.execute("INSERT INTO packs VALUES (?,?,?,?)", row)
        except (StorageError, sqlite3.IntegrityError):
            pass

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, id: str) -> Checkpoint:
        """See `Store.read`."""
        return self.read_signed(id)[0]

    def is_signed(self, id: str) -> bool:
        """See `Store.is_signed`."""
        return self.read_signed(id)[1]

    def read_signed(self, id: str) -> tuple[Checkpoint, bool]:
        """See `Store.read_signed`."""
        try:
            record = self._kept(id)
        except StorageError as error:
            raise self._met(id, str(error.__cause__ or error)) from None
        if record is None:
            raise UnknownCheckpoint(id, str(self.path))
        return self._unpacked(id, record, self._ahead.read)

    def _unpacked(
        self, id: str, record: bytes, read: Callable[[str, bytes], Opened] | None = None
    ) -> tuple[Checkpoint, bool]:
        try:
            return from_data(*(read(id, record) if read else opened(record, self._key)), id)
        except DamagedFile as error:
            raise self._met(id, error.reason) from None
        except NotPacked as error:
            raise self._met(id, str(error)) from None

    def _kept(self, id: str) -> bytes | None:
        """A record as it is kept; None: there is none of this id."""
        found = ID.fullmatch(id)
        rows = self._file.look(_RECORD, (found["agent"], int(found["number"]))) if found else []
        return rows[0][0] if rows else None

    def _packed(self, checkpoint: Checkpoint) -> bytes:
        return pack(*to_parts(checkpoint, self._key), base=checkpoint.base if checkpoint.merged is not None else "")

    def _met(self, id: str, reason: str) -> Damaged:
        damaged = self._damaged[id] = Damaged(id, f"{id} in {self.path}", reason)
        return damaged

    def damaged(self) -> list[Damaged]:
        """See `Store.damaged`."""
        return list(self._damaged.values())

    def headers(self, session: str | None = None) -> list[Header]:
        """See `Store.headers`."""
        if session is None:
            names = [row[0] for row in self._file.look("SELECT DISTINCT session FROM checkpoints")]
            return [header for name in sorted(names, key=session_order) for header in self.headers(name)]
        packs = self._file.look("SELECT upto, data FROM packs WHERE session = ? ORDER BY upto", (session,))
        try:
            found = [header for _, blob in packs for header in unpack_headers(blob)]
            upto = packs[-1][0] if packs else -1  # of those read here: another process may pack more meanwhile
        except NotPacked:
            self._file.run("DELETE FROM packs WHERE session = ?", (session,))
            found, upto = [], -1
        loose, whole = [], True
        for _, agent, number, record in self._file.look(_LOOSE, {"session": session, "upto": upto}):
            try:
                loose.append(self._unpacked(f"{agent}_ckpt_{number}", record)[0].header)
            except Damaged:
                whole = False
        if whole and len(loose) >= PACKED:
            self._loose[session] = list(loose)
            self._pack(session)
        found += loose
        return [] if is_nothing(found, self.notes) else found

    def newer(self, session: str, after: int) -> list[Header]:
        """See `Store.newer`: rows above the highest key there was, the session's or not."""
        upto = self._followed.get(session)
        if upto is None or not after:
            highest = self._file.look("SELECT coalesce(max(key), 0) FROM checkpoints")
            self._followed[session] = int(highest[0][0]) if highest else 0  # the file is not there yet
            return [header for header in self.headers(session) if header.sequence > after]
        found = []
        for key, agent, number, record in self._file.look(_SINCE, (upto, session)):
            self._followed[session] = key
            with contextlib.suppress(Damaged):
                found.append(self._unpacked(f"{agent}_ckpt_{number}", record)[0].header)
        return sorted((header for header in found if header.sequence > after), key=lambda header: header.sequence)

    def ids(self, agent: str) -> list[str]:
        """Ids of an agent's checkpoints, by number."""
        rows = self._file.look("SELECT number FROM checkpoints WHERE agent = ? ORDER BY number", (agent,))
        return [f"{agent}_ckpt_{number}" for (number,) in rows]

    def _parse(self, id: str) -> tuple[str, int]:
        found = ID.fullmatch(id)
        if found is None:
            raise UnknownCheckpoint(id, str(self.path))
        return found["agent"], int(found["number"])

    # -- sessions -----------------------------------------------------------------------------------------------------

    def sessions(self) -> list[SessionInfo]:
        """See `Store.sessions`. The program is that of the first note of kind `session`."""
        query = "SELECT session, count(*), min(key), max(key) FROM checkpoints GROUP BY session"
        rows = [row for row in self._file.look(query) if SESSION.fullmatch(row[0])]
        found = [self._session(*row) for row in sorted(rows, key=lambda row: session_order(row[0]))]
        return [info for info in found if info is not None]

    def newest_time(self) -> float:
        """See `Store.newest_time`: that of the last one written, for a session's times only grow."""
        newest = self._whole("DESC")
        return newest.time if newest is not None else 0.0

    def _session(self, session: str, count: int, first_key: int, last_key: int) -> SessionInfo | None:
        first = self._whole("ASC", "session = ? AND key >= ?", (session, first_key))
        last = self._whole("DESC", "session = ? AND key <= ?", (session, last_key))
        if first is None or last is None or is_nothing([*dict.fromkeys((first, last))], self.notes):
            return None
        about, label = self.notes(session, "session"), self.labels(session).get(session, "")
        return facts.session_info(session, first, last, count, about, self.statuses(session), label)

    def _whole(self, order: Literal["ASC", "DESC"], where: str = "1", values: tuple[Any, ...] = ()) -> Header | None:
        """The first whole checkpoint of some, oldest or newest first; None: there is none."""
        query = f"""SELECT key, agent, number, record FROM checkpoints WHERE {where} {{}}
        ORDER BY key {order} LIMIT 1"""
        rows = self._file.look(query.format(""), values)
        while rows:
            key, agent, number, record = rows[0]
            with contextlib.suppress(Damaged):
                return self._unpacked(f"{agent}_ckpt_{number}", record)[0].header
            beyond = f"AND key {'>' if order == 'ASC' else '<'} ?"
            rows = self._file.look(query.format(beyond), (*values, key))
        return None

    def branches(self, session: str) -> list[BranchInfo]:
        """See `Store.branches`."""
        query = """SELECT branch, min(sequence), max(sequence) FROM checkpoints WHERE session = ?
        GROUP BY branch ORDER BY min(sequence)"""
        rows = self._file.look(query, (session,))
        ends: dict[str, tuple[Header | None, Header | None]] = {
            name: (self._at(session, name, first), self._at(session, name, last)) for name, first, last in rows
        }
        if any(end is None for pair in ends.values() for end in pair):  # damaged: those that are whole tell
            ends = {}
            for header in self.headers(session):
                ends[header.branch] = (ends.get(header.branch, (header,))[0], header)
        whole = {name: (first, last) for name, (first, last) in ends.items() if first is not None and last is not None}
        if is_nothing([*dict.fromkeys(header for pair in whole.values() for header in pair)], self.notes):
            return []
        statuses = self.statuses(session)
        return [
            BranchInfo(session, name, last.id, first.parent, statuses.get(name, "interrupted"))
            for name, (first, last) in whole.items()
        ]

    def _at(self, session: str, branch: str, sequence: int) -> Header | None:
        query = "SELECT agent, number, record FROM checkpoints WHERE session = ? AND branch = ? AND sequence = ?"
        for agent, number, record in self._file.look(query, (session, branch, sequence)):
            try:
                return self._unpacked(f"{agent}_ckpt_{number}", record)[0].header
            except Damaged:
                continue
        return None

    def statuses(self, session: str) -> dict[str, str]:
        """See `Store.statuses`."""
        return facts.statuses(self.notes(session, facts.STATUS), self.is_open(session))

    def new_session_id(self, least: int = 1) -> str:
        """See `Store.new_session_id`; at least `s<least>`."""
        used = self._file.look("SELECT DISTINCT session FROM checkpoints UNION SELECT DISTINCT session FROM notes")
        highest = max([least - 1, *(int(row[0][1:]) for row in used if SESSION.fullmatch(row[0]))])
        query = """INSERT INTO counters VALUES (:name, :used + 1)
        ON CONFLICT DO UPDATE SET highest = max(highest, :used) + 1 RETURNING highest"""
        return f"s{self._file.run(query, {'name': _SESSIONS, 'used': highest})[0][0]}"

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None:
        """See `Store.note`."""
        text = facts.to_text(data)
        row = (session, kind, facts.sign(self._key, session, kind, text), text)
        self._file.run("INSERT INTO notes (session, kind, signature, data) VALUES (?,?,?,?)", row)

    def notes(self, session: str, kind: str) -> list[Note]:
        """See `Store.notes`."""
        query = "SELECT data, signature FROM notes WHERE session = ? AND kind = ? ORDER BY key"
        rows = self._file.look(query, (session, kind))
        found = (facts.to_note(self._key, session, kind, text, signature) for text, signature in rows)
        return [note for note in found if note is not None]

    def clear_notes(self, session: str, kind: str | None) -> None:
        """See `Store.clear_notes`."""
        if self._file.look("SELECT 1"):
            self._file.run("DELETE FROM notes WHERE session = ? AND kind = coalesce(?, kind)", (session, kind))

    def set_status(self, session: str, branch: str, status: str) -> None:
        """See `Store.set_status`."""
        self.note(session, facts.STATUS, {"branch": branch, "status": status})

    def set_label(self, id: str, text: str) -> None:
        """See `Store.set_label`."""
        session = id if SESSION.fullmatch(id) else self.read(id).header.session
        self.note(session, "label", {"id": id, "text": text})

    def labels(self, session: str) -> dict[str, str]:
        """See `Store.labels`."""
        return facts.labels(self.notes(session, "label"))

    def is_open(self, session: str) -> bool:
        """See `Store.is_open`."""
        return self._locks.is_open(session)

    def lock(self, session: str) -> AbstractContextManager[None]:
        """See `Store.lock`."""
        return self._locks.lock(session)

    def close(self) -> None:
        """See `Store.close`. Numbers that were taken ahead are given back, if none was taken after them."""
        if self._file.is_open:
            for agent, number in self._reserved.items():
                query = "UPDATE counters SET highest = highest - 1 WHERE name = ? AND highest = ?"
                try:
                    self._file.run(query, (agent, number))
                except StorageError:
                    break
        self._reserved.clear()
        self._loose.clear()
        self._ahead.forget()
        self._file.close()


def _columns(header: Header) -> tuple[str, int, str, str, int]:
    return header.agent, header.number, header.session, header.branch, header.sequence
