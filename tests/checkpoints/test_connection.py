"""A database that is let go of is closed: a provider knows no end, and Python 3.13 warns of what stays open."""

from __future__ import annotations

import gc
import sqlite3
from pathlib import Path

from playbooks.checkpoints.connection import Connection


def test_what_is_let_go_of_is_closed(alone: Path) -> None:
    closed = []

    class Telling(Connection):
        def close(self) -> None:
            super().close()
            closed.append(True)

    connection = sqlite3.connect("there.db", factory=Telling)
    assert closed == []
    del connection
    gc.collect()  # its cache of statements refers to it
    assert closed == [True]
