"""The part on crashes: real processes, killed while they write. What was said to be written is there, and whole."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.conformance.suite import Process, Suite, processes, run
from playbooks.checkpoints.store import Store

WRITER = """
store = kept.opened(path)
session = store.new_session_id()
with store.lock(session):
    head = begin(store, session)
    store.set_status(session, "main", "running")
    print(session, flush=True)
    for sequence in range(3, 10**6):
        head = step(store, session, sequence, head, text="text " * 40)
        print(head.id, flush=True)
"""
REPLACER = """
import asyncio
provider = kept.made(path)
for turn in range(10**6):
    asyncio.run(provider.save_checkpoint("1000_ckpt_1", {"turn": turn}, {"many": str(turn) * 200_000}, {}))
    print(turn, flush=True)
"""
PRUNER = """
from playbooks.checkpoints.retention import prune
store = kept.opened(path)
print("ready", flush=True)
sys.stdin.readline()
prune(store, "s1", 3)
print("pruned", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
class CrashConformance(Suite):
    """What a provider leaves when its process is killed."""

    kills: ClassVar[int] = 6
    """Of each kind, and three times as many while a checkpoint is replaced; more find rarer faults."""

    def test_a_kill_at_any_moment_loses_nothing_that_was_written_and_leaves_nothing_half(self, tmp_path: Path) -> None:
        pick = random.Random(1)
        for turn in range(1, self.kills + 1):
            told = self._killed(self.start(tmp_path / "kept", WRITER), pick.randint(1, 60))
            session, written = told[0], told[1:]
            store = self.opened(tmp_path / "kept")
            headers = store.headers(session)
            ids = [header.id for header in headers]
            assert session == f"s{turn}" and not store.damaged()
            assert [header.sequence for header in headers] == list(range(1, len(headers) + 1))
            assert ids[2 : 2 + len(written)] == written, "a checkpoint that was written is lost"
            assert len(ids) - 2 - len(written) <= 1
            for header in headers[1:]:
                assert len(fold(store.read, header.id).state.messages) == header.depth
            info = next(info for info in store.sessions() if info.id == session)
            assert (info.status, info.checkpoints) == ("interrupted", len(ids))
            self._numbers_go_on(store, ids)
            store.close()

    def test_a_kill_while_a_checkpoint_is_replaced_leaves_the_old_one_or_the_new_one(self, tmp_path: Path) -> None:
        pick = random.Random(2)
        for _ in range(3 * self.kills):
            with processes(self.start(tmp_path / "kept", REPLACER)) as (process,):
                told = process.lines(pick.randint(2, 10))
                told += process.killed_after(pick.random() * 0.01)
            found = run(self.made(tmp_path / "kept").load_checkpoint("1000_ckpt_1"))
            assert found is not None
            turn = found["execution_state"]["turn"]
            assert turn in (int(told[-1]), int(told[-1]) + 1)
            assert found["namespace"] == {"many": str(turn) * 200_000}

    def test_a_kill_during_a_prune_leaves_everything_that_is_there_whole(self, tmp_path: Path) -> None:
        pick = random.Random(3)
        self._killed(self.start(tmp_path / "kept", WRITER), 70)
        last = self._seen(tmp_path)
        for _ in range(self.kills):
            with processes(self.start(tmp_path / "kept", PRUNER)) as (process,):
                process.lines(1)
                process.say("go")
                process.killed_after(pick.random() * 0.03)
            assert self._seen(tmp_path) == last

    def _seen(self, tmp_path: Path) -> str:
        """Folds every checkpoint of the session; gives the newest's id."""
        store = self.opened(tmp_path / "kept")
        headers = store.headers("s1")
        for header in headers:
            assert len(fold(store.read, header.id).state.messages) == header.depth
        assert not store.damaged()
        store.close()
        return headers[-1].id

    def _killed(self, process: Process, lines: int) -> list[str]:
        """Kills a process once it has printed some lines; gives all that it printed."""
        with processes(process):
            told = process.lines(lines)
            return told + process.kill()

    def _numbers_go_on(self, store: Store, ids: list[str]) -> None:
        used = max(int(id.rpartition("_")[2]) for id in ids if id.startswith("1000_"))
        assert store.next_number("1000") > used
