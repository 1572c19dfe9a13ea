"""One database for all checkpoints: what is apart from files, beyond what every provider must keep."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkpoints.records import begin, checkpoint

from playbooks.checkpoints import SQLiteCheckpointProvider
from playbooks.checkpoints.connection import Connection
from playbooks.checkpoints.facts import INTENTS
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.record_file import seal, to_bytes, to_parts
from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.checkpoints.sqlite_file import SQLiteFile
from playbooks.checkpoints.sqlite_log import EVERY, PAGE_BYTES, SYNCED_PAGES
from playbooks.checkpoints.sqlite_packing import PACKED, NotPacked, follows, pack, unpack, unpack_headers
from playbooks.checkpoints.store import Damaged, StorageError, UnknownCheckpoint

KEY = b"k" * 32
DATABASE = Path(".checkpoints/checkpoints.db")


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    made = SQLiteStore(key=KEY)
    yield made
    made.close()


def fresh(key: bytes = KEY) -> SQLiteStore:
    """Another process's view of the same database."""
    return SQLiteStore(key=key)


def grown(store: SQLiteStore, length: int) -> None:
    begin(store)
    for sequence in range(3, length + 1):
        store.write(checkpoint(store.next_number("1000"), sequence))


def edited(query: str, *given: object) -> None:
    """What another hand does to the database."""
    with sqlite3.connect(DATABASE) as connection:
        connection.execute(query, given)
    connection.close()


def test_one_file_holds_all_and_belongs_to_the_user_alone(store: SQLiteStore) -> None:
    grown(store, 10)
    store.note("s1", "session", {"program": "a.pb"})
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path(".checkpoints").iterdir()} == {0o600}
    assert stat.S_IMODE(Path(".checkpoints").stat().st_mode) == 0o700
    store.close()
    assert os.listdir(".checkpoints") == ["checkpoints.db"]


def test_looking_makes_nothing(store: SQLiteStore) -> None:
    assert store.headers() == [] and store.sessions() == [] and store.branches("s1") == [] and store.ids("1000") == []
    assert store.labels("s1") == {} and store.notes("s1", "status") == []
    store.delete(["1000_ckpt_1"])
    store.clear_notes("s1", "status")
    with pytest.raises(UnknownCheckpoint, match="1000_ckpt_1"):
        store.read("1000_ckpt_1")
    assert not Path(".checkpoints").exists()


def test_a_record_is_the_file_s_byte_for_byte_and_signed_alike(store: SQLiteStore) -> None:
    begin(store)
    store.close()
    with sqlite3.connect(DATABASE) as connection:
        ((record,),) = connection.execute("SELECT record FROM checkpoints WHERE agent = '1000'").fetchall()
    connection.close()
    files = FileStore("files", key=KEY)
    begin(files)
    files.close()
    assert seal(*unpack(record)) == Path("files/1000/1000_ckpt_1.pkl").read_bytes()
    assert fresh().is_signed("1000_ckpt_1") and not fresh(b"o" * 32).is_signed("1000_ckpt_1")


def test_packed_bytes_come_back() -> None:
    for size in (0, 1, 4096, 4097, 300_000):
        parts = os.urandom(size // 2) + bytes(size - size // 2), os.urandom(32)
        assert unpack(pack(*parts)) == unpack(pack(*parts, base="1000_ckpt_32")) == parts
    assert len(pack(*to_parts(checkpoint(1), KEY))) < len(to_bytes(checkpoint(1), KEY)) / 2


@pytest.mark.parametrize("base", ["", "1000_ckpt_32", "ü_ckpt_1", "a" * 300 + "_ckpt_1"])
def test_cut_or_altered_packed_bytes_are_named(base: str) -> None:
    packed = pack(*to_parts(checkpoint(1), KEY), base=base)
    assert follows(packed) == (base if len(base) < 256 else "")
    for length in range(len(packed)):
        with pytest.raises(NotPacked):
            unpack(packed[:length])
        altered = bytearray(packed)
        altered[length] ^= 0x10
        with pytest.raises(NotPacked):
            unpack(bytes(altered))
    with pytest.raises(NotPacked):
        unpack(packed + b"x")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE checkpoints SET record = substr(record, 1, 60) WHERE number = 2",
        "UPDATE checkpoints SET record = 'text' WHERE number = 2",
        "UPDATE checkpoints SET record = (SELECT record FROM checkpoints WHERE number = 3) WHERE number = 2",
        "UPDATE checkpoints SET record = NULL WHERE number = 2",
    ],
    ids=["cut", "text", "another's", "none"],
)
def test_a_damaged_record_is_named_and_the_others_are_listed(store: SQLiteStore, harm: str) -> None:
    grown(store, 5)
    store.close()
    if "NULL" in harm:
        harm = harm.replace("NULL", "x''")
    edited(harm)
    other = fresh()
    with pytest.raises(Damaged, match="1000_ckpt_2 in"):
        other.read("1000_ckpt_2")
    assert [header.id for header in other.headers("s1")][1:] == ["1000_ckpt_1", "1000_ckpt_3", "1000_ckpt_4"]
    assert [found.id for found in other.damaged()] == ["1000_ckpt_2"]
    assert other.sessions()[0].checkpoints == 5
    other.close()


def test_a_branch_whose_ends_are_damaged_is_told_by_what_is_whole(store: SQLiteStore) -> None:
    grown(store, 6)
    store.close()
    edited("UPDATE checkpoints SET record = x'00' WHERE number = 5")
    other = fresh()
    assert [(branch.name, branch.head) for branch in other.branches("s1")] == [("main", "1000_ckpt_4")]
    assert other.sessions()[0].updated == 1_700_000_005.0
    other.close()


@pytest.mark.parametrize("length", [PACKED - 1, PACKED, PACKED + 2, 3 * PACKED + 7])
@pytest.mark.parametrize(
    "harm", ["", "DELETE FROM packs", "UPDATE packs SET data = x'00'"], ids=["", "lost", "spoiled"]
)
def test_the_packed_index_lists_what_the_records_say_and_can_be_lost(
    store: SQLiteStore, length: int, harm: str
) -> None:
    grown(store, length)
    store.close()
    if harm:
        edited(harm)
    for _ in range(2):
        other = fresh()
        assert [header.sequence for header in other.headers("s1")] == list(range(1, length + 1))
        other.close()
    with sqlite3.connect(DATABASE) as connection:
        ((packed,),) = connection.execute("SELECT coalesce(sum(headers), 0) FROM packs").fetchall()
    connection.close()
    assert length - packed < PACKED


def test_what_another_process_packs_while_a_list_is_read_is_still_listed(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as unpacked:
        unpacked.setattr(SQLiteStore, "_pack", lambda store, session: None)
        for number in range(1, PACKED + 2):
            store.write(checkpoint(number))
        expected = store.headers("s1")
    other, look, packed = fresh(), SQLiteFile.look, list[bool]()

    def then_packed(file: SQLiteFile, query: str, given: Any = ()) -> list[Any]:
        found = look(file, query, given)
        if "FROM packs" in query and file is store._file and not packed:
            packed.append(True)
            other.headers("s1")
        return found

    monkeypatch.setattr(SQLiteFile, "look", then_packed)
    assert len(expected) == PACKED + 1 and store.headers("s1") == expected
    assert other._file.look("SELECT count(*) FROM packs") == [(1,)]
    other.close()


def test_what_is_deleted_or_replaced_is_listed_so_also_when_it_was_packed(store: SQLiteStore) -> None:
    grown(store, PACKED + 20)
    store.replace(checkpoint(7, 8, text="changed"))
    assert {header.text for header in fresh().headers("s1") if header.id == "1000_ckpt_7"} == {"changed"}
    assert len(store.headers("s1")) == PACKED + 20  # packed again
    store.delete(["1000_ckpt_5"])
    headers = {header.id: header for header in fresh().headers("s1")}
    assert len(headers) == PACKED + 19 and "1000_ckpt_5" not in headers
    assert [header.id for header in store.headers("s1")] == list(headers)


def test_a_number_taken_ahead_is_given_back_when_the_store_is_closed(store: SQLiteStore) -> None:
    begin(store)
    store.write(checkpoint(store.next_number("1000"), 3))
    store.close()
    assert fresh().next_number("1000") == 3


def test_a_number_taken_ahead_is_given_to_nobody_else(store: SQLiteStore) -> None:
    begin(store)
    other = fresh()
    theirs = other.next_number("1000")
    mine = store.next_number("1000")
    assert mine == 2 and theirs == 3
    store.close()
    other.close()
    assert fresh().next_number("1000") == 4


def test_a_start_whose_first_statement_never_ended_is_no_session(store: SQLiteStore) -> None:
    begin(store)
    store.write(checkpoint(store.next_number("human"), 1, agent="human", kind="start", parent="", session="s7"))
    assert store.headers("s7") == [] and store.branches("s7") == []
    assert [info.id for info in store.sessions()] == ["s1"] and store.new_session_id() == "s8"


def test_a_start_after_which_something_may_have_run_outside_is_a_session(store: SQLiteStore) -> None:
    lone = checkpoint(store.next_number("human"), 1, agent="human", kind="start", parent="", session="s1")
    store.write(lone)
    assert store.sessions() == store.headers() == store.newer("s1", 0) == []
    store.note("s1", INTENTS, {"what": "tool", "after": lone.header.id})
    assert store.headers() == store.headers("s1") == store.newer("s1", 0) == [lone.header]
    assert [info.checkpoints for info in store.sessions()] == [1]
    assert [branch.head for branch in store.branches("s1")] == [lone.header.id]


def test_a_note_by_another_hand_is_not_signed(store: SQLiteStore) -> None:
    store.note("s1", "label", {"id": "s1", "text": "mine"})
    store.close()
    columns = "notes (session, kind, signature, data)"
    edited(f"INSERT INTO {columns} SELECT session, kind, signature, '{{\"a\": 1}}' FROM notes")
    edited(f"INSERT INTO {columns} VALUES ('s1', 'label', '', 'none')")
    assert [note.signed for note in fresh().notes("s1", "label")] == [True, False]


# -- when the database refuses -----------------------------------------------------------------------------------------


def test_what_is_no_database_is_one_clear_line(store: SQLiteStore) -> None:
    Path(".checkpoints").mkdir()
    DATABASE.write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="is not a database; move it away") as told:
        store.headers()
    assert "\n" not in str(told.value)


def test_another_program_s_database_is_left_alone(store: SQLiteStore) -> None:
    Path(".checkpoints").mkdir()
    edited("CREATE TABLE theirs (a)")
    with pytest.raises(StorageError, match="no database of checkpoints"):
        begin(store)
    with sqlite3.connect(DATABASE) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_a_newer_version_s_database_is_left_alone(store: SQLiteStore) -> None:
    begin(store)
    store.close()
    edited("PRAGMA user_version = 2")
    with pytest.raises(StorageError, match="newer version"):
        fresh().headers()


def test_a_storage_path_that_is_a_file_is_one_clear_line() -> None:
    Path("taken").write_text("")
    store = SQLiteStore("taken", key=KEY)
    assert store.headers() == []
    with pytest.raises(StorageError, match=r"checkpoints can't be kept"):
        store.next_number("1000")


FULL = """
import resource, signal
from playbooks.checkpoints.sqlite import SQLiteStore
from checkpoints.records import begin, checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SQLiteStore(key=b"k" * 32)
begin(store)
store.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
store = SQLiteStore(key=b"k" * 32)
try:
    for sequence in range(3, 1000):
        store.write(checkpoint(store.next_number("1000"), sequence, events=[str(n) * 9 for n in range(900)]))
except Exception as error:
    print(type(error).__name__, error)
print(sequence - 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_one_clear_line_and_every_earlier_checkpoint_is_whole() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", FULL], env=env, capture_output=True, text=True, check=True, timeout=300
    )
    told, last = done.stdout.splitlines()
    assert told.startswith("StorageError .checkpoints/checkpoints.db: checkpoints can't be kept: ")
    headers = fresh().headers("s1")
    assert [header.sequence for header in headers] == list(range(1, int(last) + 1))
    assert all(fresh().read(header.id).header == header for header in headers[-3:])


def test_a_folder_that_can_not_be_written_is_still_read(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    store.close()
    connect, opened = sqlite3.connect, []

    class Refusing(Connection):
        def execute(self, query: str, *given: object) -> sqlite3.Cursor:  # type: ignore[override]
            if "user_version" in query and len(opened) == 1:
                raise sqlite3.OperationalError("unable to open database file")
            return super().execute(query, *given)  # type: ignore[arg-type]

    def connecting(path: str, **more: object) -> sqlite3.Connection:
        opened.append(path)
        made: sqlite3.Connection = connect(path, **(more | {"factory": Refusing}))  # type: ignore[call-overload]
        return made

    monkeypatch.setattr(sqlite3, "connect", connecting)
    assert len(fresh().headers("s1")) == 2
    assert opened[1].endswith("checkpoints.db?immutable=1")


def test_a_synced_store_survives_power_loss_and_another_a_crash() -> None:
    for fsync, synchronous in ((True, 2), (False, 1)):
        store = SQLiteStore(str(fsync), fsync=fsync, key=KEY)
        begin(store)
        assert store._file.run("PRAGMA synchronous") == [(synchronous,)]
        assert store._file.run("PRAGMA journal_mode") == [("wal",)]
        store.close()


def test_the_provider_lists_and_loads_what_the_engine_wrote(store: SQLiteStore) -> None:
    import asyncio

    grown(SQLiteStore(), 4)
    provider = SQLiteCheckpointProvider()
    assert asyncio.run(provider.list_checkpoints("1000")) == ["1000_ckpt_1", "1000_ckpt_2", "1000_ckpt_3"]
    found = asyncio.run(provider.load_checkpoint("1000_ckpt_2"))
    assert found is not None and found["metadata"]["statement"] == 'await Say("user", "hi")'


def test_the_log_is_copied_back_beside_the_commits_while_the_database_is_open(store: SQLiteStore) -> None:
    grown(store, EVERY)  # the start and what follows are one commit
    assert DATABASE.stat().st_size == PAGE_BYTES
    store.write(checkpoint(store.next_number("1000"), EVERY + 1))
    store._file.log.settle()
    assert DATABASE.stat().st_size > 10 * PAGE_BYTES
    log = Path(f"{DATABASE}-wal")
    length = log.stat().st_size
    for sequence in range(EVERY + 2, EVERY + 12):
        store.write(checkpoint(store.next_number("1000"), sequence))
    assert log.stat().st_size == length  # written over from its beginning
    other = fresh()
    assert len(other.headers("s1")) == EVERY + 11
    other.close()


def test_a_log_that_cannot_be_copied_back_fails_no_commit(store: SQLiteStore) -> None:
    def refuse() -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    store._file.log._connect = refuse
    grown(store, EVERY + 10)
    store._file.log.settle()
    assert DATABASE.stat().st_size == PAGE_BYTES
    store.close()
    other = fresh()
    assert len(other.headers("s1")) == EVERY + 10
    other.close()


def test_a_log_of_synced_commits_has_its_length_before_the_first_and_holds_nothing_more() -> None:
    store = SQLiteStore(key=KEY, fsync=True)
    begin(store)
    log = Path(f"{DATABASE}-wal")
    length = log.stat().st_size
    assert length >= SYNCED_PAGES * PAGE_BYTES
    for sequence in range(3, 20):
        store.write(checkpoint(store.next_number("1000"), sequence))
    assert log.stat().st_size == length
    held = bytes(DATABASE.read_bytes()), log.read_bytes()
    store.close()
    assert DATABASE.stat().st_size < 20 * PAGE_BYTES
    # As a power loss would leave them.
    DATABASE.write_bytes(held[0])
    log.write_bytes(held[1])
    other = fresh()
    assert [header.sequence for header in other.headers("s1")] == list(range(1, 20))
    assert other._file.look("SELECT count(*) FROM packs") == [(0,)]
    assert other._file.look("PRAGMA integrity_check") == [("ok",)]
    other.close()


@pytest.mark.parametrize("query", ["nonsense", "INSERT INTO counters VALUES (NULL, NULL)", "ROLLBACK"])
def test_a_transaction_that_fails_leaves_nothing_and_lets_another_thread_in(store: SQLiteStore, query: str) -> None:
    begin(store)
    with (
        pytest.raises((StorageError, sqlite3.IntegrityError)),
        store._file.transaction() as connection,
    ):
        connection.execute("INSERT INTO counters VALUES ('left', 1)")
        connection.execute(query)
    after = checkpoint(store.next_number("1000"), 3)
    other = threading.Thread(target=store.write, args=(after,), daemon=True)
    other.start()
    other.join(timeout=60)
    assert store._file.look("SELECT * FROM counters WHERE name = 'left'") == []
    assert store.ids("1000") == ["1000_ckpt_1", "1000_ckpt_2"]


@pytest.mark.parametrize(
    "besides",
    [
        "CREATE TRIGGER theirs AFTER INSERT ON notes BEGIN DELETE FROM checkpoints; END",
        "DROP TABLE packs; CREATE VIEW packs AS WITH RECURSIVE more(upto) AS"
        " (SELECT 1 UNION ALL SELECT upto + 1 FROM more) SELECT 's1' AS session, upto, x'' AS data FROM more",
    ],
)
def test_a_database_that_would_run_a_stranger_s_queries_with_ours_is_refused(store: SQLiteStore, besides: str) -> None:
    grown(store, 5)
    store.close()
    with contextlib.closing(sqlite3.connect(DATABASE)) as connection:
        connection.executescript(besides)
    with pytest.raises(StorageError, match="this is no database of checkpoints"):
        fresh().headers("s1")


def test_a_database_that_another_tool_has_analysed_is_still_ours(store: SQLiteStore) -> None:
    grown(store, 5)
    store.close()
    with contextlib.closing(sqlite3.connect(DATABASE)) as connection:
        connection.executescript("ANALYZE")
    other = fresh()
    assert len(other.headers("s1")) == 5
    other.close()


def test_an_index_that_is_cut_off_is_made_up_for_from_the_records(store: SQLiteStore) -> None:
    grown(store, PACKED + 10)
    before = store.headers("s1")
    (blob,) = store._file.look("SELECT data FROM packs")[0]
    assert len(unpack_headers(blob)) == PACKED
    store.close()
    edited("UPDATE packs SET data = ?", blob[:-1])
    with pytest.raises(NotPacked):
        unpack_headers(blob[:-1])
    again = fresh()
    assert again.headers("s1") == before
    again.close()
