"""A session to be read by people who have no debugger: who said what to whom, what was called, how each branch ended.

Apart from the timeline because it tells the talk and not the record: messages whole, steps left out. How it is written
down is `console.transcript_formats`' matter.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.checkpoints.store import Damaged, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.session.library import SessionLibrary, Timeline
from playbooks.session.moment import Moment
from playbooks.session.variables import variables_of
from playbooks.state import events as e
from playbooks.state import from_builtins

LONGEST = 2_000
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said or done."""

    checkpoint: str
    head: str
    """`Seller → Buyer`; of what is not said, who did it."""
    text: str
    said: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One branch, from where it left."""

    name: str
    status: str
    left: str
    """Id of the checkpoint it left from; empty for the first."""
    changes: str
    entries: tuple[Entry, ...]
    variables: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """(agent, ((name, value), …)) at its newest checkpoint."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session, ready to be written down."""

    title: str
    about: str
    sections: tuple[Section, ...]


def transcript(library: SessionLibrary, session: str | None) -> Transcript:
    """What was said and done in a session.

    Args:
        library: Where it is.
        session: Its id; None is the one written last.

    Raises:
        UserError: There is no such session.
    """
    timeline = library.timeline(session)
    info = timeline.session
    began = datetime.datetime.fromtimestamp(info.created).strftime("%Y-%m-%d %H:%M")
    title = f"{info.program or 'A session'}: {info.label}" if info.label else info.program or "A session"
    sections = tuple(_section(library, timeline, branch) for branch in timeline.branches)
    return Transcript(title, f"{info.id}, {began}, {info.status}, {len(timeline.headers)} checkpoints", sections)


def _section(library: SessionLibrary, timeline: Timeline, branch: BranchInfo) -> Section:
    entries: list[Entry] = []
    changes = ""
    for header in timeline.headers:
        if header.branch == branch.name:
            if header.kind == "fork":
                changes = header.text.partition(": ")[2]
            entries += _entries(library, timeline, header)
    return Section(
        branch.name, branch.status, branch.forked_from, changes, tuple(entries), tuple(_variables(library, branch))
    )


def _entries(library: SessionLibrary, timeline: Timeline, header: Header) -> Iterator[Entry]:
    who = timeline.name(header.agent)
    try:
        events = from_builtins(library.store.read(header.id).events)
    except (Damaged, UnknownCheckpoint, ValueError):
        yield Entry(header.id, who, f"{header.statement} (damaged)", False)
        return
    for event in events if header.kind != "fork" else ():
        if isinstance(event, e.MessageSent):
            names = [timeline.name(agent) for agent in event.receivers]
            to = f"meeting {event.meeting}" if event.meeting else ", ".join(names)
            yield Entry(header.id, f"{timeline.name(event.sender)} → {to}", event.text, True)
    if header.kind in ("create", "call", "tool", "error", "interrupt"):
        acts = {"create": "made", "error": "failed:", "interrupt": "was interrupted at"}
        what = header.statement if header.kind == "interrupt" else header.text or header.statement
        yield Entry(header.id, who, f"{acts.get(header.kind, '')} {what}".strip(), False)


def _variables(library: SessionLibrary, branch: BranchInfo) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    try:
        moment: Moment = library.look(branch.head).moment
    except UserError:
        return
    for agent in moment.agents.values():
        values = variables_of(moment, agent.id)
        if values:
            shown = tuple((name, show(value, LONGEST)) for name, value in values.items())
            yield f"{agent.class_name} {agent.id}", shown
