"""The timeline as a sequence diagram: a row a checkpoint, a lane an agent, a gutter for branches.

Pure: from the record to lines of spans. The widget around it only scrolls, and tests read its rows as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from playbooks.checkpoints.record import Header
from playbooks.session.glyphs import GLYPHS, MAY_HAVE_RUN
from playbooks_tui.ending import ending_of
from playbooks_tui.record import HUMAN, YOU, Branch, Record
from playbooks_tui.rows import Past, Rows
from playbooks_tui.spans import Line, Span, cells_of, cut, padded, plain, took, width_of

QUIET: Final = frozenset({"heard", "create", "start", "return", "step"})
"""Kinds whose rows repeat what another row says."""
SLOW_S: Final = 0.5
"""From here on a duration is bright."""
_TOOK = 7
_MOST_GUTTERS = 3
_MOST_NAME = 12
_LEAST_TEXT = 12
_SPOKE: Final = re.compile(r"^\w+ \(agent (\d+)\): ", re.MULTILINE)
"""Who spoke in a meeting, as the model that hears it is told: `Lead (agent 1000): `. The screen has shorter names."""
_WITH_ARROW: Final = frozenset({"say", "create", "call", "tool"})


class Plan(msgspec.Struct, frozen=True):
    """How wide what is; the same for all rows."""

    lanes: tuple[str, ...]
    """Agents with a lane of their own, from the left."""
    shared: frozenset[str]
    """Agents that share one more lane, for want of room."""
    step: int
    """Cells from a lane to the next."""
    names: int
    """Cells for the name of the other side."""
    gutters: tuple[str, ...]
    """Branches with a column of their own."""
    forks: Mapping[int, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Row → the branches of `gutters` that leave there."""

    @property
    def left(self) -> int:
        """Cells before the lanes."""
        return 4 + max(2, len(self.gutters))

    @property
    def before_text(self) -> int:
        """Cells before the glyph."""
        return self.left + self.step * (len(self.lanes) + bool(self.shared)) + 2

    def column(self, agent: str) -> int | None:
        """The cell, after the gutter, where an agent's numbers end."""
        if agent in self.lanes:
            lane = self.lanes.index(agent)
        elif agent in self.shared:
            lane = len(self.lanes)
        else:
            return None
        return self.step * lane + self.step - 2


def plan(record: Record, width: int, rows: Rows, branch: str = "") -> Plan:
    """Gives each agent a lane while there is room for what was said; the last ones share one.

    Args:
        record: What is drawn.
        width: Cells of a row.
        rows: Which rows are shown.
        branch: The one that is stood on: it has a gutter whatever the number of branches.
    """
    step = max(4, len(str(record.most)) + 2)
    agents = record.lanes
    names = min(max((cells_of(record.title(agent)) for agent in agents if agent != HUMAN), default=6), _MOST_NAME) + 1
    room = (width - 6 - _TOOK - 4 - names - _LEAST_TEXT) // step
    if len(agents) > room:  # those who share a lane are named in their rows
        room = max(2, room - (names + 1) // step)
    own = agents if len(agents) <= room else [*[agent for agent in agents if agent != HUMAN][: room - 2], HUMAN]
    gutters = drawn_branches(record, branch or record.branch, _MOST_GUTTERS)
    forks: dict[int, tuple[str, ...]] = {}
    for name in gutters:
        fork = record.branches[name].fork
        shown = rows.stands_for(fork) if fork is not None else None
        if shown is not None:
            forks[shown] = (*forks.get(shown, ()), name)
    return Plan(tuple(own), frozenset(agents) - frozenset(own), step, names, tuple(gutters), forks)


def drawn_branches(record: Record, branch: str, most: int, others: Sequence[str] = ()) -> list[str]:
    """Of all branches those that are drawn: the first, the one stood on with what led to it, and the newest.

    Args:
        record: Of the session.
        branch: The one that is stood on.
        most: How many.
        others: Those that must be there too.
    """
    names = list(record.branches)
    if len(names) <= most:
        return names
    wanted = [
        *others,
        *([branch] if others else []),
        names[0],
        *record.limits(branch, len(record.headers)),
        *reversed(names),
    ]
    chosen = list(dict.fromkeys(wanted))[:most]
    return [name for name in names if name in chosen]


def shorts(record: Record) -> dict[str, str]:
    """Two or three letters for each agent, none of them twice: `Se`, `Bu`, `you`; `B1`, `B2` where names are alike."""
    found: dict[str, str] = {}
    for agent in record.lanes:
        name = record.agents[agent].class_name
        alike = [a for a in record.lanes if a != HUMAN and record.agents[a].class_name == name]
        if agent == HUMAN:
            found[agent] = YOU
        elif len(alike) > 1:
            found[agent] = f"{name[:1]}{alike.index(agent) + 1}"
        else:
            ways = [name[:2], *(name[:1] + letter for letter in name[2:]), f"{name[:1]}{len(found) + 1}"]
            found[agent] = next((way for way in ways if way not in found.values()), ways[-1])
    return found


def head(record: Record, drawn: Plan, width: int) -> Line:
    """The row above all: whose lane is whose."""
    names = shorts(record)
    spans = [Span(" " * drawn.left)]
    for agent in drawn.lanes:
        # A name ends where its numbers end; `you` is a letter wider and takes it on the right.
        name = cut(names[agent], drawn.step)
        wide = cells_of(name) > 2
        text = " " * (drawn.step - 1 + wide - cells_of(name)) + name + ("" if wide else " ")
        spans.append(Span(text, record.hue(agent), bold=True))
    if drawn.shared:
        spans.append(Span(f"{'…':>{drawn.step - 1}} ", "quiet", bold=True))
    rest = width - width_of(spans)
    return Line((*spans, Span(f"{'took ':>{max(0, rest)}}", "quiet")))


Mark = Literal["", "moment", "newest", "chosen"]
_EDGES: Final[dict[Mark, Span]] = {
    "": Span(" "),
    "moment": Span("▸", "here", bold=True),
    "newest": Span("●", "good", bold=True),
    "chosen": Span("›", bold=True),
}
_MARKED: Final = Span("m", bold=True)
_UNMARKED: Final = Span(" ")
_GROUNDS: Final[dict[Mark, str]] = {"moment": "here", "chosen": "chosen"}


class Marks(msgspec.Struct, frozen=True):
    """What a row is to the person."""

    edge: Mark = ""
    """The moment, the newest of what runs, or what is chosen."""
    marked: bool = False
    """Marked, to compare with."""
    find: str = ""
    """What was looked for, in small letters: underlined where it stands."""


def row(record: Record, drawn: Plan, index: int, width: int, past: Past, marks: Marks) -> Line:
    """A checkpoint's row.

    Args:
        record: What is drawn.
        drawn: From `plan`, for the same width.
        index: The checkpoint, as a place in the record.
        width: Cells.
        past: Of the moment that is looked at, or of now: other rows are dim.
        marks: What the row is to the person.
    """
    header = record.headers[index]
    later = not past.holds(index, header.branch) and header.kind != "fork"
    spans = [_MARKED if marks.marked else _UNMARKED, _EDGES[marks.edge]]
    spans.append(Span(f" {gutter_text(record, drawn, index, past)}", "quiet"))
    spans += _lanes(record, drawn, index, later)
    start = len(spans)
    spans += body(record, header, told(record, index), drawn.names, later=later, bold=marks.edge == "moment")
    if header.agent in drawn.shared:  # its lane does not say who it is
        spans.insert(-1, Span(f"{record.title(header.agent)}: ", record.hue(header.agent), later=later))
    last = spans.pop()
    room = width - drawn.before_text - _TOOK - sum(cells_of(span.text) for span in spans[start:])
    tail: list[Span] = []
    if header.again:
        tail.append(Span(f"  {MAY_HAVE_RUN}", "doubt", bold=True, later=later))
    if header.degraded:
        tail.append(Span("  !~", "doubt", bold=True, later=later))
    if label := record.labels.get(header.id):
        tail.append(Span(f"  [{cut(label, _MOST_NAME * 2)}]", bold=True))
    room -= width_of(tail)
    text = cut(last.text, room)
    shown = last if text is last.text else replace(last, text=text)
    spans += underlined(shown, marks.find) if marks.find else (shown,)
    spans += tail
    time = took(header.took)
    pad = " " * (room - cells_of(text) + _TOOK - 1 - len(time))
    spans.append(Span(f"{pad}{time} ", "plain" if header.took >= SLOW_S else "quiet", later=later))
    return Line(tuple(spans), _GROUNDS.get(marks.edge, ""))


def underlined(span: Span, find: str) -> list[Span]:
    """A span, with what was looked for underlined."""
    if not find or (at := span.text.lower().find(find)) < 0:
        return [span]
    end = at + len(find)
    return [
        replace(span, text=span.text[:at]),
        replace(span, text=span.text[at:end], under=True),
        *underlined(replace(span, text=span.text[end:]), find),
    ]


def words(header: Header, text: str) -> str:
    """What a row says, on one line."""
    if header.kind == "end":
        if not header.ends_program:
            text = f"{header.playbook} returned {text}" if text else f"{header.playbook} is done"
        text = text or "the program ends"
    elif header.kind == "return":
        text = f"{header.playbook} returned {text}".rstrip()
    return plain(text or header.statement.removeprefix("await "))


def said(record: Record, index: int) -> str:
    """What was said, heard or called in a row; of the program's end, how it ended."""
    text = record.text(index)
    if not text and record.headers[index].ends_program:
        return ending_of(record, record.headers[index].branch)
    return text


def told(record: Record, index: int) -> str:
    """What was said, as a row shows it: who spoke in a meeting by the name that the screen has for it."""
    text = said(record, index)
    if not record.headers[index].peer.startswith("meeting "):
        return text
    text = text.removeprefix(f"{record.headers[index].peer} ")  # `meeting 101 has ended`: its name stands before it
    return _SPOKE.sub(lambda spoke: f"{record.title(spoke[1])}: ", text)


def glyph_ink(record: Record, header: Header) -> str:
    """The ink of a row's glyph: an agent's own where it speaks."""
    if header.kind == "say":
        return record.hue(header.agent)
    if header.kind in ("call", "tool"):
        return "call"
    if header.kind == "error":
        return "bad"
    return "quiet" if header.kind in QUIET else "plain"


def body(
    record: Record, header: Header, text: str, names: int, *, later: bool = False, bold: bool = False
) -> list[Span]:
    """Glyph, the other side, and what the row says; the words come last."""
    quiet = header.kind in QUIET
    spans = [Span(f"{GLYPHS[header.kind]} ", glyph_ink(record, header), bold=True, later=later)]
    if header.kind in ("say", "heard") and header.peer:
        name = record.title(header.peer)
        ink = "quiet" if quiet else record.hue(header.peer)
        spans.append(Span(padded(name, names - 1) + " ", ink, later=later))
    ink = "bad" if header.kind == "error" else "quiet" if quiet and not bold else "plain"
    strong = bold or header.kind == "fork" or header.ends_program
    spans.append(Span(words(header, text), ink, bold=strong, later=later))
    return spans


# -- the lanes -------------------------------------------------------------------------------------------------------


def _lanes(record: Record, drawn: Plan, index: int, later: bool) -> list[Span]:
    """Numbers in their lanes, an arrow to whoever is addressed, lifelines in between; with two cells after them."""
    header = record.headers[index]
    lines = [" "] * (drawn.step * (len(drawn.lanes) + bool(drawn.shared)) + 2)
    for place, agent in enumerate(drawn.lanes):
        if record.born.get(agent, -1) < index:
            lines[drawn.step * place + drawn.step - 2] = "·"
    life = "".join(lines)
    at = drawn.column(header.agent)
    if at is None:
        return [Span(life, "hair")]
    number, hue, bold = str(header.number), record.hue(header.agent), header.kind != "heard"
    first = at - len(number) + 1
    own = Span(number, hue, bold, later)
    to = drawn.column(header.peer) if header.kind in _WITH_ARROW else None
    if to is None or to == at:
        return [Span(life[:first], "hair"), own, Span(life[at + 1 :], "hair")]
    made = header.kind == "create"
    tip = Span("+" if made else "►" if to > at else "◄", hue, bold, later)
    reach = to - at - 1 if to > at else first - to - 1
    rule = Span(("┄" if made else "─") * reach, "hair" if later else hue, later=not later)
    if to > at:
        return [Span(life[:first], "hair"), own, rule, tip, Span(life[to + 1 :], "hair")]
    return [Span(life[:to], "hair"), tip, rule, own, Span(life[at + 1 :], "hair")]


# -- the branches ----------------------------------------------------------------------------------------------------


def gutter_text(record: Record, drawn: Plan, index: int, past: Past) -> str:
    """A column a branch: where it runs, where it left another, how it ended."""
    columns = [_gutter(record.branches[name], index, past) for name in drawn.gutters]
    for name in drawn.forks.get(index, ()):
        place = drawn.gutters.index(name)
        parent = record.headers[record.branches[name].fork or 0].branch
        start = drawn.gutters.index(parent) if parent in drawn.gutters else 0
        columns[start] = "├"
        for between in range(start + 1, place):
            columns[between] = {" ": "─", "╮": "┬"}.get(columns[between], "┼")
        columns[place] = "╮"
    return f"{''.join(columns):<{max(2, len(drawn.gutters))}} "


def _gutter(branch: Branch, index: int, past: Past) -> str:
    first, last = branch.rows[0], branch.rows[-1]
    if index > last or index < (first if branch.fork is None else branch.fork + 1):
        return " "
    if index == last and branch.ended:
        return "■"
    return "┊" if branch.name == past.branch and not past.holds(index, branch.name) else "│"
