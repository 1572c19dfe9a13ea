"""Pruning: what is kept stays what it was, whatever goes, whenever it is stopped."""

from __future__ import annotations

from collections import Counter

import pytest
from checkpoints.trees import Stopped, Tree, grown
from hypothesis import given
from hypothesis import strategies as st

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.retention import PruneStopped, plan, prune, remove
from playbooks.errors import UserError

seeds, lengths, keeps = st.integers(0, 2**32), st.integers(1, 70), st.integers(1, 6)


def groups(tree: Tree) -> Counter[tuple[str, str]]:
    return Counter((header.agent, header.branch) for header in tree.store.headers())


@given(seeds, lengths, keeps)
def test_what_is_kept_folds_as_before_and_the_tree_hangs_together(seed: int, length: int, keep: int) -> None:
    tree = grown(seed, length)
    made = prune(tree.store, "s1", keep)
    assert set(tree.store.held) == {header.id for header in made.kept}
    tree.check()
    held = {header.id: header for header in tree.store.headers()}
    for header in held.values():
        assert header.kind == "start" or header.parent in held
        assert tree.store.read(header.id).base in (*held, "")


@pytest.mark.parametrize("seed", range(12))
def test_merged_changes_whose_base_goes_are_merged_anew_over_gaps_and_kept_ones_alike(seed: int) -> None:
    tree = Tree(seed, agents=["1000", "1000", "1000", "1001"])
    for _ in range(200):
        tree.grow()
    prune(tree.store, "s1", 22)
    tree.check()


@given(seeds, lengths, keeps)
def test_labels_starts_forks_heads_and_the_newest_of_each_agent_are_never_dropped(
    seed: int, length: int, keep: int
) -> None:
    tree = grown(seed, length)
    before = tree.store.headers()
    prune(tree.store, "s1", keep)
    held = set(tree.store.held)
    assert set(tree.store.marked) <= held and set(tree.heads.values()) <= held
    known = {header.id: header for header in before}
    for header in before:
        if header.kind == "start":
            assert header.id in held
        elif known[header.parent].branch != header.branch:
            assert header.id in held and header.parent in held
        newer = [h for h in before if (h.agent, h.branch) == (header.agent, header.branch) and h.number > header.number]
        assert len(newer) >= keep or header.id in held


@given(seeds, st.integers(20, 70), keeps, st.integers(0, 60))
def test_a_prune_stopped_anywhere_leaves_everything_that_is_there_whole(
    seed: int, length: int, keep: int, writes: int
) -> None:
    tree = grown(seed, length)
    whole = plan(tree.store.headers(), tree.store.marked, keep)
    tree.store.writes_left = writes
    try:
        prune(tree.store, "s1", keep)
    except Stopped:
        pass
    assert {header.id for header in whole.kept} <= set(tree.store.held)
    tree.check()
    tree.store.writes_left = 1 << 60
    prune(tree.store, "s1", keep)
    tree.check()


@given(seeds, st.integers(1, 30), keeps)
def test_a_pruned_session_grows_on_forks_on_and_is_pruned_again(seed: int, length: int, keep: int) -> None:
    tree = grown(seed, length)
    for again in range(2):
        prune(tree.store, "s1", keep)
        tree.resume()
        for _ in range(tree.pick.randint(0, 30)):
            tree.grow()
        if again == 0:
            tree.fork()
    tree.check()


@given(seeds, st.integers(1, 100), keeps)
def test_a_run_that_prunes_itself_keeps_all_it_has_whole_and_never_twice_what_it_should(
    seed: int, length: int, keep: int
) -> None:
    tree = grown(seed, length, keep)
    tree.check()
    assert tree.retention is not None and not tree.retention.stopped
    assert [header.id for header in tree.retention.headers] == [header.id for header in tree.store.headers()]
    always = {h.id for h in plan(tree.store.headers(), tree.store.marked, 1).kept}
    free = Counter((h.agent, h.branch) for h in tree.store.headers() if h.id not in always)
    assert all(count <= 2 * keep for count in free.values())


def test_a_long_run_that_prunes_itself_rewrites_only_what_came_since_its_foothold() -> None:
    tree = Tree(7, keep=4)
    for _ in range(2500):
        tree.grow()
    tree.check()
    spans = {header.depth: tree.store.read(header.id).span for header in tree.store.headers()}
    assert 2048 in spans and 1024 not in spans
    assert all(span <= 1024 for depth, span in spans.items() if depth > 2048)
    assert len(spans) <= 3 * 8 + 2


def test_a_run_s_own_prune_reads_no_more_than_what_it_rewrites() -> None:
    tree = Tree(7, keep=4)
    for _ in range(100):
        tree.grow()
    before, gone = tree.store.reads, len(tree.store.held)
    while len(tree.store.held) >= gone:
        gone = len(tree.store.held)
        tree.grow()
    assert 0 < tree.store.reads - before <= 24


def test_a_kept_stretch_folds_by_few_files_after_the_rest_was_pruned() -> None:
    tree = Tree(3, agents=["1000"])
    for _ in range(300):
        tree.grow()
    prune(tree.store, "s1", 150)
    tree.check()
    tree.store.reads = 0
    fold(tree.store.read, tree.heads["main"])
    assert tree.store.reads <= 2 * 31


def test_what_a_dry_run_says_is_what_a_prune_does_and_changes_nothing() -> None:
    tree = grown(5, 80)
    before = dict(tree.store.held)
    told = prune(tree.store, "s1", 2, dry_run=True)
    assert tree.store.held == before and told.dropped
    assert prune(tree.store, "s1", 2) == told


def test_keep_zero_keeps_all() -> None:
    tree = grown(5, 80)
    before = dict(tree.store.held)
    assert not prune(tree.store, "s1", 0).dropped and tree.store.held == before


def test_numbers_go_on_after_a_prune() -> None:
    tree = grown(5, 80)
    highest = dict(tree.store.numbers)
    prune(tree.store, "s1", 1)
    assert all(tree.store.next_number(agent) == number + 1 for agent, number in highest.items())


def test_a_foreign_checkpoint_is_never_signed_by_a_prune() -> None:
    tree = Tree(9)
    for _ in range(40):
        tree.grow()
    dropped = prune(tree.store, "s1", 2, dry_run=True).dropped
    tree.store.foreign = {dropped[3].id}
    before = set(tree.store.held)
    with pytest.raises(PruneStopped, match="not written by this user's engine"):
        prune(tree.store, "s1", 2)
    assert set(tree.store.held) == before
    tree.check()


def test_a_session_with_a_damaged_checkpoint_is_left_as_it_is_and_says_why() -> None:
    tree = Tree(9)
    for _ in range(40):
        tree.grow()
    dropped = prune(tree.store, "s1", 2, dry_run=True).dropped
    tree.store.broken, before = {dropped[3].id}, set(tree.store.held)
    with pytest.raises(PruneStopped, match="altered"):
        prune(tree.store, "s1", 2)
    assert set(tree.store.held) == before


def test_a_session_that_lost_a_checkpoint_it_needs_is_left_as_it_is() -> None:
    tree = Tree(9, agents=["1000"])
    for _ in range(40):
        tree.grow()
    del tree.store.held["1000_ckpt_20"]
    before = set(tree.store.held)
    assert "1000_ckpt_21" in {header.id for header in prune(tree.store, "s1", 2, dry_run=True).kept}
    with pytest.raises(PruneStopped, match="1000_ckpt_20"):
        prune(tree.store, "s1", 2)
    assert set(tree.store.held) == before


def test_a_session_is_removed_the_deepest_first() -> None:
    tree = grown(5, 80)
    tree.store.writes_left = 20
    with pytest.raises(Stopped):
        remove(tree.store, "s1")
    tree.check()
    tree.store.writes_left = 1 << 60
    assert remove(tree.store, "s1", dry_run=True).dropped
    remove(tree.store, "s1")
    assert not tree.store.held


def test_a_prune_that_fails_stops_pruning_and_not_the_run() -> None:
    tree = Tree(7, keep=2)
    for _ in range(10):
        tree.grow()
    tree.store.foreign = set(tree.store.held)
    assert tree.retention is not None
    tree.retention._steps.clear()
    for _ in range(30):
        tree.grow()
    assert "not written" in tree.retention.stopped
    tree.check()


def test_prune_errors_are_one_line() -> None:
    assert issubclass(PruneStopped, UserError) and "\n" not in str(PruneStopped("s1", "x"))


def test_a_run_s_own_prune_does_not_read_the_record_it_stands_on() -> None:
    tree = Tree(7, keep=4, agents=["1000"])
    for _ in range(1030):
        tree.grow()
    foothold, read = next(h.id for h in tree.store.headers() if h.depth == 1024), tree.store.read_signed

    def reading(id: str) -> object:
        assert id != foothold, "the one record that is as large as the run"
        return read(id)

    tree.store.read_signed = reading
    for _ in range(20):
        tree.grow()
    assert tree.retention is not None and not tree.retention.stopped
