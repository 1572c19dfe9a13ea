"""The index of the files: it says what they say, at once, and is never in the way."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from checkpoints.records import KEY, begin, checkpoint

from playbooks.checkpoints import catalog
from playbooks.checkpoints.catalog import Catalog, Extent
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import StorageError

INDEX = Path(".checkpoints/catalog.db")


def rows(count: int, *, start: int = 1, **fields: object) -> list[Header]:
    return [checkpoint(number, text=f"text {number}", **fields).header for number in range(start, start + count)]


def age(path: str) -> None:
    """Makes a folder look as if nothing had come or gone in it for long."""
    os.utime(path, (1_700_000_000, 1_700_000_000))


# -- the catalogue by itself -------------------------------------------------------------------------------------------


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "catalog.db")
    yield made
    made.close()


def test_thousands_of_headers_come_back_in_order_whatever_was_packed_between(index: Catalog) -> None:
    given = rows(2600)
    for start in range(0, 2600, 300):
        index.add(given[start : start + 300])
    assert index.headers("s1") == given
    assert index.headers("s1", [1, 2600, 1300]) == [given[0], given[1299], given[2599]]
    assert index.headers("s1", after=1023) == given[1023:]
    assert index.file_names() == {f"{header.id}.pkl" for header in given}
    (extent,) = index.extents("s1")
    assert (extent.checkpoints, extent.first, extent.last) == (2600, 1, 2600)


def test_sessions_and_branches_are_told_apart_within_packs(index: Catalog) -> None:
    main, fork = rows(1500), rows(1500, start=1501, branch="fork-1")
    other = [msgspec.structs.replace(header, session="s2") for header in rows(1100, start=3001)]
    index.add(main + fork + other)
    assert [(extent.session, extent.branch, extent.checkpoints, extent.first) for extent in index.extents()] == [
        ("s1", "main", 1500, 1),
        ("s1", "fork-1", 1500, 1501),
        ("s2", "main", 1100, 3001),
    ]
    assert index.headers("s2") == other and index.headers() == main + fork + other


def test_what_is_removed_from_a_pack_is_gone_and_its_neighbours_stay(index: Catalog) -> None:
    given = rows(2500)
    index.add(given)
    gone = {given[10].id, given[2499].id}
    index.remove([*gone, "1000_ckpt_99999", "no id"])
    assert index.headers("s1") == [header for header in given if header.id not in gone]
    assert index.extents("s1")[0].checkpoints == 2498
    assert not index.file_names() & {f"{id}.pkl" for id in gone}


def test_a_packed_header_that_is_replaced_is_listed_once_as_it_is_now(index: Catalog) -> None:
    given = rows(2100)
    index.add(given)
    moved = msgspec.structs.replace(given[1000], parent="1000_ckpt_7")
    index.add([moved])
    assert index.headers("s1") == [*given[:1000], moved, *given[1001:]]


# -- the index of a folder ---------------------------------------------------------------------------------------------


def test_the_first_run_in_a_folder_keeps_its_index(store: FileStore) -> None:
    assert store.new_session_id() == "s1"
    begin(store)
    store.close()
    with contextlib.closing(sqlite3.connect(INDEX)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM headers").fetchone()
    assert count == 2


def test_a_folder_that_has_not_changed_is_not_listed_again(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    store.close()
    for agent in ("1000", "human"):
        age(f".checkpoints/{agent}")
    before = FileStore(key=KEY).headers("s1")
    listed: list[str] = []
    really = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: (listed.append(str(path)), really(path))[1])
    assert FileStore(key=KEY).headers("s1") == before
    assert listed == [".checkpoints"]
    store.write(checkpoint(store.next_number("1000"), 3))
    assert [header.sequence for header in FileStore(key=KEY).headers("s1")] == [1, 2, 3]


def test_a_damaged_file_is_named_by_whoever_looks(store: FileStore) -> None:
    begin(store)
    Path(".checkpoints/1000/1000_ckpt_2.pkl").write_bytes(b"cut")
    store.close()
    for agent in ("1000", "human"):
        age(f".checkpoints/{agent}")
    for _ in range(3):
        other = FileStore(key=KEY)
        assert len(other.headers("s1")) == 2
        assert [damaged.id for damaged in other.damaged()] == ["1000_ckpt_2"]
        other.close()


def test_an_index_that_another_process_holds_is_done_without_and_left_as_it_is(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(store)
    store.close()
    monkeypatch.setattr(catalog, "BUSY_S", 0.0)
    holder = sqlite3.connect(INDEX, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    other = FileStore(key=KEY)
    other.write(checkpoint(other.next_number("1000"), 3))
    assert [header.sequence for header in other.headers("s1")] == [1, 2, 3]
    holder.execute("COMMIT")
    assert holder.execute("SELECT count(*) FROM headers").fetchone() == (2,)
    other.close()
    holder.close()


def test_an_index_that_another_process_begins_anew_hides_no_session(store: FileStore) -> None:
    begin(store)
    store.set_status("s1", "main", "running")
    assert [info.id for info in store.sessions()] == ["s1"]
    other = FileStore(key=KEY)
    begin(other, "s2")
    anew = Catalog(INDEX)
    anew.discard()
    assert anew.extents() == []
    other.set_status("s2", "main", "running")
    assert [info.id for info in store.sessions()] == ["s1", "s2"]
    anew.close()
    other.close()


def test_an_index_that_is_lost_between_two_reads_of_a_listing_is_read_again(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(store)
    begin(store, "s2")
    extents, lost = Catalog.extents, []

    def then_lost(index: Catalog, session: str | None = None) -> list[Extent]:
        found = extents(index, session)
        if not lost:
            lost.append(True)
            index.discard()
            index._do(lambda db: db.execute("DROP TABLE packs"))
        return found

    monkeypatch.setattr(Catalog, "extents", then_lost)
    for id in ("s1", "s2"):
        store.set_status(id, "main", "running")
        lost.clear()
        assert [branch.head for branch in store.branches(id)] == [f"1000_ckpt_{id[1]}"]
        lost.clear()
        assert [info.id for info in store.sessions()] == ["s1", "s2"]


def test_a_branch_whose_newest_checkpoint_another_process_prunes_meanwhile_ends_with_the_next(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(store)
    other, extents = FileStore(key=KEY), Catalog.extents

    def then_pruned(index: Catalog, session: str | None = None) -> list[Extent]:
        found = extents(index, session)
        other.write(checkpoint(other.next_number("1000"), 3))
        other.delete(["1000_ckpt_1"])
        return found

    monkeypatch.setattr(Catalog, "extents", then_pruned)
    assert [branch.head for branch in store.branches("s1")] == ["1000_ckpt_2"]
    other.close()


@pytest.mark.parametrize("settled", [False, True])
def test_an_index_that_is_behind_and_can_not_be_written_is_made_up_for(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, settled: bool
) -> None:
    begin(store)
    store.close()
    before = INDEX.read_bytes()
    store.write(checkpoint(store.next_number("1000"), 3))
    store.close()
    if settled:  # only when its folders had changed last is not in the index
        for folder in ("1000", "human"):
            age(f".checkpoints/{folder}")
    else:
        INDEX.write_bytes(before)
    connect = catalog._connect

    def read_only(path: str) -> sqlite3.Connection:
        connection = connect(path)
        if path != ":memory:":
            connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(catalog, "_connect", read_only)
    monkeypatch.setattr(os, "unlink", lambda path: (_ for _ in ()).throw(PermissionError(path)))
    assert [header.sequence for header in FileStore(key=KEY).headers("s1")] == [1, 2, 3]


# -- following ---------------------------------------------------------------------------------------------------------


def test_following_reads_what_is_new_and_lists_no_folder(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    follower = FileStore(key=KEY)
    assert [header.sequence for header in follower.newer("s1", 0)] == [1, 2]
    monkeypatch.setattr(follower._index, "_names", lambda agent: pytest.fail("a folder was listed"))
    assert follower.newer("s1", 2) == []
    store.write(checkpoint(store.next_number("1000"), 3))
    store.write(checkpoint(store.next_number("1001"), 4, agent="1001"))
    assert [header.sequence for header in follower.newer("s1", 2)] == [3, 4]
    assert follower.newer("s1", 4) == []
    follower.close()


def test_a_number_taken_early_and_written_late_is_followed_too(store: FileStore) -> None:
    begin(store)
    begin(store, "s2")
    early = store.next_number("1000")
    store.write(checkpoint(store.next_number("1000"), 3, session="s2"))
    follower = FileStore(key=KEY)
    assert len(follower.newer("s1", 0)) == 2
    store.write(checkpoint(store.next_number("1000"), 4, session="s2"))
    assert follower.newer("s1", 2) == []
    store.write(checkpoint(early, 3))
    assert [header.id for header in follower.newer("s1", 2)] == [f"1000_ckpt_{early}"]
    follower.close()


def test_a_file_that_is_refused_is_not_listed(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    number = store.next_number("1000")
    monkeypatch.setattr(store._placer, "place", lambda *given: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(StorageError):
        store.write(checkpoint(number, 3))
    assert [header.sequence for header in store.headers("s1")] == [1, 2]


def test_a_highest_number_that_no_checkpoint_can_have_is_not_believed(store: FileStore) -> None:
    begin(store)
    assert [header.sequence for header in store.newer("s1", 0)] == [1, 2]
    store.close()
    Path(".checkpoints/1000/.highest").write_bytes(b"9" * 20)
    other = FileStore(key=KEY)
    assert other.next_number("1000") == 2
    other.close()


def test_a_follower_looks_at_no_more_numbers_than_can_come_late_however_high_the_highest(store: FileStore) -> None:
    begin(store)
    store.newer("s1", 0)
    Path(".checkpoints/1000/.highest").write_bytes(b"9" * 17)
    assert store.newer("s1", 2) == []


def test_an_index_with_a_view_that_never_ends_is_begun_anew(store: FileStore) -> None:
    begin(store)
    assert len(store.headers("s1")) == 2
    store.close()
    with contextlib.closing(sqlite3.connect(INDEX)) as connection:
        connection.executescript(
            "DROP TABLE folders; CREATE VIEW folders AS WITH RECURSIVE more(agent, changed) AS"
            " (SELECT 'x', 1 UNION ALL SELECT agent, changed + 1 FROM more) SELECT * FROM more"
        )
    other = FileStore(key=KEY)
    assert [header.sequence for header in other.headers("s1")] == [1, 2]
    other.close()
