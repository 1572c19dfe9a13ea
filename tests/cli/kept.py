"""Sessions to read: real runs of the examples, made once and copied into each test's folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from playbooks.cli.entry import run_command

EXAMPLES = Path(__file__).parents[2] / "examples"
READING = [
    ("sessions",),
    ("sessions", "--json"),
    ("timeline",),
    ("timeline", "s1", "--json"),
    ("show", "1000_ckpt_9"),
    ("show", "1000_ckpt_9", "--json"),
    ("diff", "1000_ckpt_9", "1000_ckpt_14"),
    ("diff", "1000_ckpt_9", "1000_ckpt_14", "--json"),
    ("export",),
    ("export", "s1", "--format", "html"),
    ("fork", "1000_ckpt_9", "--result", "80", "--plan"),
    ("prune", "--keep", "1", "--dry-run"),
    ("doctor",),
]
"""A line of each command that reads, for the negotiation's session."""
AT_ONCE = ("PLAYBOOKS_MODEL__TOKEN_DELAY_S", "0")


@dataclass(frozen=True)
class Done:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Shell:
    """Runs commands in the test's folder, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Done:
        self._capsys.readouterr()
        status = run_command(arguments)
        out, err = self._capsys.readouterr()
        return Done(status, out, err)

    def fails(self, *arguments: str, status: int = 2) -> str:
        """The one line on stderr of a command that can't do what it was told."""
        done = self(*arguments)
        assert (done.status, done.out) == (status, ""), done
        assert len(done.err.splitlines()) == 1, done.err
        return done.err.rstrip("\n")


def place(example: str, model: str, folder: Path) -> None:
    """Puts an example and its script into a folder that keeps checkpoints."""
    for name in (example, model):
        shutil.copy(EXAMPLES / name, folder / name)
    (folder / "playbooks.toml").write_text("[durability]\nenabled = true\n")


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a storage path but its index, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("catalog.db")
    }
