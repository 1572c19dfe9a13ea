"""The gutter of a timeline: branches as lanes beside the rows, as `git log --graph --reverse` draws them. Pure.

A branch has a lane from the checkpoint it left to its newest; lanes that ended are used again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from playbooks.checkpoints.record import BranchInfo, Header


class Signs(msgspec.Struct, frozen=True):
    """What the gutter is drawn with."""

    node: str
    line: str
    leave: str
    """A branch leaves a lane that goes on."""
    last: str
    """A branch leaves a lane that ends here."""
    across: str
    over: str
    """Across a lane."""
    down: str


DRAWN = Signs("●", "│", "├", "╰", "─", "┼", "╮")
PLAIN = Signs("*", "|", "|", "`", "-", "+", ".")


class GraphRow(msgspec.Struct, frozen=True):
    """One line of the drawing."""

    gutter: str
    """As wide in every row."""
    lane: int
    """Whose colour it has."""
    header: Header | None
    """None: only lines, where a branch leaves."""


def graph_rows(headers: Sequence[Header], branches: Sequence[BranchInfo], signs: Signs) -> list[GraphRow]:
    """The rows of a timeline with their gutters.

    Args:
        headers: In sequence order.
        branches: In the order they began.
        signs: What to draw with.
    """
    rows = list(_rows(headers, branches, signs))
    width = max((len(row.gutter) for row in rows), default=0)
    return [GraphRow(row.gutter.ljust(width), row.lane, row.header) for row in rows]


def _rows(headers: Sequence[Header], branches: Sequence[BranchInfo], signs: Signs) -> Iterator[GraphRow]:
    ends = {header.branch: place for place, header in enumerate(headers)}
    """Branch → row of its newest checkpoint."""
    leaving: dict[str, list[str]] = {}
    for branch in branches:
        if branch.name in ends:
            leaving.setdefault(branch.forked_from, []).append(branch.name)
    lanes: list[str] = []
    """The branch in each lane; empty when it is free."""

    def lane_of(branch: str) -> int:
        if branch not in lanes:
            free = lanes.index("") if "" in lanes else len(lanes)
            lanes[free : free + 1] = [branch]
        return lanes.index(branch)

    for place, header in enumerate(headers):
        lane = lane_of(header.branch)
        yield GraphRow(_cells(lanes, {lane: signs.node}, signs), lane, header)
        over = ends[header.branch] == place
        new = [name for name in leaving.get(header.id, ()) if name not in lanes]
        for left, name in zip(range(len(new) - 1, -1, -1), new, strict=True):
            yield _departure(lanes, lane, lane_of(name), signs, ends=over and not left)
        if over:
            lanes[lane] = ""


def _departure(lanes: Sequence[str], source: int, target: int, signs: Signs, *, ends: bool) -> GraphRow:
    """The line on which a branch leaves one lane for another."""
    cells = {source: signs.last if ends else signs.leave, target: signs.down}
    left, right = min(source, target), max(source, target)
    if target < source:  # a lane to the left was free
        mirrored = {"╮": "╭", "├": "┤", "╰": "╯"}
        cells = {place: mirrored.get(sign, sign) for place, sign in cells.items()}
    cells.update({place: signs.over if lanes[place] else signs.across for place in range(left + 1, right)})
    return GraphRow(_cells(lanes, cells, signs, (left, right)), target, None)


def _cells(lanes: Sequence[str], cells: dict[int, str], signs: Signs, across: tuple[int, int] = (0, 0)) -> str:
    """A gutter: the given signs, lines in the other lanes, and a line between two lanes."""
    drawn = ""
    for place, branch in enumerate(lanes):
        drawn += cells.get(place) or (signs.line if branch else " ")
        drawn += signs.across if across[0] <= place < across[1] else " "
    return drawn.rstrip()
