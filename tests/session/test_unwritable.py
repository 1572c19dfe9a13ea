"""Where nothing can be kept, a session that keeps checkpoints does not begin: nothing runs, and nothing is paid."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from playbooks import DebugSession
from playbooks.checkpoints.placing import refusal
from playbooks.checkpoints.store import StorageError
from playbooks.cli.entry import run_command
from playbooks.config import Config
from playbooks.errors import ExitStatus

SAYS = """---
model: script:model.py
---
# Clerk
## Main
### Triggers
- When the program starts
### Steps
- Greet
"""


@pytest.fixture
def read_only(alone: Path, monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Folders that take nothing, whoever runs the tests: the superuser may write anywhere."""
    (alone / "says.pb").write_text(SAYS)
    (alone / "model.py").write_text(
        'def respond(request):\n    return \'await Say("user", "hi")\\nawait EndProgram()\'\n'
    )
    found: set[Path] = set()
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).absolute() not in found and may(path, mode))
    return found


def opened(**settings: object) -> DebugSession:
    config = Config.load(overrides={"durability": {"enabled": True, **settings}})

    async def enter() -> DebugSession:
        async with DebugSession.open("says.pb", config=config) as session:
            return session

    return asyncio.run(enter())


@pytest.mark.parametrize("provider", ["filesystem", "sqlite"])
def test_a_session_does_not_begin_in_a_folder_that_takes_nothing(read_only: set[Path], provider: str) -> None:
    read_only.add(Path.cwd())
    with pytest.raises(StorageError) as refused:
        opened(provider=provider)
    assert str(refused.value) == (
        f"{Path.cwd()}: checkpoints can't be kept: Permission denied; "
        "make it writable, or set storage_path in playbooks.toml to a folder that is"
    )
    assert refused.value.status == ExitStatus.FAILED
    assert not Path(".checkpoints").exists()


def test_it_begins_where_another_storage_path_takes_it_or_nothing_is_kept(
    read_only: set[Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    read_only.add(Path.cwd())
    assert (opened(storage_path=str(tmp_path_factory.mktemp("elsewhere") / "new" / "kept"))).durable
    assert not (opened(enabled=False)).durable


def test_a_storage_path_that_is_a_file_is_named(read_only: set[Path]) -> None:
    Path(".checkpoints").write_text("")
    with pytest.raises(StorageError, match=r"\.checkpoints: .*Not a directory; move it away, or set storage_path"):
        opened()


def test_what_lies_within_counts_too(read_only: set[Path]) -> None:
    kept = Path(".checkpoints").absolute()
    (kept / ".sessions").mkdir(parents=True)
    assert refusal(kept) is None
    read_only.add(kept / ".sessions")
    error = refusal(kept)
    assert error is not None and error.filename == str(kept / ".sessions")


@pytest.mark.parametrize(
    "command", [["sessions"], ["timeline"], ["show", "1000_ckpt_1"], ["run", "says.pb", "--resume"]]
)
def test_a_folder_that_is_somebody_elses_is_named_and_not_told_as_empty(
    command: list[str], read_only: set[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened()
    Path(".checkpoints").mkdir()
    look = os.scandir

    def scandir(path: str) -> object:
        if path == ".checkpoints":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert run_command(command) == ExitStatus.FAILED
    assert capsys.readouterr().err == (
        ".checkpoints: checkpoints can't be read: Permission denied; "
        "run as the user who made it, or set storage_path in playbooks.toml to another folder\n"
    )
