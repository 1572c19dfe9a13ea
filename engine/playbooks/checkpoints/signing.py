"""The user's key, with which checkpoints are signed: who may have written a file that a run goes on from.

Apart because it is the one secret of the engine, and lives outside of any program's folder.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from playbooks.checkpoints.placing import BINARY, make_folder
from playbooks.checkpoints.store import StorageError

KEY_BYTES = 32


class KeyUnusable(StorageError):
    """The user's key can't be read or made: nothing may be written, and nothing is known to be the user's own."""


def nobodys_key() -> bytes:
    """For looking without the user's key: all that is there counts as foreign. Nothing may be written with it."""
    return os.urandom(KEY_BYTES)


def state_folder() -> Path:
    """Where this user's own state lies: `PLAYBOOKS_STATE_DIR`, else the platform's place for it.

    Raises:
        KeyUnusable: There is none.
    """
    if given := os.environ.get("PLAYBOOKS_STATE_DIR"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / "playbooks"
    if sys.platform == "darwin":
        return _home() / "Library" / "Application Support" / "playbooks"
    return Path(os.environ.get("XDG_STATE_HOME") or _home() / ".local" / "state") / "playbooks"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        what = "the key for checkpoints can't be kept: this user has no home folder"
        raise KeyUnusable(what, "set PLAYBOOKS_STATE_DIR to a folder for it") from None


def user_key(folder: Path | None = None) -> bytes:
    """The user's key; made at its first use, readable by the user alone.

    Args:
        folder: Where it lies; None is `state_folder()`.

    Raises:
        KeyUnusable: It can't be read or made, or others could have read or written it.
    """
    path = (folder or state_folder()) / "checkpoint.key"
    try:
        try:
            return _read(path)
        except FileNotFoundError:
            _make(path)
            return _read(path)
    except OSError as error:
        fix = "make the folder writable, or set PLAYBOOKS_STATE_DIR"
        raise KeyUnusable(f"the key for checkpoints can't be kept: {error.strerror}", fix, file=str(path)) from None


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        found = os.fstat(file.fileno())
        if os.name == "posix" and (found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077):
            fix = f"remove it or run `chmod 600 {path}`; without it, earlier checkpoints count as foreign"
            raise KeyUnusable("others could have read or written the key for checkpoints", fix, file=str(path))
        key = file.read()
    if len(key) != KEY_BYTES:
        fix = "remove it; earlier checkpoints will count as foreign"
        raise KeyUnusable("this is no key for checkpoints", fix, file=str(path))
    return key


def _make(path: Path) -> None:
    """Appears whole or not at all: two processes starting at once must end up with one key."""
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, 0o600)
    try:
        os.write(file, os.urandom(KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:  # no hard links here
        if not path.exists():
            os.rename(draft, path)
            return
    os.unlink(draft)
