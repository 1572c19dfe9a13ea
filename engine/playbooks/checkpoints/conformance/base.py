"""The base part: what the five calls and the engine's own use of them must give, one thing after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.conformance.suite import Suite, run
from playbooks.checkpoints.facts import INTENTS
from playbooks.checkpoints.sample import begin, made_step, step
from playbooks.checkpoints.store import NumberTaken, UnknownCheckpoint
from playbooks.extensions.provider import CheckpointProvider

_STATE = {"at": (1, [2, None]), "bytes": b"\x00\xff"}
_NAMES = {"price": 90.5, "tags": ["a", "ü", "\U0001f600"], "nested": {"k": {1: True}}}


def save(provider: CheckpointProvider, id: str, **names: object) -> None:
    """Saves a checkpoint by the public call."""
    about = {"statement": "await S()", "counter": 1, "timestamp": 1.5}
    run(provider.save_checkpoint(id, _STATE, {**_NAMES, **names}, about))


class BaseConformance(Suite):
    """What a provider does when it is called."""

    def test_what_was_saved_is_loaded_as_it_was(self, tmp_path: Path) -> None:
        save(self.made(tmp_path / "kept"), "1000_ckpt_1", more=1)
        found = run(self.made(tmp_path / "kept").load_checkpoint("1000_ckpt_1"))
        assert found is not None
        assert (found["checkpoint_id"], found["execution_state"]) == ("1000_ckpt_1", _STATE)
        assert found["namespace"] == {**_NAMES, "more": 1}
        assert {name: found["metadata"][name] for name in ("statement", "counter", "timestamp")} == {
            "statement": "await S()",
            "counter": 1,
            "timestamp": 1.5,
        }

    def test_what_is_changed_after_it_was_saved_is_not_changed_in_it(self, tmp_path: Path) -> None:
        provider, names = self.made(tmp_path / "kept"), {"list": [1]}
        run(provider.save_checkpoint("1000_ckpt_1", {}, names, {}))
        names["list"].append(2)
        found = run(provider.load_checkpoint("1000_ckpt_1"))
        assert found is not None and found["namespace"] == {"list": [1]}
        found["namespace"]["list"].append(3)
        again = run(provider.load_checkpoint("1000_ckpt_1"))
        assert again is not None and again["namespace"] == {"list": [1]}

    def test_a_checkpoint_that_is_not_there_is_none(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")
        assert run(provider.load_checkpoint("1000_ckpt_1")) is None
        assert run(provider.list_checkpoints("1000")) == []
        run(provider.delete_checkpoint("1000_ckpt_1"))
        run(provider.cleanup_old_checkpoints("1000", 1))

    def test_saving_again_replaces_the_checkpoint(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")
        save(provider, "1000_ckpt_1", price=1)
        save(provider, "1000_ckpt_1", price=2)
        found = run(provider.load_checkpoint("1000_ckpt_1"))
        assert found is not None and found["namespace"]["price"] == 2
        assert run(provider.list_checkpoints("1000")) == ["1000_ckpt_1"]

    def test_checkpoints_are_listed_by_number_and_by_agent(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")
        for id in ("1000_ckpt_10", "1000_ckpt_2", "100_ckpt_7", "1000_ckpt_1", "human_ckpt_3"):
            save(provider, id)
        assert run(provider.list_checkpoints("1000")) == ["1000_ckpt_1", "1000_ckpt_2", "1000_ckpt_10"]
        assert run(provider.list_checkpoints("100")) == ["100_ckpt_7"]
        assert run(provider.list_checkpoints("human")) == ["human_ckpt_3"]

    def test_what_was_deleted_is_gone_and_the_others_stay(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")
        for number in (1, 2, 3):
            save(provider, f"1000_ckpt_{number}")
        run(provider.delete_checkpoint("1000_ckpt_2"))
        assert run(provider.load_checkpoint("1000_ckpt_2")) is None
        assert run(self.made(tmp_path / "kept").list_checkpoints("1000")) == ["1000_ckpt_1", "1000_ckpt_3"]

    def test_a_session_is_read_again_by_another_store(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session = store.new_session_id()
        head = begin(store, session)
        for sequence in range(3, 40):
            head = step(store, session, sequence, head, text="text " * 40)
        written = [store.read(header.id) for header in store.headers(session)]
        store.note(session, "session", {"program": "a.pb", "program_hash": "hash"})
        store.set_status(session, "main", "finished")
        store.set_label(head.id, "the end")
        store.close()
        other = self.opened(tmp_path / "kept")
        assert [other.read(checkpoint.header.id) for checkpoint in written] == written
        assert all(other.is_signed(checkpoint.header.id) for checkpoint in written)
        assert [header.sequence for header in other.headers(session)] == list(range(1, 40))
        (info,) = other.sessions()
        assert (info.id, info.program, info.status, info.checkpoints) == (session, "a.pb", "finished", 39)
        assert [(branch.name, branch.head) for branch in other.branches(session)] == [("main", head.id)]
        assert other.labels(session) == {head.id: "the end"}
        assert len(fold(other.read, head.id).state.messages) == 38
        other.close()

    def test_a_number_is_taken_once_whatever_is_deleted(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session = store.new_session_id()
        head = begin(store, session)
        last = step(store, session, 3, head)
        store.delete([last.id])
        assert store.next_number("1000") > last.number
        store.close()
        other = self.opened(tmp_path / "kept")
        assert other.next_number("1000") > last.number
        other.close()

    def test_an_id_that_is_there_is_never_written_over(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session = store.new_session_id()
        head = begin(store, session)
        again = made_step(store, session, 3, head)
        store.write(again)
        with pytest.raises(NumberTaken):
            store.write(again)
        assert store.read(again.header.id) == again
        store.close()

    def test_a_group_of_which_one_fails_leaves_nothing_of_it(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        head = begin(store, store.new_session_id())
        session = store.new_session_id()
        start = made_step(store, session, 1, None, agent="human")
        with pytest.raises(NumberTaken):
            store.write_group((start, store.read(head.id)))
        with pytest.raises(UnknownCheckpoint):
            store.read(start.header.id)
        assert store.headers(session) == []
        store.close()

    def test_a_start_is_a_session_only_with_a_statement_or_a_note_of_what_may_have_run(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        begun, lone = store.new_session_id(), store.new_session_id()
        begin(store, begun)
        start = made_step(store, lone, 1, None, agent="human")
        store.note(lone, INTENTS, {"after": "human_ckpt_99"})
        store.write_group((start,))
        for _ in range(2):
            assert store.headers(lone) == store.newer(lone, 0) == [] and not store.branches(lone)
            assert [info.id for info in store.sessions()] == [begun] and len(store.headers()) == 2
            store.close()
            store = self.opened(tmp_path / "kept")
        store.note(lone, INTENTS, {"after": start.header.id})
        for _ in range(2):
            assert store.headers(lone) == store.newer(lone, 0) == [start.header]
            assert [branch.head for branch in store.branches(lone)] == [start.header.id]
            assert [info.id for info in store.sessions()] == [begun, lone] and len(store.headers()) == 3
            store.new_session_id()  # as the next run does, which may take away what is nothing
            store.close()
            store = self.opened(tmp_path / "kept")
        head = step(store, lone, 2, start.header)
        assert store.headers(lone) == [start.header, head]
        assert len(fold(store.read, head.id).state.messages) == 1
        store.close()

    def test_sessions_are_counted_and_their_branches_told_apart(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        first, second = store.new_session_id(), store.new_session_id()
        assert (first, second) == ("s1", "s2")
        head = begin(store, first)
        begin(store, second)
        last = step(store, first, 3, head)
        fork = step(store, first, 4, head, branch="fork-1", kind="fork")
        found = [(branch.name, branch.head, branch.forked_from) for branch in store.branches(first)]
        assert found == [("main", last.id, ""), ("fork-1", fork.id, head.id)]
        assert [info.id for info in store.sessions()] == ["s1", "s2"]
        assert len(store.headers()) == 6
        store.close()

    def test_any_text_is_kept_also_half_a_character(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session = store.new_session_id()
        head = begin(store, session)
        for sequence in range(3, 140):
            head = step(store, session, sequence, head, text="\ud83d \x00 ü")
        assert store.read(head.id).header.text == "\ud83d \x00 ü"
        assert len(store.headers(session)) == 139
        store.note(session, "note", {"text": "\ud83d"})
        assert [note.data for note in store.notes(session, "note")] == [{"text": "\ud83d"}]
        store.close()

    def test_small_facts_are_kept_in_order_and_can_be_forgotten(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session = store.new_session_id()
        for place in ("Main:01", "Main:02"):
            store.note(session, "breakpoint", {"at": place})
        store.close()
        other = self.opened(tmp_path / "kept")
        told = other.notes(session, "breakpoint")
        assert [note.data["at"] for note in told] == ["Main:01", "Main:02"] and all(note.signed for note in told)
        other.clear_notes(session, "breakpoint")
        assert other.notes(session, "breakpoint") == []
        other.close()
