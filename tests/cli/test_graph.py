"""The gutter of a timeline: every checkpoint has its place on a lane, whatever the tree."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.console.graph import DRAWN, PLAIN, GraphRow, Signs, graph_rows


def tree(parents: list[tuple[int, bool]]) -> tuple[list[Header], list[BranchInfo]]:
    """A session: each (parent, new branch) is a checkpoint; without a new branch it must be a branch's newest."""
    headers: list[Header] = []
    heads: dict[str, str] = {}
    left: dict[str, str] = {}
    for number, (place, leaves) in enumerate([(0, False), *parents], 1):
        parent = headers[place % len(headers)] if headers else None
        if parent is None:
            branch = "main"
        elif leaves:
            branch = f"fork-{len(left)}"
        else:
            branch = list(heads)[place % len(heads)]
            parent = next(header for header in headers if header.id == heads[branch])
        left.setdefault(branch, parent.id if parent and leaves else "")
        header = Header(
            f"1000_ckpt_{number}", "1000", number, "s1", number, parent.id if parent else "", branch, 0, "", "await"
        )
        headers.append(header)
        heads[branch] = header.id
    return headers, [BranchInfo("s1", name, heads[name], left[name], "finished") for name in left]


def drawn(parents: list[tuple[int, bool]], signs: Signs = PLAIN) -> list[str]:
    return [
        f"{row.gutter} {row.header.number if row.header else ''}".rstrip() for row in graph_rows(*tree(parents), signs)
    ]


def test_a_run_is_one_lane() -> None:
    assert drawn([(0, False), (0, False)]) == ["* 1", "* 2", "* 3"]


def test_a_fork_leaves_where_it_was_forked_and_runs_beside() -> None:
    assert drawn([(0, False), (0, True), (1, False), (0, False)]) == [
        "*   1",
        "|-.",
        "* | 2",
        "| * 3",
        "| * 4",
        "*   5",
    ]


def test_a_fork_of_the_last_one_hangs_below_it() -> None:
    assert drawn([(0, False), (1, True)], DRAWN) == ["●   1", "●   2", "╰─╮", "  ● 3"]


def test_two_forks_of_one_checkpoint_cross_no_lane_unseen() -> None:
    assert drawn([(0, True), (0, True), (0, False)], DRAWN)[:4] == ["●     1", "├─╮", "├─┼─╮", "│ ● │ 2"]


def test_a_lane_that_ended_is_used_again() -> None:
    assert drawn([(0, True), (1, True)], DRAWN) == ["●   1", "╰─╮", "  ● 2", "╭─╯", "●   3"]


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=30), st.sampled_from([PLAIN, DRAWN]))
def test_every_checkpoint_is_drawn_once_on_its_branchs_lane(parents: list[tuple[int, bool]], signs: Signs) -> None:
    headers, branches = tree(parents)
    rows = graph_rows(headers, branches, signs)
    assert [row.header for row in rows if row.header] == headers
    assert len({len(row.gutter) for row in rows}) == 1
    assert len([row for row in rows if row.header is None]) == len(branches) - 1
    lane_of: dict[str, int] = {}
    for row in rows:
        if row.header is not None:
            assert row.gutter.count(signs.node) == 1
            assert row.gutter.index(signs.node) == 2 * row.lane
            assert lane_of.setdefault(row.header.branch, row.lane) == row.lane
    assert all(_is_on_a_line(before, row, signs) for before, row in pairwise(rows))


def _is_on_a_line(before: GraphRow, row: GraphRow, signs: Signs) -> bool:
    """A checkpoint hangs on a line that was there in the row above."""
    return row.header is None or before.gutter[2 * row.lane] != " "
