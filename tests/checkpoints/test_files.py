"""The folder of checkpoints: what is there is whole, what is written stays, and no number is used twice."""

from __future__ import annotations

import errno
import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from checkpoints.records import KEY, begin, checkpoint, fresh, sealed

from playbooks.checkpoints import locks
from playbooks.checkpoints.facts import INTENTS
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.store import Damaged, NumberTaken, SessionOpen, StorageError, UnknownCheckpoint


def test_files_lie_where_the_guide_says_and_belong_to_the_user_alone(store: FileStore) -> None:
    begin(store)
    store.note("s1", "session", {"program": "a.pb"})
    store.close()
    assert Path(".checkpoints/1000/1000_ckpt_1.pkl").is_file()
    assert Path(".checkpoints/human/human_ckpt_1.pkl").is_file()
    for path in Path(".checkpoints").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    shown = {path.name for path in Path(".checkpoints").glob("*/*") if not path.parts[1].startswith(".")}
    assert {name for name in shown if not name.startswith(".")} == {"1000_ckpt_1.pkl", "human_ckpt_1.pkl"}


def test_looking_makes_no_folder(store: FileStore) -> None:
    assert store.headers() == [] and store.sessions() == [] and store.ids("1000") == []
    with pytest.raises(UnknownCheckpoint, match="1000_ckpt_1"):
        store.read("1000_ckpt_1")
    assert not Path(".checkpoints").exists()


def test_what_was_written_is_read_by_another_process_at_once(store: FileStore) -> None:
    begin(store)
    written = checkpoint(store.next_number("1000"), 3)
    store.write(written)
    other = fresh()
    assert other.read("1000_ckpt_2") == written and other.is_signed("1000_ckpt_2")
    assert [header.sequence for header in other.headers("s1")] == [1, 2, 3]


def test_ten_comes_after_two(store: FileStore) -> None:
    begin(store)
    for sequence in range(3, 13):
        store.write(checkpoint(store.next_number("1000"), sequence))
    assert store.ids("1000") == [f"1000_ckpt_{number}" for number in range(1, 12)]
    assert [header.number for header in fresh().headers("s1")][1:] == list(range(1, 12))


def test_a_number_is_never_used_again_whatever_is_deleted(store: FileStore) -> None:
    begin(store)
    store.write(checkpoint(store.next_number("1000"), 3))
    store.delete(["1000_ckpt_2", "1000_ckpt_1"])
    assert store.next_number("1000") == 3
    assert fresh().next_number("1000") == 4


def test_a_number_is_not_used_again_when_only_the_files_knew_it(store: FileStore) -> None:
    begin(store)
    os.unlink(".checkpoints/1000/.highest")
    fresh().delete(["1000_ckpt_1"])
    assert fresh().next_number("1000") == 2


def test_a_number_is_read_only_once_no_other_process_takes_one(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, other = locks.wait, fresh()

    def overtaken(file: int) -> None:
        monkeypatch.setattr(locks, "wait", wait)
        assert other.next_number("1000") == 1
        wait(file)

    monkeypatch.setattr(locks, "wait", overtaken)
    assert store.next_number("1000") == 2


def test_a_number_counts_past_files_that_were_copied_here(store: FileStore) -> None:
    begin(store)
    os.unlink(".checkpoints/1000/.highest")
    os.link(".checkpoints/1000/1000_ckpt_1.pkl", ".checkpoints/1000/1000_ckpt_70.pkl")
    assert fresh().next_number("1000") == 71


def test_two_processes_get_different_numbers(store: FileStore) -> None:
    begin(store)
    other = fresh()
    taken = [s.next_number("1000") for s in (store, other, other, store, other)]
    assert taken == [2, 3, 4, 5, 6]


def test_a_number_that_is_taken_is_never_written_over(store: FileStore) -> None:
    begin(store)
    before = Path(".checkpoints/1000/1000_ckpt_1.pkl").read_bytes()
    with pytest.raises(NumberTaken):
        store.write(checkpoint(1, 9))
    assert Path(".checkpoints/1000/1000_ckpt_1.pkl").read_bytes() == before
    assert [path for path in os.listdir(".checkpoints/1000") if not path.endswith(".pkl")] == [".highest"]


@pytest.mark.parametrize("way", ["_draft", "_exclusive"])
def test_every_way_of_placing_a_file_keeps_the_promise(store: FileStore, way: str) -> None:
    store._placer._ways = [getattr(store._placer, way)]
    begin(store)
    with pytest.raises(NumberTaken):
        store.write(checkpoint(1, 9))
    assert fresh().read("1000_ckpt_1").header.sequence == 2
    assert sorted(os.listdir(".checkpoints/1000")) == [".highest", "1000_ckpt_1.pkl"]


def test_a_way_that_does_not_work_here_gives_way_to_the_next(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    begin(store)
    assert fresh().read("1000_ckpt_1").header.number == 1


@pytest.mark.parametrize(
    "id", ["../x_ckpt_1", "1000_ckpt_0", "1000_ckpt_01", "1000", "", "a/b_ckpt_1", "1000_ckpt_1\n"]
)
def test_what_is_no_id_is_no_path(store: FileStore, id: str) -> None:
    begin(store)
    with pytest.raises(UnknownCheckpoint):
        store.read(id)


def test_a_synced_store_syncs_file_and_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(stat.S_IFMT(os.fstat(file).st_mode)))
    store = FileStore(key=KEY, fsync=True)
    store.write(checkpoint(store.next_number("1000")))
    assert synced == [stat.S_IFREG, stat.S_IFDIR]
    store.close()


# -- damage ------------------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def plant(path: Path) -> None:
    class Planted:
        def __reduce__(self) -> object:
            return (os.mkdir, ("planted",))

    path.write_bytes(sealed(pickle.dumps(Planted(), 5), KEY))


@pytest.mark.parametrize("damage", [cut, plant, lambda path: path.write_bytes(b"")], ids=["cut", "planted", "empty"])
def test_a_damaged_file_is_named_and_the_others_are_listed(store: FileStore, damage: Callable[[Path], None]) -> None:
    begin(store)
    store.write(checkpoint(store.next_number("1000"), 3))
    damage(Path(".checkpoints/1000/1000_ckpt_2.pkl"))
    other = fresh()
    with pytest.raises(Damaged, match="1000_ckpt_2"):
        other.read("1000_ckpt_2")
    assert [header.id for header in other.headers("s1")] == ["human_ckpt_1", "1000_ckpt_1"]
    assert [(found.id, found.path) for found in other.damaged()] == [
        ("1000_ckpt_2", ".checkpoints/1000/1000_ckpt_2.pkl")
    ]
    assert not os.path.exists("planted")


def test_a_foreign_file_is_read_and_not_signed(store: FileStore) -> None:
    begin(store)
    other = fresh(b"o" * 32)
    assert other.read("1000_ckpt_1").header.sequence == 2
    assert not other.is_signed("1000_ckpt_1")


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_session_ids_count_up_and_are_never_given_twice(store: FileStore) -> None:
    assert [store.new_session_id(), fresh().new_session_id()] == ["s1", "s2"]


def test_a_start_whose_first_statement_never_ended_is_no_session_and_is_swept(store: FileStore) -> None:
    begin(store)
    store.new_session_id()
    lone = checkpoint(store.next_number("human"), 1, agent="human", kind="start", parent="", session="s7")
    store.write(lone)
    other = fresh()
    assert other.headers("s7") == [] and [info.id for info in other.sessions()] == ["s1"]
    assert all(header.session == "s1" for header in other.headers())
    assert other.new_session_id() == "s8"
    assert not Path(".checkpoints/human/human_ckpt_2.pkl").exists()
    assert other.next_number("human") == 3


def test_a_start_after_which_something_may_have_run_outside_is_a_session_and_stays(store: FileStore) -> None:
    lone = checkpoint(store.next_number("human"), 1, agent="human", kind="start", parent="", session="s1")
    store.note("s1", INTENTS, {"what": "tool", "after": "human_ckpt_9"})
    store.write(lone)
    assert fresh().sessions() == fresh().headers() == fresh().newer("s1", 0) == []
    store.note("s1", INTENTS, {"what": "tool", "after": lone.header.id})
    other = fresh()
    other.new_session_id()
    assert other.headers() == other.headers("s1") == other.newer("s1", 0) == [lone.header]
    assert [info.checkpoints for info in other.sessions()] == [1]
    assert [branch.head for branch in other.branches("s1")] == [lone.header.id]


def test_a_start_whose_first_statement_ended_and_is_damaged_is_a_session_and_stays(store: FileStore) -> None:
    begin(store)
    store.set_status("s1", "main", "running")
    Path(".checkpoints/1000/1000_ckpt_1.pkl").write_bytes(b"")
    other = fresh()
    other.new_session_id()
    assert [header.id for header in other.headers("s1")] == ["human_ckpt_1"]
    assert [info.id for info in other.sessions()] == ["s1"]


def test_a_start_of_a_living_session_is_not_swept(store: FileStore) -> None:
    lone = checkpoint(store.next_number("human"), 1, agent="human", kind="start", parent="", session="s1")
    with store.lock("s1"):
        store.write(lone)
        fresh().new_session_id()
    assert Path(".checkpoints/human/human_ckpt_1.pkl").exists()


def test_a_group_of_which_the_second_fails_leaves_nothing(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    start = checkpoint(store.next_number("human"), 1, agent="human", kind="start", parent="", session="s2")
    with pytest.raises(NumberTaken):
        store.write_group([start, checkpoint(1, 2, session="s2")])
    assert store.ids("human") == ["human_ckpt_1"]
    assert [info.id for info in store.sessions()] == ["s1"]


def test_sessions_and_branches_say_what_people_ask_for(store: FileStore) -> None:
    begin(store)
    store.note("s1", "session", {"program": "a.pb", "program_hash": "abc"})
    store.write(checkpoint(store.next_number("1000"), 3))
    store.write(checkpoint(store.next_number("1000"), 4, branch="fork-1", parent="1000_ckpt_1", kind="fork"))
    store.set_status("s1", "main", "finished")
    store.set_status("s1", "fork-1", "failed")
    store.set_label("s1", "haggling")
    store.set_label("1000_ckpt_2", "before the offer")
    store.set_label("1000_ckpt_1", "x")
    store.set_label("1000_ckpt_1", "")
    (info,) = fresh().sessions()
    assert (info.program, info.program_hash, info.branch, info.status) == ("a.pb", "abc", "fork-1", "failed")
    assert (info.checkpoints, info.label, info.updated) == (4, "haggling", 1_700_000_004.0)
    branches = fresh().branches("s1")
    assert [(b.name, b.head, b.forked_from, b.status) for b in branches] == [
        ("main", "1000_ckpt_2", "", "finished"),
        ("fork-1", "1000_ckpt_3", "1000_ckpt_1", "failed"),
    ]
    assert fresh().labels("s1") == {"s1": "haggling", "1000_ckpt_2": "before the offer"}


def test_what_said_it_was_running_and_is_no_more_was_interrupted(store: FileStore) -> None:
    begin(store)
    with store.lock("s1"):
        store.set_status("s1", "main", "running")
        assert fresh().sessions()[0].status == "running"
    assert fresh().sessions()[0].status == "interrupted"


def test_a_session_is_open_in_one_place_at_a_time(store: FileStore) -> None:
    with store.lock("s1"), pytest.raises(SessionOpen, match=f"s1 is open in process {os.getpid()}"), fresh().lock("s1"):
        pass
    with fresh().lock("s1"):
        pass


def test_a_note_that_was_cut_off_spoils_no_other(store: FileStore) -> None:
    store.note("s1", "breakpoint", {"at": "Main:01"})
    with open(".checkpoints/.sessions/s1/breakpoint.jsonl", "ab") as file:
        file.write(b'0123 {"at": "Ma')
    fresh().note("s1", "breakpoint", {"at": "Main:02"})
    assert [note.data["at"] for note in fresh().notes("s1", "breakpoint")] == ["Main:01", "Main:02"]
    store.clear_notes("s1", "breakpoint")
    assert fresh().notes("s1", "breakpoint") == []


def test_a_note_that_was_cut_off_in_the_middle_of_a_character_spoils_no_other(store: FileStore) -> None:
    store.note("s1", "label", {"id": "s1", "text": "dear"})
    with open(".checkpoints/.sessions/s1/label.jsonl", "ab") as file:
        file.write('0123 {"id":"s1","text":"é'.encode()[:-1])
    fresh().note("s1", "label", {"id": "1000_ckpt_1", "text": "now"})
    assert fresh().labels("s1") == {"s1": "dear", "1000_ckpt_1": "now"}


def test_a_note_that_only_a_part_of_had_room_is_a_failure_and_spoils_none_after_it(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.note("s1", "breakpoint", {"at": "Main:01"})
    room, write = 10, os.write

    def filling(file: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        part, room = data[:room], max(0, room - len(data))
        return write(file, part)

    with monkeypatch.context() as full:
        full.setattr(os, "write", filling)
        with pytest.raises(StorageError, match="No space left"):
            store.note("s1", "breakpoint", {"at": "Main:02"})
    store.note("s1", "breakpoint", {"at": "Main:03"})
    assert [note.data["at"] for note in fresh().notes("s1", "breakpoint")] == ["Main:01", "Main:03"]


def test_a_note_by_another_hand_is_not_signed(store: FileStore) -> None:
    store.note("s1", "label", {"id": "s1", "text": "mine"})
    path = Path(".checkpoints/.sessions/s1/label.jsonl")
    path.write_bytes(path.read_bytes() + path.read_bytes().replace(b"mine", b"evil"))
    assert [(note.data["text"], note.signed) for note in fresh().notes("s1", "label")] == [
        ("mine", True),
        ("evil", False),
    ]


# -- the index ---------------------------------------------------------------------------------------------------------


def spoil(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


@pytest.mark.parametrize(
    "harm",
    [lambda path: path.unlink(), spoil, lambda path: path.write_bytes(path.read_bytes()[:3000]), lambda path: None],
    ids=["deleted", "garbage", "cut", "none"],
)
def test_the_index_can_be_lost_at_any_time_and_comes_back(store: FileStore, harm: Callable[[Path], object]) -> None:
    begin(store)
    store.write(checkpoint(store.next_number("1000"), 3, degraded=("$a",)))
    store.set_label("s1", "kept")
    before = (store.headers(), store.sessions(), store.branches("s1"))
    store.close()
    harm(Path(".checkpoints/catalog.db"))
    other = fresh()
    assert (other.headers(), other.sessions(), other.branches("s1")) == before
    other.close()
    assert Path(".checkpoints/catalog.db").stat().st_size > 0


def test_the_index_lost_under_a_running_store_comes_back(store: FileStore) -> None:
    begin(store)
    assert len(store.headers()) == 2
    spoil(Path(".checkpoints/catalog.db"))
    store.write(checkpoint(store.next_number("1000"), 3))
    assert len(store.headers()) == 3


def test_a_file_taken_away_by_hand_is_listed_no_more(store: FileStore) -> None:
    begin(store)
    store.write(checkpoint(store.next_number("1000"), 3))
    assert len(store.headers()) == 3
    os.unlink(".checkpoints/1000/1000_ckpt_2.pkl")
    assert len(store.headers()) == 2


def test_writing_does_not_touch_the_index_until_half_a_second_has_passed() -> None:
    now = [0.0]
    store = FileStore(key=KEY, clock=lambda: now[0])
    begin(store)
    store.write(checkpoint(store.next_number("1000"), 3))
    assert not Path(".checkpoints/catalog.db").exists()
    now[0] = 0.6
    store.write(checkpoint(store.next_number("1000"), 4))
    assert Path(".checkpoints/catalog.db").exists()
    store.close()
