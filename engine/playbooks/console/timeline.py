"""A timeline as lines: the tree of checkpoints, what each of them was, how each branch ended."""

from __future__ import annotations

from collections.abc import Iterator

from playbooks.checkpoints.record import Header
from playbooks.console.drawing import LANES, STATUS_STYLES, Row, Word, clock_time
from playbooks.console.graph import DRAWN, PLAIN, graph_rows
from playbooks.session.glyphs import GLYPHS, MAY_HAVE_RUN
from playbooks.session.library import Timeline
from playbooks.words import counted

QUIET = frozenset({"step", "heard", "create", "start", "await", "return"})
"""Kinds that repeat, or tell what another row tells."""


def timeline_rows(timeline: Timeline, now: float, *, drawn: bool) -> Iterator[Row]:
    """The lines of a timeline.

    Args:
        timeline: What to show.
        now: Seconds since 1970, to leave out what day it is.
        drawn: With box-drawing signs, for a terminal.
    """
    yield session_row(timeline)
    if timeline.agents:
        yield [Word(" · ".join(f"{id} {name}" for id, name in sorted(timeline.agents.items())), "dim")]
    yield []
    width = max((len(header.id) for header in timeline.headers), default=0)
    for row in graph_rows(timeline.headers, timeline.branches, DRAWN if drawn else PLAIN):
        lane = Word(row.gutter + "  ", LANES[row.lane % len(LANES)])
        yield [lane] if row.header is None else [lane, *_checkpoint(row.header, timeline, width, now)]
        for attempt in timeline.may_have_run.get(row.header.id, ()) if row.header else ():
            rest = f"{attempt.agent.ljust(width)}  {MAY_HAVE_RUN} {attempt.call} may have run"
            yield [Word(" " * len(row.gutter) + "  "), Word(rest, "yellow")]


def session_row(timeline: Timeline) -> Row:
    """What a session is and how it ended."""
    info, count = timeline.session, len(timeline.headers)
    words = [Word(info.id, "bold"), Word(f"  {info.program or '?'}  ")]
    words.append(Word(info.status, STATUS_STYLES.get(info.status, "")))
    words.append(Word(f"  {counted(count, 'checkpoint')}", "dim"))
    if info.label:
        words.append(Word(f"  “{info.label}”", "italic"))
    return words


def _checkpoint(header: Header, timeline: Timeline, width: int, now: float) -> Row:
    quiet = "dim" if header.kind in QUIET else ""
    words = [Word(header.id.ljust(width), quiet), Word(f"  {clock_time(header.time, now)}  ", "dim")]
    words.append(Word(what_happened(header, timeline), "bold red" if header.kind == "error" else quiet))
    if header.again:
        words.append(Word(f"  {MAY_HAVE_RUN} may have run before", "yellow"))
    if header.degraded:
        words.append(Word(f"  !~ not kept: {', '.join(map(str, header.degraded))}", "yellow"))
    if label := timeline.labels.get(header.id):
        words.append(Word(f"  “{label}”", "bold italic"))
    words += [
        Word(f"  ({branch.name}, {branch.status})", STATUS_STYLES.get(branch.status) or "bold")
        for branch in timeline.branches
        if branch.head == header.id
    ]
    return words


def what_happened(header: Header, timeline: Timeline) -> str:
    """A checkpoint in one line: `→ Buyer  I can do $95.`, `◆ Counter(60) = 95`."""
    glyph = GLYPHS.get(header.kind, "~")
    if header.kind in ("say", "heard") and header.peer:
        return f"{glyph} {timeline.name(header.peer)}  {header.text}"
    if header.kind == "interrupt":
        return f"{glyph} interrupted at {header.statement}" if header.statement else f"{glyph} interrupted"
    if header.kind == "end":
        ends = "the program ends" if header.ends_program else f"{header.playbook} is done"
        return f"{glyph} {header.text or ends}"
    if header.kind == "return":
        return f"{glyph} {header.playbook} returned {header.text}".rstrip()
    return f"{glyph} {header.text or header.statement or header.playbook}"
