"""Records read before they are asked for: the same state, nothing believed, and no thread for who does not fold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbooks.checkpoints import sqlite_ahead
from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.record import BASE
from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.checkpoints.sqlite_ahead import ReadAhead
from playbooks.checkpoints.sqlite_packing import NotPacked, pack
from playbooks.checkpoints.store import Damaged
from playbooks.runtime.journal import Journal
from playbooks.state import ProgramState
from playbooks.state import events as e

KEY = b"k" * 32
LINKS = 6
HEAD = f"1000_ckpt_{LINKS * BASE}"
IDS = [f"1000_ckpt_{number * BASE}" for number in range(LINKS, 0, -1)]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SQLiteStore]:
    """A session of some merged records, each taken for a large one; opened anew."""
    monkeypatch.setattr(sqlite_ahead, "LARGE", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    written = SQLiteStore(tmp_path, key=KEY)
    journal = Journal(ProgramState(), written, lambda: 1_700_000_000.0)
    journal.emit(e.AgentCreated("1000", "Main"))
    journal.commit("human", "start", "")
    for number in range(1, LINKS * BASE + 1):
        journal.commit("1000", "say", "", (e.MessageSent(number, "1000", ("human",), f"message {number}"),))
    written.close()
    made = SQLiteStore(tmp_path, key=KEY)
    yield made
    made.close()


def test_a_fold_reads_ahead_and_gives_the_state_it_gave(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ready: list[str] = []
    begin = ReadAhead._begin
    monkeypatch.setattr(ReadAhead, "_begin", lambda self, base: (begin(self, base), ready.extend(self._chain))[0])
    state = fold(store.read, HEAD).state
    assert [state.messages[number][2] for number in range(1, LINKS * BASE + 1)] == [
        f"message {number}" for number in range(1, LINKS * BASE + 1)
    ]
    assert ready == [*IDS[2:], "human_ckpt_1"]  # by two merged records in a row it is known for a fold
    assert store._ahead._chain == {}
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert fold(store.read, HEAD).state == state


def test_who_reads_all_records_or_lists_them_reads_none_ahead(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(ReadAhead, "_begin", lambda self, base: begun.append(base))
    numbers = range(1, LINKS * BASE + 1)
    assert len(store.headers("s1")) == LINKS * BASE + 1
    for number in (*numbers, *reversed(numbers)):
        store.read(f"1000_ckpt_{number}")
    assert not begun


def test_what_was_altered_after_it_was_read_ahead_is_named(store: SQLiteStore) -> None:
    for id in IDS[:3]:
        store.read(id)
    with sqlite3.connect(store.path) as connection:
        query = "UPDATE checkpoints SET record = substr(record, 1, 90) WHERE agent || '_ckpt_' || number = ?"
        connection.execute(query, (IDS[3],))
    connection.close()
    with pytest.raises(Damaged, match=IDS[3]):
        store.read(IDS[3])
    assert store.read(IDS[4]).header.id == IDS[4]


def test_a_damaged_record_is_named_by_who_reads_it_and_by_no_one_before() -> None:
    whole = pack(b"data", bytes(32), base="b_ckpt_1")
    kept = {"a_ckpt_1": whole, "b_ckpt_1": whole, "c_ckpt_1": pack(b"c", bytes(32), base="d_ckpt_1")}
    kept["b_ckpt_1"] = pack(b"data", bytes(32), base="c_ckpt_1")
    kept["c_ckpt_1"] = kept["c_ckpt_1"][:-1] + b"\x00"
    ahead = ReadAhead(kept.get, KEY)
    assert ahead.read("a_ckpt_1", kept["a_ckpt_1"]) == (b"data", False)
    assert ahead.read("b_ckpt_1", kept["b_ckpt_1"]) == (b"data", False)
    with pytest.raises(NotPacked):
        ahead.read("c_ckpt_1", kept["c_ckpt_1"])


def test_records_that_lead_back_to_themselves_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_ahead, "LARGE", 1)
    kept = {"a_ckpt_1": pack(b"a", bytes(32), base="b_ckpt_1"), "b_ckpt_1": pack(b"b", bytes(32), base="a_ckpt_1")}
    ahead = ReadAhead(kept.get, KEY)
    for id in ("a_ckpt_1", "b_ckpt_1", "a_ckpt_1", "b_ckpt_1"):
        assert ahead.read(id, kept[id]) == (id[:1].encode(), False)
