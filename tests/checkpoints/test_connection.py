"""A database that is let go of is closed: a provider knows no end, and Python 3.13 warns of what stays open."""

from __future__ import annotations

import gc
import sqlite3
import sys
from pathlib import Path

import pytest

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


def test_one_that_can_not_be_opened_says_so_and_nothing_else(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()  # what others left
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect("nowhere/there.db", factory=Connection)
    gc.collect()
    assert said == []
