"""What lies beside a session's checkpoints: small signed facts appended one a line.

Apart from the checkpoints because these are not history: a label or a status changes, and no resume depends on one.

    .checkpoints/.sessions/s1/status.jsonl    one fact a line: signature, then JSON
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from playbooks.checkpoints.facts import sign, to_note, to_text
from playbooks.checkpoints.ids import SESSION
from playbooks.checkpoints.placing import BINARY, make_folder, write_whole
from playbooks.checkpoints.store import Note

_KIND: Final = re.compile(r"[a-z][a-z_]{0,30}")


class Notes:
    """The side files of all sessions of a storage path.

    Args:
        folder: `.checkpoints/.sessions`; made when something is written.
        key: The user's; None writes unsigned facts.
        fsync: Whether a fact survives power loss.
    """

    def __init__(self, folder: Path, key: bytes | None, *, fsync: bool = False) -> None:
        self.folder, self._key, self._fsync = folder, key, fsync
        self._files: dict[tuple[str, str], int] = {}

    def new_session(self, least: int) -> str:
        """Takes the next session id, of at least `s<least>`."""
        make_folder(self.folder)
        number = max([least, *(int(name[1:]) + 1 for name in os.listdir(self.folder) if SESSION.fullmatch(name))])
        while True:
            try:
                os.mkdir(self.folder / f"s{number}", 0o700)
            except FileExistsError:  # another process, in between
                number += 1
            else:
                return f"s{number}"

    def add(self, session: str, kind: str, data: dict[str, Any]) -> None:
        """Appends a fact; a line that a crash cut off is not read again."""
        text = to_text(data)
        line = f"{sign(self._key, session, kind, text)} {text}\n".encode("utf-8", "surrogatepass")
        file = self._files.get((session, kind))
        if file is None:
            path = self._path(session, kind)
            self._make(session)
            file = self._files[session, kind] = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR | BINARY, 0o600)
            if os.lseek(file, 0, os.SEEK_END) and (os.lseek(file, -1, os.SEEK_END), os.read(file, 1))[1] != b"\n":
                line = b"\n" + line  # after one that was cut off
        try:
            write_whole(file, line)
            if self._fsync:
                os.fsync(file)
        except OSError:
            os.close(self._files.pop((session, kind)))  # the next one looks where the file ends
            raise

    def read(self, session: str, kind: str) -> list[Note]:
        """The facts of one kind, oldest first; what is no fact is left out."""
        try:
            lines = self._path(session, kind).read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        return [note for line in lines[:-1] if (note := self._note(session, kind, line)) is not None]

    def _note(self, session: str, kind: str, line: bytes) -> Note | None:
        try:
            signature, _, text = line.decode("utf-8", "surrogatepass").partition(" ")
        except UnicodeDecodeError:  # cut off in the middle of a character
            return None
        return to_note(self._key, session, kind, text, signature)

    def clear(self, session: str, kind: str | None) -> None:
        """Forgets the facts of one kind, or of all; the session's folder stays, so that its id is not given again."""
        if kind is None:
            for name in self._kinds(session):
                self.clear(session, name)
            return
        file = self._files.get((session, kind))
        try:
            os.ftruncate(file, 0) if file is not None else os.truncate(self._path(session, kind), 0)
        except FileNotFoundError:
            pass

    def _kinds(self, session: str) -> list[str]:
        if not SESSION.fullmatch(session):
            raise ValueError(f"no session id: {session!r}")
        try:
            names = os.listdir(self.folder / session)
        except FileNotFoundError:
            return []
        return [name[:-6] for name in names if name.endswith(".jsonl") and _KIND.fullmatch(name[:-6])]

    def close(self) -> None:
        """Closes what is open."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _make(self, session: str) -> None:
        for folder in (self.folder.parent, self.folder, self.folder / session):
            make_folder(folder)

    def _path(self, session: str, kind: str) -> Path:
        if not SESSION.fullmatch(session) or not _KIND.fullmatch(kind):
            raise ValueError(f"no session id or kind: {session!r}, {kind!r}")
        return self.folder / session / f"{kind}.jsonl"
