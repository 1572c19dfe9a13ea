"""What keys say after a run that could not keep its checkpoints: nothing that can't work is named."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from textual.widgets import Label
from tui.desk import Desk, Opens
from tui.programs import ASKS

from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.store import Checkpoint, StorageError
from playbooks.errors import ExitStatus
from playbooks_tui.run import parting
from playbooks_tui.screens.fork.dialog import Fork


async def says(d: Desk, key: str) -> str:
    """What a key tells in passing."""
    await d.press(key)
    return d.said[-1]


def shown(d: Desk, id: str) -> str:
    """A label's text."""
    return str(d.app.screen.query_one(f"#{id}", Label).render())


def last_words(d: Desk) -> list[str]:
    return parting(d.bridge.session, ["playbooks", "debug", "shop.pb"])


async def test_where_nothing_was_kept_no_key_speaks_of_a_resume(desk: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(store: FileStore, checkpoint: Checkpoint) -> None:
        raise StorageError.of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ".checkpoints")

    monkeypatch.setattr(FileStore, "write", full)
    async with desk() as d:
        await d.status("failed")
        for key in ("n", "c", "t"):
            assert await says(d, key) == "the run failed before anything was kept: R starts afresh", key
        for key in ("f", "e", "r"):
            assert await says(d, key) == "nothing was kept: R starts afresh", key
        assert await says(d, "y") == "there is nothing to copy yet"
        d.screen.action_copy_resume()
        assert d.said[-1] == "nothing is kept yet: there is nothing to resume"
        assert not any("Resume" in line for line in last_words(d))


async def test_of_checkpoints_that_were_taken_away_exit_and_fork_dialog_say_so(desk: Opens, alone: Path) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        shutil.rmtree(alone / ".checkpoints")
        await d.press("i", *"five", "enter")
        await d.status("failed")
        assert await says(d, "n") == "the run failed, and its checkpoints were taken away: R starts afresh"
        d.screen.action_copy_resume()
        assert d.said[-1] == "the checkpoints were taken away: there is nothing to resume"
        await d.press("f")
        await d.until(lambda: isinstance(d.app.screen, Fork))
        gone = "the checkpoints of s1 were taken away while it was open; put them back, or run the program afresh"
        await d.until(lambda: gone in " ".join(shown(d, id) for id in ("why", "others")))
        await d.press("escape")
        assert d.bridge.session.exit_status == ExitStatus.FAILED
        assert last_words(d)[-1] == "Nothing can be resumed: the checkpoints of s1 are not in .checkpoints any more."
