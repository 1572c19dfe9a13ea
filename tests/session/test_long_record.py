"""A record of thousands of checkpoints: what is asked of it reads a few dozen, and leaves nothing out."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from runtime.memory_store import MemoryStore

from playbooks.checkpoints.codec import encode
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.runtime.breakpoint import parse_breakpoint
from playbooks.runtime.journal import Journal
from playbooks.session.record import SessionRecord
from playbooks.state import ProgramState
from playbooks.state import events as e

LENGTH = 2_200


class Counting(MemoryStore):
    """Counts what is read."""

    reads = 0

    def read_signed(self, id: str) -> tuple[Checkpoint, bool]:
        self.reads += 1
        return self.read(id), True


@pytest.fixture(scope="module")
def kept() -> tuple[Counting, SessionRecord, list[Header]]:
    """`$early` is set at the 5th checkpoint only, `$price` at every 100th, to its number."""
    store, headers = Counting(), list[Header]()
    journal = Journal(ProgramState(), store, itertools.count(1).__next__)
    journal.on_commit = headers.append
    journal.emit(e.SessionStarted("hash", (), (), ""))
    journal.emit(e.AgentCreated("1000", "Seller"))
    journal.commit("human", "start", "")
    for number in range(1, LENGTH):
        if number == 5:
            journal.emit(e.VariableWritten("1000", "early", encode(1).data))
        if number % 100 == 0:
            journal.emit(e.VariableWritten("1000", "price", encode(number).data))
        journal.commit("1000", "await", f"await Step({number})")
    counted = store.read

    def read(id: str) -> Checkpoint:
        store.reads += 1
        return counted(id)

    store.read = read  # type: ignore[method-assign]
    return store, SessionRecord(lambda: store, lambda: headers), headers  # type: ignore[arg-type, return-value]


def reads(store: Counting, act: Callable[[], object]) -> int:
    before = store.reads
    act()
    return store.reads - before


def test_who_changed_it_last_reads_a_few_dozen_however_long_ago_it_was(
    kept: tuple[Counting, SessionRecord, list[Header]],
) -> None:
    store, record, headers = kept
    found = record.changed_last(headers[-1].id, "1000", "$early")
    assert found is not None
    assert found.header.id == "1000_ckpt_5"
    assert reads(store, lambda: record.changed_last(headers[-1].id, "1000", "$early")) < 160
    assert reads(store, lambda: record.changed_last(headers[-1].id, "1000", "$never")) < 160


def test_a_history_over_many_windows_has_every_value(kept: tuple[Counting, SessionRecord, list[Header]]) -> None:
    _, record, headers = kept
    values = [entry.value for entry in record.history(headers[-1].id, "1000", "$price")]
    assert values == list(range(LENGTH // 100 * 100 - (LENGTH % 100 == 0) * 100, 0, -100))


def test_the_last_time_a_condition_became_true_is_found_without_reading_what_did_not_change(
    kept: tuple[Counting, SessionRecord, list[Header]],
) -> None:
    store, record, headers = kept
    wanted = {1: parse_breakpoint("$early == 1")}
    hits = [hit.header.id for hit in record.hits_before(headers[-1].id, wanted) if hit]
    assert hits == ["1000_ckpt_5"]
    several = {1: parse_breakpoint("$price % 200 == 0")}
    found = [hit.header.number for hit in record.hits_before(headers[-1].id, several) if hit]
    assert found == list(range(2_000, 0, -200))
    assert reads(store, lambda: next(hit for hit in record.hits_before(headers[-1].id, wanted) if hit)) < 1_300
