"""What lies in a storage path, listed without reading every file: the folders, and the catalogue brought up to them.

Apart from `FileStore`, which writes and reads the files one by one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

from playbooks.checkpoints.catalog import Catalog, Extent
from playbooks.checkpoints.ids import ID
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.store import Damaged, StorageError, UnknownCheckpoint

_T = TypeVar("_T")
_FLUSH_S: Final = 0.5
"""How long the catalogue may lag behind the files."""
_SETTLED_NS: Final = 3_000_000_000
"""A folder that changed this long ago would bear another time if it changed again."""
_LATE: Final = 64
"""How many numbers back a checkpoint may still appear: several sessions take numbers from one agent's."""


class FileIndex:
    """The index of a storage path.

    Args:
        base: The storage path.
        read: Gives a checkpoint by id, from its file.
        clock: Monotonic seconds, for how often the catalogue is written.
    """

    def __init__(self, base: Path, read: Callable[[str], Checkpoint], clock: Callable[[], float]) -> None:
        self._base, self._read = str(base), read
        self._catalog = Catalog(base / "catalog.db")
        self._clock, self._flushed = clock, clock()
        self._unlisted: list[Header] = []
        self._followed: dict[str, dict[str, _Place]] = {}

    # -- what the store wrote ------------------------------------------------------------------------------------------

    def add(self, header: Header) -> None:
        """A checkpoint that this store has just written; the catalogue hears of it before long."""
        self._unlisted.append(header)
        if self._clock() - self._flushed > _FLUSH_S:
            self.flush()

    def forget(self, ids: Sequence[str]) -> None:
        """Checkpoints that this store has just taken back."""
        self._unlisted = [header for header in self._unlisted if header.id not in ids]

    def remove(self, ids: Sequence[str]) -> None:
        """Checkpoints that this store has just deleted."""
        self.flush()
        self._catalog.remove(ids)

    def flush(self) -> None:
        """Brings the catalogue up to what this store wrote."""
        if self._unlisted:
            listed, self._unlisted = self._unlisted, []
            self._catalog.add(listed)
        self._flushed = self._clock()

    def close(self) -> None:
        """Writes what the catalogue lacks, and closes it."""
        self.flush()
        self._catalog.close()

    # -- lists ---------------------------------------------------------------------------------------------------------

    def headers(
        self, session: str | None = None, sequences: Sequence[int] | None = None, *, after: int = 0
    ) -> list[Header]:
        """As `Catalog.headers`, brought up to the files."""
        return self.at_once(lambda: self._catalog.headers(session, sequences, after=after))

    def extents(self, session: str | None = None) -> list[Extent]:
        """As `Catalog.extents`, brought up to the files."""
        return self.at_once(lambda: self._catalog.extents(session))

    def at_once(self, act: Callable[[], list[_T]]) -> list[_T]:
        """A list made of several reads, all of one index that is brought up to the files."""
        if not os.path.isdir(self._base):
            return []
        return self._catalog.settled(self._catch_up, act)

    def newest_time(self) -> float:
        """As `Catalog.newest_time`, brought up to the files."""
        if not os.path.isdir(self._base):
            return 0.0
        return self._catalog.settled(self._catch_up, self._catalog.newest_time)

    def known_extents(self, session: str | None = None) -> list[Extent]:
        """As `extents`, right after something was brought up to the files."""
        return self._catalog.extents(session)

    def known(self, session: str, sequences: Sequence[int] | None = None) -> list[Header]:
        """As `headers`, right after something was brought up to the files."""
        return self._catalog.headers(session, sequences)

    def _catch_up(self) -> None:
        """Makes the catalogue say what the files say: reads those it lacks, drops what is gone."""
        self.flush()
        begun = self._catalog.begun
        folders = {agent: self._changed(agent) for agent in self.agents()}
        if folders == self._catalog.folders():
            return
        known = self._catalog.file_names()
        gone, missing, unread = set(known), [], set()
        for agent in folders:
            names = set(self._names(agent))
            gone -= names
            for name in names - known:
                found = ID.fullmatch(name[:-4]) if name.endswith(".pkl") else None
                if found is None or found["agent"] != agent:
                    continue
                try:
                    missing.append(self._read(name[:-4]).header)
                except (Damaged, UnknownCheckpoint):
                    unread.add(agent)  # whoever looks next must meet it too
        if gone:
            self._catalog.remove(name[:-4] for name in gone)
        if missing:
            self._catalog.add(missing)
        now = time.time_ns()
        settled = {agent: at for agent, at in folders.items() if at and now - at > _SETTLED_NS and agent not in unread}
        if settled or self._catalog.folders():
            self._catalog.set_folders(settled, begun)

    def _changed(self, agent: str) -> int:
        """When files of an agent last came or went, in nanoseconds; 0: there is no such folder."""
        try:
            return os.stat(f"{self._base}/{agent}").st_mtime_ns
        except OSError:
            return 0

    def agents(self) -> list[str]:
        """Names of the folders there are."""
        try:
            return [name for name in os.listdir(self._base) if name[0] != "." and "." not in name]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StorageError.unread(error, str(self._base)) from error

    def files(self, agent: str) -> list[tuple[int, str]]:
        """Numbers and ids of an agent's checkpoints, in no order."""
        prefix = f"{agent}_ckpt_"
        start = len(prefix)
        return [
            (int(number), name[:-4])
            for name in self._names(agent)
            if name.endswith(".pkl") and name.startswith(prefix) and (number := name[start:-4]).isdecimal()
        ]

    def _names(self, agent: str) -> list[str]:
        try:
            return os.listdir(f"{self._base}/{agent}")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StorageError.unread(error, f"{self._base}/{agent}") from error

    # -- following -----------------------------------------------------------------------------------------------------

    def newer(self, session: str, after: int) -> list[Header]:
        """Headers above a sequence. From the second call on only new files are looked for, by the agents' numbers."""
        places = self._followed.get(session)
        if places is None or not after:
            self._followed[session] = {agent: _Place.of(self.files(agent)) for agent in self.agents()}
            return self.headers(session, after=after)
        self.flush()
        found = []
        for agent in self.agents():
            place = places.setdefault(agent, _Place(0, set()))
            for number in place.due(self._highest(agent)):
                try:
                    header = self._read(f"{agent}_ckpt_{number}").header
                except UnknownCheckpoint:
                    continue  # taken, and not written yet
                except Damaged:
                    place.late.discard(number)
                    continue
                place.late.discard(number)
                if header.session == session:
                    place.late = {late for late in place.late if late > number}  # a session writes one by one
                    if header.sequence > after:
                        found.append(header)
        return sorted(found, key=lambda header: header.sequence)

    def _highest(self, agent: str) -> int:
        try:
            with open(f"{self._base}/{agent}/.highest", "rb", buffering=0) as file:
                noted = file.read(20)
        except OSError:
            return 0
        return noted_number(noted)


def noted_number(data: bytes) -> int:
    """The number that a `.highest` holds; 0 when it holds none that a checkpoint may have."""
    digits = data.strip()
    return int(digits) if digits.isdigit() and len(digits) < 18 else 0


class _Place:
    """How far an agent's numbers have been looked at."""

    __slots__ = ("late", "upto")

    def __init__(self, upto: int, late: Iterable[int]) -> None:
        self.upto, self.late = upto, set(late)
        """`late`: Numbers up to there of which there was no checkpoint yet."""

    @classmethod
    def of(cls, files: Sequence[tuple[int, str]]) -> _Place:
        numbers = {number for number, _ in files}
        upto = max(numbers, default=0)
        return cls(upto, set(range(max(1, upto - _LATE), upto)) - numbers)

    def due(self, highest: int) -> Iterator[int]:
        """Numbers to look at now, the lowest first."""
        most = 16 * _LATE
        self.late |= set(range(max(self.upto, highest - most) + 1, highest + 1))
        self.upto = max(self.upto, highest)
        if len(self.late) > most:
            self.late = {late for late in self.late if late > self.upto - most}
        yield from sorted(self.late)
