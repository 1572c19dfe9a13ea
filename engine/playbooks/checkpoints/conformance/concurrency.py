"""The part on concurrency: several processes, stores and calls at once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.conformance.suite import Suite, processes, run
from playbooks.checkpoints.sample import begin, step
from playbooks.checkpoints.store import SessionOpen

WRITER = """
store = kept.opened(path)
session = store.new_session_id()
with store.lock(session):
    head = begin(store, session)
    print(session, flush=True)
    for sequence in range(3, 43):
        head = step(store, session, sequence, head, text="text " * 20)
        print(head.id, flush=True)
store.close()
"""
HOLDER = """
store = kept.opened(path)
with store.lock(sys.stdin.readline().strip()):
    print("held", flush=True)
    sys.stdin.read()
"""


class ConcurrencyConformance(Suite):
    """What a provider does when it is used by several at once."""

    def test_two_processes_never_take_the_same_number_or_session(self, tmp_path: Path) -> None:
        with processes(self.start(tmp_path / "kept", WRITER), self.start(tmp_path / "kept", WRITER)) as both:
            told = [process.ended() for process in both]
        written = [id for lines in told for id in lines[1:]]
        assert len(written) == len(set(written)) == 80
        assert {lines[0] for lines in told} == {"s1", "s2"}
        store = self.opened(tmp_path / "kept")
        for session, *ids in told:
            headers = store.headers(session)
            assert [header.sequence for header in headers] == list(range(1, 43))
            assert [header.id for header in headers][2:] == ids
            assert len(fold(store.read, ids[-1]).state.messages) == 41
        assert not store.damaged()
        store.close()

    def test_a_session_is_open_in_one_place_at_a_time(self, tmp_path: Path) -> None:
        store, other = self.opened(tmp_path / "kept"), self.opened(tmp_path / "kept")
        session = store.new_session_id()
        with store.lock(session), pytest.raises(SessionOpen) as told, other.lock(session):
            pass
        assert told.value.pid == os.getpid()
        with other.lock(session):
            pass
        store.close()
        other.close()

    def test_a_session_held_by_a_process_is_refused_and_free_once_it_is_killed(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session = store.new_session_id()
        begin(store, session)
        store.set_status(session, "main", "running")
        with processes(self.start(tmp_path / "kept", HOLDER)) as (process,):
            process.say(session)
            process.lines(1)
            with pytest.raises(SessionOpen), store.lock(session):
                pass
            assert store.sessions()[0].status == "running"
            process.kill()
        assert store.sessions()[0].status == "interrupted"
        with store.lock(session):
            pass
        store.close()

    def test_what_one_store_writes_another_that_is_open_sees_at_once(self, tmp_path: Path) -> None:
        store, other = self.opened(tmp_path / "kept"), self.opened(tmp_path / "kept")
        session = store.new_session_id()
        head = begin(store, session)
        assert [header.id for header in other.headers(session)] == [h.id for h in store.headers(session)]
        for sequence in range(3, 8):
            head = step(store, session, sequence, head)
            assert other.headers(session)[-1] == head and other.read(head.id) == store.read(head.id)
        store.close()
        other.close()

    def test_a_session_that_another_store_writes_is_followed_from_where_one_was(self, tmp_path: Path) -> None:
        store, other = self.opened(tmp_path / "kept"), self.opened(tmp_path / "kept")
        session, beside = store.new_session_id(), store.new_session_id()
        assert other.newer(session, 0) == [] and not other.is_open(session)
        with store.lock(session):
            head, second = begin(store, session), begin(store, beside)
            store.set_status(session, "main", "running")
            assert [header.sequence for header in other.newer(session, 0)] == [1, 2]
            for sequence in range(3, 12):
                second = step(store, beside, sequence, second)
                head = step(store, session, sequence, head, agent=f"100{sequence % 3}")
                assert other.newer(session, sequence - 1) == [head]
            assert other.newer(session, 11) == []
            assert [header.sequence for header in other.newer(session, 0)] == list(range(1, 12))
            assert other.is_open(session) and other.statuses(session) == {"main": "running"}
        assert other.statuses(session) == {"main": "interrupted"}
        store.close()
        other.close()

    def test_calls_made_together_do_not_mix(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")

        async def all_at_once() -> list[dict[str, object] | None]:
            await asyncio.gather(
                *(provider.save_checkpoint(f"1000_ckpt_{n}", {"n": n}, {"n": [n] * n}, {"n": n}) for n in range(1, 21))
            )
            found = await asyncio.gather(*(provider.load_checkpoint(f"1000_ckpt_{n}") for n in range(1, 21)))
            return list(found)

        for n, found in enumerate(run(all_at_once()), start=1):
            assert found is not None and (found["execution_state"], found["namespace"]) == ({"n": n}, {"n": [n] * n})
