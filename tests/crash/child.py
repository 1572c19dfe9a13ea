"""A process of `playbooks` that dies of its own hand at a chosen write, or whose engine is broken on purpose.

Apart from the harness because it is run by it: `python child.py SPEC ARGUMENTS…`, with a JSON object as SPEC:
`{"die": "before" | "after" | "torn" | "SIGTERM", "write": 7, "provider": "sqlite", "mutant": "publish before commit"}`,
all optional; a signal is sent after the write, and `MUTANTS` (of files) are below. Nothing in the engine knows of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from playbooks.checkpoints import record_file, sqlite_file, sqlite_log
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.placing import Placer
from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.cli import main

LATE = 8
"""How many checkpoints the mutant lets others see that are not durable yet."""


def die() -> NoReturn:
    """As `kill -9`: nothing is closed, flushed or said."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still here")


def die_at(how: str, count: int) -> None:
    """Kills the process at its nth write of a checkpoint; `torn`: with half a file under the name.

    A torn file is what a file system without links leaves, where the name is there before the content.
    """
    left = count
    write = FileStore.write

    def counted(self: FileStore, checkpoint: Checkpoint) -> None:
        nonlocal left
        left -= 1
        if left == 0 and how == "before":
            die()
        if left == 0 and how == "torn":
            Placer.place = torn  # type: ignore[method-assign]
        write(self, checkpoint)
        if left == 0 and how == "after":
            die()
        if left == 0 and how.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[how])

    def torn(self: Placer, folder: str, path: str, data: bytes) -> NoReturn:
        with open(path, "xb", buffering=0) as file:
            file.write(data[: len(data) * 2 // 3])
        die()

    FileStore.write = counted  # type: ignore[method-assign]


def die_at_in_a_database(how: str, count: int) -> None:
    """As `die_at`; `torn`: with all of it in the transaction, which is not committed."""
    left = count
    write = SQLiteStore.write_group

    def counted(self: SQLiteStore, checkpoints: Sequence[Checkpoint]) -> None:
        nonlocal left
        reached = left > 0 and (left := left - len(checkpoints)) <= 0
        if reached and how == "before":
            die()
        if reached and how == "torn":
            sqlite_file._Transaction.__exit__ = torn  # type: ignore[method-assign]
        write(self, checkpoints)
        if reached and how == "after":
            die()
        if reached and how.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[how])

    def torn(*_: object) -> NoReturn:
        die()

    SQLiteStore.write_group = counted  # type: ignore[method-assign]


def publish_before_commit() -> None:
    """The mutant: a checkpoint is written when others have seen it and gone on; all are, when nobody kills."""
    write, close = FileStore.write, FileStore.close
    held: list[Checkpoint] = []

    def late(self: FileStore, checkpoint: Checkpoint) -> None:
        held.append(checkpoint)
        if len(held) > LATE:
            write(self, held.pop(0))

    def flushed(self: FileStore) -> None:
        while held:
            write(self, held.pop(0))
        close(self)

    FileStore.write, FileStore.close = late, flushed  # type: ignore[method-assign]


def footer_unchecked() -> None:
    """The mutant: whatever stands before a footer is believed."""

    def believed(data: bytes, key: bytes | None) -> tuple[bytes, bool]:
        return data[: -record_file._FOOTER.size], True

    record_file.unseal = believed


MUTANTS = {"publish before commit": publish_before_commit, "footer unchecked": footer_unchecked}


def prepare(spec: dict[str, Any]) -> None:
    """Breaks this process as the spec says."""
    if mutant := spec.get("mutant"):
        MUTANTS[mutant]()
    is_database = spec.get("provider") == "sqlite"
    if is_database:
        sqlite_log.EVERY = 4  # type: ignore[misc]  # a short run's log is copied back too
    if how := spec.get("die"):
        (die_at_in_a_database if is_database else die_at)(how, spec["write"])


if __name__ == "__main__":
    prepare(json.loads(sys.argv[1]))
    sys.argv[:2] = ["playbooks"]
    main()
