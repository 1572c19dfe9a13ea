"""Checkpoints as files, one each: `.checkpoints/1000/1000_ckpt_1.pkl`.

**When `write` returns the checkpoint is whole under its name; before that there is nothing under it; and no other
process can have taken its number.** Apart from the catalogue, the format and the side files, which it brings together.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from playbooks.checkpoints import facts, locks
from playbooks.checkpoints.catalog import Extent
from playbooks.checkpoints.facts import is_nothing
from playbooks.checkpoints.file_index import FileIndex, noted_number
from playbooks.checkpoints.ids import ID, SESSION, session_order
from playbooks.checkpoints.notes import Notes
from playbooks.checkpoints.placing import Placer, make_folder
from playbooks.checkpoints.record import BranchInfo, Checkpoint, Header, SessionInfo
from playbooks.checkpoints.record_file import DamagedFile, from_bytes, to_bytes
from playbooks.checkpoints.session_locks import SessionLocks
from playbooks.checkpoints.signing import user_key
from playbooks.checkpoints.store import Damaged, Note, NumberTaken, StorageError, UnknownCheckpoint


class FileStore:
    """The checkpoints of a storage path. Makes folders only when something is written.

    Args:
        base_path: The storage path.
        fsync: Whether what is written survives power loss, and not only a crash of the process.
        key: Signs; None is the user's own.
        clock: Monotonic seconds, for how often the catalogue is written.
    """

    def __init__(
        self,
        base_path: str | os.PathLike[str] = ".checkpoints",
        *,
        fsync: bool = False,
        key: bytes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_path = Path(base_path)
        self._base = str(self.base_path)
        self._key = key if key is not None else user_key()
        self._placer = Placer(fsync=fsync)
        self._notes = Notes(self.base_path / ".sessions", self._key, fsync=fsync)
        self._locks = SessionLocks(self.base_path / ".sessions")
        self._index = FileIndex(self.base_path, self.read, clock)
        self._folders: dict[str, str] = {}
        self._counters: dict[str, int] = {}
        self._highest: dict[str, int] = {}
        self._damaged: dict[str, Damaged] = {}

    # -- writing ------------------------------------------------------------------------------------------------------

    def next_number(self, agent: str) -> int:
        """See `Store.next_number`. The highest number ever taken stands in the agent's folder, in `.highest`."""
        try:
            counter = self._counters.get(agent)
            if counter is None:
                path = f"{self._folder(agent)}/.highest"
                counter = self._counters[agent] = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            locks.wait(counter)
            try:
                return self._raise_highest(agent, counter, 1)
            finally:
                locks.release(counter)
        except OSError as error:
            raise StorageError.of(error, self._base) from error

    def _raise_highest(self, agent: str, counter: int, by: int) -> int:
        """Adds to the highest number, under its lock. What files show counts too: they may have been copied here."""
        if agent not in self._highest:
            self._highest[agent] = max([0, *(number for number, _ in self._index.files(agent))])
        os.lseek(counter, 0, os.SEEK_SET)
        number = max(noted_number(os.read(counter, 20)), self._highest[agent]) + by
        os.lseek(counter, 0, os.SEEK_SET)
        os.write(counter, b"%d\n" % number)  # numbers only grow, so this covers what stood there
        self._highest[agent] = number
        return number

    def write(self, checkpoint: Checkpoint) -> None:
        """See `Store.write`."""
        header = checkpoint.header
        data = to_bytes(checkpoint, self._key)
        try:
            folder = self._folders.get(header.agent) or self._folder(header.agent)
            self._placer.place(folder, f"{folder}/{header.id}.pkl", data)
        except FileExistsError:
            raise NumberTaken(header.id) from None
        except OSError as error:
            raise StorageError.of(error, self._base) from error
        self._index.add(header)

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        """See `Store.write_group`. If the second can't be written, the first is taken away again."""
        written: list[str] = []
        try:
            for checkpoint in checkpoints:
                self.write(checkpoint)
                written.append(checkpoint.header.id)
        except BaseException:
            self._index.forget(written)
            for id in written:
                self._unlink(id)
            raise

    def replace(self, checkpoint: Checkpoint) -> None:
        """See `Store.replace`."""
        header = checkpoint.header
        data = to_bytes(checkpoint, self._key)
        try:
            folder = self._folder(header.agent)
            self._placer.replace(folder, f"{folder}/{header.id}.pkl", data)
        except OSError as error:
            raise StorageError.of(error, self._base) from error
        self._index.add(header)

    def flush(self) -> None:
        """Brings the catalogue up to what this store wrote."""
        self._index.flush()

    def delete(self, ids: Iterable[str]) -> None:
        """See `Store.delete`."""
        ids = list(ids)
        try:
            for agent in {self._parse(id)[0] for id in ids}:
                if os.path.isdir(f"{self._base}/{agent}"):
                    self._keep_highest(agent)
            for id in ids:
                self._unlink(id)
        except OSError as error:
            raise StorageError.of(error, self._base) from error
        self._index.remove(ids)

    def _keep_highest(self, agent: str) -> None:
        counter = os.open(f"{self._base}/{agent}/.highest", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            locks.wait(counter)
            self._highest.pop(agent, None)
            self._raise_highest(agent, counter, 0)
        finally:
            os.close(counter)

    def _unlink(self, id: str) -> None:
        try:
            os.unlink(self._path(id))
        except FileNotFoundError:
            pass

    def _folder(self, agent: str) -> str:
        if agent not in self._folders:
            if not ID.fullmatch(f"{agent}_ckpt_1"):
                raise ValueError(f"no agent id: {agent!r}")
            folder = f"{self._base}/{agent}"
            make_folder(self._base)
            make_folder(folder)
            self._folders[agent] = folder
        return self._folders[agent]

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, id: str) -> Checkpoint:
        """See `Store.read`."""
        return self.read_signed(id)[0]

    def is_signed(self, id: str) -> bool:
        """See `Store.is_signed`."""
        return self.read_signed(id)[1]

    def read_signed(self, id: str) -> tuple[Checkpoint, bool]:
        """See `Store.read_signed`."""
        path = self._path(id)
        try:
            with open(path, "rb", buffering=0) as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            raise UnknownCheckpoint(id, self._base) from None
        except OSError as error:
            raise self._met(id, path, error.strerror or "can't be read") from None
        try:
            return from_bytes(data, self._key, id)
        except DamagedFile as error:
            raise self._met(id, path, error.reason) from None

    def _met(self, id: str, path: str, reason: str) -> Damaged:
        damaged = self._damaged[id] = Damaged(id, path, reason)
        return damaged

    def damaged(self) -> list[Damaged]:
        """See `Store.damaged`."""
        return list(self._damaged.values())

    def headers(self, session: str | None = None) -> list[Header]:
        """See `Store.headers`."""
        found = self._index.headers(session)
        if session is not None:
            return [] if self._is_nothing(found) else found
        found.sort(key=lambda header: (session_order(header.session), header.sequence))
        counts = Counter(header.session for header in found)
        alone = {session for session, count in counts.items() if count == 1}
        return [h for h in found if h.kind != "start" or h.session not in alone or not self._is_nothing([h])]

    def ids(self, agent: str) -> list[str]:
        """Ids of an agent's checkpoints, by number."""
        return [id for _, id in sorted(self._index.files(agent))]

    def newer(self, session: str, after: int) -> list[Header]:
        """See `Store.newer`."""
        found = self._index.newer(session, after)
        return [] if not after and self._is_nothing(found) else found

    def _is_nothing(self, headers: Sequence[Header]) -> bool:
        return is_nothing(headers, self._side_notes)

    def _path(self, id: str) -> str:
        return f"{self._base}/{self._parse(id)[0]}/{id}.pkl"

    def _parse(self, id: str) -> tuple[str, int]:
        """Agent and number of an id; what is none can't be a path either."""
        found = ID.fullmatch(id)
        if found is None:
            raise UnknownCheckpoint(id, self._base)
        return found["agent"], int(found["number"])

    # -- sessions -----------------------------------------------------------------------------------------------------

    def sessions(self) -> list[SessionInfo]:
        """See `Store.sessions`. The program is that of the first note of kind `session`."""
        return self._index.at_once(self._sessions)

    def _sessions(self) -> list[SessionInfo]:
        extents: dict[str, list[Extent]] = {}
        for extent in self._index.known_extents():
            extents.setdefault(extent.session, []).append(extent)
        found = [self._session(extents[session]) for session in sorted(extents, key=session_order)]
        return [info for info in found if info is not None]

    def newest_time(self) -> float:
        """See `Store.newest_time`."""
        return self._index.newest_time()

    def _session(self, extents: list[Extent]) -> SessionInfo | None:
        session, count = extents[0].session, sum(extent.checkpoints for extent in extents)
        ends = (min(extent.first for extent in extents), max(extent.last for extent in extents))
        headers = self._index.known(session, ends)
        if not SESSION.fullmatch(session) or self._is_nothing(headers):
            return None
        first, last = headers[0], headers[-1]
        about, label = self._side_notes(session, "session"), self.labels(session).get(session, "")
        return facts.session_info(session, first, last, count, about, self.statuses(session), label)

    def branches(self, session: str) -> list[BranchInfo]:
        """See `Store.branches`."""
        return self._index.at_once(lambda: self._branches(session))

    def _branches(self, session: str) -> list[BranchInfo]:
        wanted = {end for extent in self._index.known_extents(session) for end in (extent.first, extent.last)}
        headers = self._index.known(session, list(wanted))
        if {header.sequence for header in headers} != wanted:  # another process has pruned in between
            headers = self._index.known(session)
        if self._is_nothing(headers):
            return []
        statuses = self.statuses(session)
        return facts.branches(session, headers, statuses)

    def new_session_id(self) -> str:
        """See `Store.new_session_id`. Takes away sessions that ended before their first statement did."""
        used = [session_order(extent.session)[0] for extent in self._index.extents()]
        self._sweep()
        try:
            make_folder(self._base)
            return self._notes.new_session(max([0, *used]) + 1)
        except OSError as error:
            raise StorageError.of(error, self._base) from error

    def _sweep(self) -> None:
        for extent in self._index.extents():
            if extent.checkpoints == 1 and not self._locks.is_open(extent.session):
                headers = self._index.known(extent.session)
                if self._is_nothing(headers):
                    self.delete(header.id for header in headers)

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None:
        """See `Store.note`."""
        try:
            self._notes.add(session, kind, data)
        except OSError as error:
            raise StorageError.of(error, self._base) from error

    def notes(self, session: str, kind: str) -> list[Note]:
        """See `Store.notes`."""
        return self._notes.read(session, kind)

    def _side_notes(self, session: str, kind: str) -> list[Note]:
        return self._notes.read(session, kind) if SESSION.fullmatch(session) else []

    def clear_notes(self, session: str, kind: str | None) -> None:
        """See `Store.clear_notes`."""
        try:
            self._notes.clear(session, kind)
        except OSError as error:
            raise StorageError.of(error, self._base) from error

    def set_status(self, session: str, branch: str, status: str) -> None:
        """See `Store.set_status`."""
        self.note(session, facts.STATUS, {"branch": branch, "status": status})

    def set_label(self, id: str, text: str) -> None:
        """See `Store.set_label`."""
        session = id if SESSION.fullmatch(id) else self.read(id).header.session
        self.note(session, "label", {"id": id, "text": text})

    def labels(self, session: str) -> dict[str, str]:
        """See `Store.labels`."""
        return facts.labels(self._side_notes(session, "label"))

    def is_open(self, session: str) -> bool:
        """See `Store.is_open`."""
        return self._locks.is_open(session)

    def statuses(self, session: str) -> dict[str, str]:
        """See `Store.statuses`."""
        return facts.statuses(self._side_notes(session, facts.STATUS), self._locks.is_open(session))

    def lock(self, session: str) -> AbstractContextManager[None]:
        """See `Store.lock`."""
        return self._locks.lock(session)

    def close(self) -> None:
        """See `Store.close`."""
        self._index.close()
        self._notes.close()
        for counter in self._counters.values():
            os.close(counter)
        self._counters.clear()
