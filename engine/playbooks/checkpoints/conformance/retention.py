"""The part on retention: what a provider forgets when it is told to, and what stays whole."""

from __future__ import annotations

from pathlib import Path

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.conformance.base import save
from playbooks.checkpoints.conformance.suite import Suite, run
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.retention import prune, remove
from playbooks.checkpoints.sample import begin, step
from playbooks.checkpoints.store import Store


def grown(store: Store, length: int) -> tuple[str, Header]:
    """A session of some length, labelled and forked in its middle; its id and its head."""
    session = store.new_session_id()
    head = middle = begin(store, session)
    for sequence in range(3, length + 1):
        head = step(store, session, sequence, head)
        if sequence == length // 2:
            middle = head
            store.set_label(middle.id, "the middle")
    fork = step(store, session, length + 1, middle, branch="fork-1", kind="fork")
    step(store, session, length + 2, fork, branch="fork-1")
    return session, head


class RetentionConformance(Suite):
    """What a provider does when it is told to forget."""

    def test_the_newest_are_kept_of_one_agent_and_all_of_the_others(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")
        for number in (9, 10, 11, 2):
            save(provider, f"1000_ckpt_{number}")
        save(provider, "1001_ckpt_1")
        run(provider.cleanup_old_checkpoints("1000", 2))
        assert run(provider.list_checkpoints("1000")) == ["1000_ckpt_10", "1000_ckpt_11"]
        assert run(provider.list_checkpoints("1001")) == ["1001_ckpt_1"]

    def test_keeping_more_than_there_are_or_zero_keeps_all(self, tmp_path: Path) -> None:
        provider = self.made(tmp_path / "kept")
        for number in (1, 2, 3):
            save(provider, f"1000_ckpt_{number}")
        for keep in (0, 3, 10):
            run(provider.cleanup_old_checkpoints("1000", keep))
            assert len(run(provider.list_checkpoints("1000"))) == 3

    def test_what_a_prune_keeps_folds_as_before_and_the_rest_is_gone(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session, head = grown(store, 80)
        made = prune(store, session, 5)
        store.close()
        other = self.opened(tmp_path / "kept")
        kept = {header.id: header for header in other.headers(session)}
        assert set(kept) == {header.id for header in made.kept} and head.id in kept and len(kept) <= 12
        for header in kept.values():
            assert len(fold(other.read, header.id).state.messages) == header.depth
            assert other.is_signed(header.id) and (header.parent in kept or header.kind == "start")
        assert set(other.labels(session)) <= set(kept)
        assert [branch.name for branch in other.branches(session)] == ["main", "fork-1"]
        other.close()

    def test_a_pruned_session_goes_on_with_numbers_that_were_never_used(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session, head = grown(store, 40)
        used = {header.number for header in store.headers(session) if header.agent == "1000"}
        prune(store, session, 1)
        store.close()
        other = self.opened(tmp_path / "kept")
        after = step(other, session, 43, head)
        assert after.number > max(used)
        assert len(fold(other.read, after.id).state.messages) == head.depth + 1
        other.close()

    def test_a_dry_run_changes_nothing(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session, _ = grown(store, 40)
        before = store.headers(session)
        assert prune(store, session, 2, dry_run=True).dropped
        assert store.headers(session) == before
        store.close()

    def test_a_session_that_is_removed_is_gone_and_its_id_with_it(self, tmp_path: Path) -> None:
        store = self.opened(tmp_path / "kept")
        session, _ = grown(store, 10)
        other, _ = grown(store, 10)
        remove(store, session)
        store.close()
        again = self.opened(tmp_path / "kept")
        assert [info.id for info in again.sessions()] == [other] and again.headers(session) == []
        assert again.new_session_id() == "s3"
        again.close()
