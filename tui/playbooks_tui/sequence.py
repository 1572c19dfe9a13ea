"""The timeline as a sequence diagram: a row a checkpoint, a lane an agent, a gutter for branches.

Pure: from the record to lines of spans. The widget around it only scrolls, and tests read its rows as text.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from playbooks.checkpoints.record import Header
from playbooks_tui.record import HUMAN, YOU, Branch, Record, ends_program
from playbooks_tui.spans import Line, Span, fit, plain, took, width_of

GLYPHS: Final = {
    "start": "►",
    "create": "+",
    "say": "→",
    "heard": "←",
    "call": "ƒ",
    "tool": "◆",
    "return": "‹",
    "step": "-",
    "await": "~",
    "interrupt": "=",
    "fork": "◇",
    "end": "■",
    "error": "!",
}
QUIET: Final = frozenset({"heard", "create", "start", "return", "step"})
"""Kinds whose rows repeat what another row says."""
SLOW_S: Final = 0.5
"""From here on a duration is bright."""
_TOOK = 7
_MOST_GUTTERS = 3
_MOST_NAME = 12
_LEAST_TEXT = 12
_HEARS_WHAT_IS_DRAWN: Final = frozenset({"say", "create", "call", "tool"})


@dataclass(frozen=True, slots=True)
class Plan:
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

    @property
    def left(self) -> int:
        """Cells before the lanes."""
        return 4 + max(2, len(self.gutters))

    def column(self, agent: str) -> int | None:
        """The cell, after the gutter, where an agent's numbers end."""
        if agent in self.lanes:
            lane = self.lanes.index(agent)
        elif agent in self.shared:
            lane = len(self.lanes)
        else:
            return None
        return self.step * lane + self.step - 2


def plan(record: Record, width: int) -> Plan:
    """Gives each agent a lane while there is room for what was said; the last ones share one.

    Args:
        record: What is drawn.
        width: Cells of a row.
    """
    step = max(4, len(str(record.most)) + 2)
    agents = record.lanes
    names = min(max((len(record.title(agent)) for agent in agents if agent != HUMAN), default=6), _MOST_NAME) + 1
    room = (width - 6 - _TOOK - 4 - names - _LEAST_TEXT) // step
    if len(agents) > room:  # those who share a lane are named in their rows
        room = max(2, room - (names + 1) // step)
    own = agents if len(agents) <= room else [*[agent for agent in agents if agent != HUMAN][: room - 2], HUMAN]
    branches = list(record.branches)
    gutters = branches if len(branches) <= _MOST_GUTTERS else [branches[0], *branches[1 - _MOST_GUTTERS :]]
    return Plan(tuple(own), frozenset(agents) - frozenset(own), step, names, tuple(gutters))


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
        wide = len(names[agent]) > 2
        text = f"{names[agent]:>{drawn.step - 1 + wide}}" + ("" if wide else " ")
        spans.append(Span(text, record.hue(agent), bold=True))
    if drawn.shared:
        spans.append(Span(f"{'…':>{drawn.step - 1}} ", "quiet", bold=True))
    rest = width - width_of(spans)
    return Line((*spans, Span(f"{'took ':>{max(0, rest)}}", "quiet")))


def row(record: Record, drawn: Plan, index: int, width: int, *, here: int | None, ground: str = "", mark: Span) -> Line:
    """A checkpoint's row.

    Args:
        record: What is drawn.
        drawn: From `plan`, for the same width.
        index: The checkpoint, as a place in the record.
        width: Cells.
        here: The moment that is looked at; rows after it are later. None: now.
        ground: As `Line.ground`.
        mark: One cell in front: `▸` the moment, `●` the newest of what runs, `›` what is chosen.
    """
    header = record.headers[index]
    later = here is not None and index > here and header.kind != "fork"
    spans = [Span(" "), mark, Span(" "), *_gutters(record, drawn, index, here), *_lanes(record, drawn, index, later)]
    spans.append(Span("  "))
    spans += body(record, header, record.text(index), drawn.names, later=later, bold=ground == "here")
    if header.agent in drawn.shared:  # its lane does not say who it is
        spans.insert(-1, Span(f"{record.title(header.agent)}: ", record.hue(header.agent), later=later))
    tail: list[Span] = []
    if header.degraded:
        tail.append(Span("  !~", "doubt", bold=True, later=later))
    room = width - width_of(spans[:-1]) - width_of(tail) - _TOOK
    last = spans.pop()
    words = fit(last.text, room) if not tail else last.text if len(last.text) <= room else fit(last.text, room)
    spans += [Span(words, last.ink, last.bold, last.later), *tail]
    spans.append(Span(" " * (width - width_of(spans) - _TOOK)))
    spans.append(Span(f"{took(header.took):>6} ", "plain" if header.took >= SLOW_S else "quiet", later=later))
    return Line(tuple(span for span in spans if span.text), ground)


def words(header: Header, text: str) -> str:
    """What a row says, on one line."""
    if header.kind == "end":
        text = text or ("the program ends" if ends_program(header) else f"{header.playbook} is done")
    elif header.kind == "return":
        text = f"{header.playbook} returned {text}".rstrip()
    return plain(text or header.statement.removeprefix("await "))


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
    spans = [Span(GLYPHS[header.kind] + " ", glyph_ink(record, header), bold=True, later=later)]
    if header.kind in ("say", "heard") and header.peer:
        name = record.title(header.peer)
        ink = "quiet" if quiet else record.hue(header.peer)
        spans.append(Span(f"{name:<{names - 1}} ", ink, later=later))
    ink = "bad" if header.kind == "error" else "quiet" if quiet and not bold else "plain"
    strong = bold or header.kind == "fork" or ends_program(header)
    spans.append(Span(words(header, text), ink, bold=strong, later=later))
    return spans


# -- the lanes -------------------------------------------------------------------------------------------------------


def _lanes(record: Record, drawn: Plan, index: int, later: bool) -> list[Span]:
    """Numbers in their lanes, an arrow to whoever is addressed, lifelines in between."""
    header = record.headers[index]
    count = len(drawn.lanes) + bool(drawn.shared)
    cells = [Span(" ", "hair")] * (drawn.step * count)
    for agent in drawn.lanes:
        column = drawn.column(agent)
        if column is not None and record.born.get(agent, -1) < index:
            cells[column] = Span("·", "hair")
    at = drawn.column(header.agent)
    if at is None:
        return cells
    hue, bold = record.hue(header.agent), header.kind != "heard"
    to = drawn.column(header.peer) if header.kind in _HEARS_WHAT_IS_DRAWN else None
    if to is not None and to != at:
        rule = Span("┄" if header.kind == "create" else "─", "hair" if later else hue, later=not later)
        for x in range(min(at, to) + 1, max(at, to)):
            cells[x] = rule
        tip = "+" if header.kind == "create" else "►" if to > at else "◄"
        cells[to] = Span(tip, hue, bold, later)
    number = str(header.number)
    for offset, digit in enumerate(number):
        cells[at - len(number) + 1 + offset] = Span(digit, hue, bold, later)
    return cells


# -- the branches ----------------------------------------------------------------------------------------------------


def _gutters(record: Record, drawn: Plan, index: int, here: int | None) -> list[Span]:
    """A column a branch: where it runs, where it left another, how it ended."""
    columns = [_gutter(record, record.branches[name], index, here) for name in drawn.gutters]
    for place, name in enumerate(drawn.gutters):
        fork = record.branches[name].fork
        if fork is None or _shown_at(record, fork) != index:
            continue
        parent = record.headers[fork].branch
        start = drawn.gutters.index(parent) if parent in drawn.gutters else 0
        columns[start] = "├"
        for between in range(start + 1, place):
            columns[between] = "─" if columns[between] == " " else "┼"
        columns[place] = "╮"
    text = "".join(columns)
    return [Span(f"{text:<{max(2, len(drawn.gutters))}} ", "quiet")]


def _gutter(record: Record, branch: Branch, index: int, here: int | None) -> str:
    first, last = branch.rows[0], branch.rows[-1]
    if index > last or index < (first if branch.fork is None else branch.fork + 1):
        return " "
    if record.headers[index].branch == branch.name and index == last and branch.ended:
        return "■"
    return "┊" if here is not None and index > here else "│"


def _shown_at(record: Record, index: int) -> int:
    """The row that stands for a checkpoint: its own, or when that is folded the one before."""
    place = bisect_right(record.shown, index) - 1
    return record.shown[max(0, place)] if record.shown else 0
