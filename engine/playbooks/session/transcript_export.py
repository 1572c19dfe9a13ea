"""A session to be read by people who have no debugger: who said what to whom, what was called, how each branch ended.

Apart from the timeline because it tells the talk and not the record: messages whole, steps left out. How it is written
down is `console.transcript_formats`' matter.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.checkpoints.store import Damaged, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.session.library import SessionLibrary, Timeline
from playbooks.session.moment import Moment
from playbooks.session.variables import variables_of
from playbooks.state import events as e
from playbooks.state import from_builtins
from playbooks.words import counted

LONGEST = 2_000
"""Characters of a value."""


class Entry(msgspec.Struct, frozen=True):
    """One thing that was said or done."""

    checkpoint: str
    """Empty when it was pruned and only the message is known."""
    head: str
    """`Seller → Buyer`; of what is not said, who did it."""
    text: str
    message: int = 0
    """Its number in the session when it was said; 0 when it was done."""


class Section(msgspec.Struct, frozen=True):
    """One branch, from where it left."""

    name: str
    status: str
    left: str
    """Id of the checkpoint it left from; empty for the first."""
    changes: str
    entries: tuple[Entry, ...]
    variables: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """(agent, ((name, value), …)) at its newest checkpoint."""


class Transcript(msgspec.Struct, frozen=True):
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
    began = _day(info.created)
    title = f"{info.program or 'A session'}: {info.label}" if info.label else info.program or "A session"
    sections = tuple(_section(library, timeline, branch) for branch in timeline.branches)
    return Transcript(
        title, f"{info.id}, {began}, {info.status}, {counted(len(timeline.headers), 'checkpoint')}", sections
    )


def _day(seconds: float) -> str:
    """A time as the person's calendar shows it; `?` for one that is in none."""
    try:
        return datetime.datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "?"


def _section(library: SessionLibrary, timeline: Timeline, branch: BranchInfo) -> Section:
    entries: list[Entry] = []
    changes = ""
    for header in timeline.headers:
        if header.branch == branch.name:
            if header.kind == "fork":
                changes = header.text.partition(": ")[2]
            entries += _entries(library, timeline, header)
    try:
        moment = library.look(branch.head).moment
    except UserError:
        return Section(branch.name, branch.status, branch.forked_from, changes, tuple(entries), ())
    if not branch.forked_from:
        _add_pruned(entries, timeline, moment)
    variables = tuple(_variables(moment))
    return Section(branch.name, branch.status, branch.forked_from, changes, tuple(entries), variables)


def _entries(library: SessionLibrary, timeline: Timeline, header: Header) -> Iterator[Entry]:
    who = timeline.name(header.agent)
    try:
        events = from_builtins(library.store.read(header.id).events)
    except (Damaged, UnknownCheckpoint, ValueError):
        yield Entry(header.id, who, f"{header.statement} (damaged)")
        return
    for event in events if header.kind != "fork" else ():
        if isinstance(event, e.MessageSent):
            yield _said(timeline, header.id, event.id, event.sender, event.receivers, event.text, event.meeting)
    if header.kind in ("create", "call", "tool", "error", "interrupt"):
        acts = {"create": "made", "error": "failed:", "interrupt": "was interrupted at"}
        what = header.statement if header.kind == "interrupt" else header.text or header.statement
        yield Entry(header.id, who, f"{acts.get(header.kind, '')} {what}".strip())


def _said(
    timeline: Timeline, checkpoint: str, id: int, sender: str, receivers: tuple[str, ...], text: str, meeting: str
) -> Entry:
    to = f"meeting {meeting}" if meeting else ", ".join(timeline.name(agent) for agent in receivers)
    return Entry(checkpoint, f"{timeline.name(sender)} → {to}", text, id)


def _add_pruned(entries: list[Entry], timeline: Timeline, moment: Moment) -> None:
    """Puts in their places the messages whose checkpoints were pruned: what was said is in the state too."""
    known = {entry.message for entry in entries}
    for message in moment.messages:
        if message.id not in known:
            place = next((place for place, entry in enumerate(entries) if entry.message > message.id), len(entries))
            entry = _said(timeline, "", message.id, message.sender, message.receivers, message.text, message.meeting)
            entries.insert(place, entry)


def _variables(moment: Moment) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    for agent in moment.agents.values():
        values = variables_of(moment, agent.id)
        if values:
            shown = tuple((name, show(value, LONGEST)) for name, value in values.items())
            yield f"{agent.class_name} {agent.id}", shown
