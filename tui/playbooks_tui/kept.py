"""What the debugger remembers between two starts, in the user's state folder: theme, and the inspector's tab.

Apart from the configuration, which people write and this never touches. A file that is lost or broken costs nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from playbooks.checkpoints.signing import state_folder


class Kept(msgspec.Struct, frozen=True):
    """What is remembered."""

    theme: str = ""
    """Name of the theme that was chosen last; empty: none was."""
    tab: str = ""
    """Of the inspector; empty: its first."""


def state_file() -> Path:
    """Where it is kept."""
    return state_folder() / "debugger.json"


def load(path: Path) -> Kept:
    """What was remembered; nothing, when there is none or it can't be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Kept()
    if not isinstance(found, dict):
        return Kept()
    known = {name: str(value) for name, value in found.items() if name in ("theme", "tab")}
    return Kept(**known)


def save(path: Path, kept: Kept) -> None:
    """Remembers it, atomically; a folder that can't be written to is no reason to complain when leaving."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".debugger")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(kept), file, indent=1)
        os.replace(name, path)
