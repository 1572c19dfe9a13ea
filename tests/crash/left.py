"""What a killed run left, by provider: read as no store does, which might mend it, and altered as a rotten disk would.

Apart from the harness because all that differs between files and a database is here.
"""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.header_packs import NotPacked
from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.record_file import DamagedFile, from_bytes, from_data
from playbooks.checkpoints.sqlite import FILE_NAME, SQLiteStore
from playbooks.checkpoints.sqlite_packing import unpack
from playbooks.checkpoints.store import Store

Provider = Literal["filesystem", "sqlite"]
PROVIDERS: Final[tuple[Provider, ...]] = ("filesystem", "sqlite")
_RECORDS: Final = "SELECT key, agent || '_ckpt_' || number, record FROM checkpoints ORDER BY sequence"


class Left:
    """The storage of one run.

    Args:
        path: The storage path.
        provider: Which wrote it.
    """

    def __init__(self, path: Path, provider: Provider) -> None:
        self._path, self._is_files = path, provider == "filesystem"

    def store(self) -> Store:
        """A store that reads it."""
        return (FileStore if self._is_files else SQLiteStore)(self._path, key=b"-" * 32)

    def has_begun(self) -> bool:
        """Whether a checkpoint is there; the process may be alive."""
        if self._is_files:
            return any(self._path.glob("*/*_ckpt_*.pkl"))
        place = (self._path / FILE_NAME).absolute()
        with (
            contextlib.suppress(sqlite3.OperationalError),  # it is not there, or has no tables yet
            contextlib.closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True)) as connection,
        ):
            return bool(connection.execute("SELECT 1 FROM checkpoints LIMIT 1").fetchall())
        return False

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Those that are whole."""
        if self._is_files:
            for file in self._path.glob("*/*_ckpt_*.pkl"):
                with contextlib.suppress(DamagedFile):
                    yield from_bytes(file.read_bytes(), None, file.stem)[0]
            return
        # A copy: whoever opens a database takes up its log.
        with tempfile.TemporaryDirectory() as folder:
            for file in self._path.glob(f"{FILE_NAME}*"):
                shutil.copy(file, folder)
            with contextlib.closing(sqlite3.connect(Path(folder) / FILE_NAME)) as connection:
                rows = connection.execute(_RECORDS).fetchall() if _has_tables(connection) else []
        for _, id, record in rows:
            with contextlib.suppress(DamagedFile, NotPacked):
                yield from_data(unpack(record)[0], False, id)[0]

    def alter(self, seed: int, *, everywhere: bool) -> None:
        """Changes a letter of a checkpoint: a whole one still, but not what was written.

        Mostly in the newest; for every third seed in any but the session's start, without which nothing is left.

        Args:
            seed: Says which, and which letter.
            everywhere: Of a mutant: what was said, in all of them. Only some are read, and what is believed then was
                never said.
        """
        pick = random.Random(seed)
        if not self._is_files:
            with contextlib.closing(sqlite3.connect(self._path / FILE_NAME)) as connection, connection:
                rows = connection.execute(_RECORDS).fetchall()
                key, _, record = rows[pick.randint(1, len(rows) - 1) if seed % 3 == 0 else -1]
                place = pick.randrange(len(record))
                altered = record[:place] + bytes([record[place] ^ 1 << pick.randrange(8)]) + record[place + 1 :]
                connection.execute("UPDATE checkpoints SET record = ? WHERE key = ?", (altered, key))
            return
        files = {}
        for file in self._path.glob("*/*_ckpt_*.pkl"):
            checkpoint, _ = from_bytes(file.read_bytes(), None, file.stem)
            files[checkpoint.header.sequence] = file
        if everywhere:
            for file in files.values():
                file.write_bytes(file.read_bytes().replace(b"noted", b"notee"))
            return
        last = max(files)
        file = files[pick.randint(2, last) if seed % 3 == 0 else last]
        data = bytearray(file.read_bytes())
        place = pick.choice([found.start() for found in re.finditer(rb"[a-z]", data[:-64])])
        data[place] = 97 + (data[place] - 96) % 26
        file.write_bytes(data)


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchall())
