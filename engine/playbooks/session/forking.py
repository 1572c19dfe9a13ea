"""Where a fork leaves a session, and what it changes there; decided without running anything."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from playbooks.checkpoints.chain import Folded, fold
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.runtime.actors import ON_MESSAGE
from playbooks.session.chains import own_fold
from playbooks.session.edits import NO_RESULT, Change, Editing, Edits
from playbooks.session.first_values import kept
from playbooks.session.interrupted import may_have_run
from playbooks.session.planning import ForkPlan, planned
from playbooks.session.programs import recorded_program
from playbooks.session.settling import ForkOptions
from playbooks.state import Event, ProgramState, from_builtins
from playbooks.state import events as e


class Prepared(msgspec.Struct, frozen=True):
    """A fork, ready to be begun."""

    folded: Folded
    branch: str
    """Name of the new one."""
    changes: tuple[Change, ...]
    events: tuple[Event, ...]
    plan: Callable[[], ForkPlan]
    """What it will do; to be asked, if at all, before the state goes on."""
    later: Callable[[], list[Header]]
    """Of the branch it leaves, after the fork, oldest first."""


def prepare(
    store: Store, headers: list[Header], checkpoint: str, edits: Edits, options: ForkOptions,
    *, before: bool = False, label: str = "", trust: bool = False, folded: Folded | None = None,
) -> Prepared:  # fmt: skip
    """Works out a fork.

    Args:
        store: Where the session is.
        headers: All of the session, in sequence order.
        checkpoint: Id of the one to leave from, after it.
        edits: What to change.
        options: Who answers and what runs from there on.
        before: Leave before it, so that its statement runs again.
        label: Name of the new branch; `fork-<n>` when empty.
        trust: Leave also from what this user's engine did not write.
        folded: The state where the fork leaves, when that is known.

    Raises:
        UserError: There is no such checkpoint, or an edit can't take.
    """
    known = {header.id: header for header in headers}
    origin = known.get(checkpoint)
    if origin is None:
        raise UnknownCheckpoint(checkpoint, "this session")
    at = origin
    if before:
        if not origin.parent:
            raise UserError(f"nothing is before {checkpoint}", "run the program again")
        if edits.result is not NO_RESULT:
            raise UserError("with --before the statement runs again", "leave --result away, or leave --before away")
        at = known.get(origin.parent) or store.read(origin.parent).header
    name = branch_name(label, {header.branch for header in headers})
    folded = folded or own_fold(store, at.id, trust=trust)
    recorded = recorded_program(folded.state)
    program = options.program or recorded
    if options.program is not None:
        refuse_unfit(options.program, folded.state, at.id)
    if edits != Edits() and not edits.say and _is_over(folded.state, at) and not later_on(headers, at):
        what = f"every playbook has returned at {at.id}: a change after it is read by nobody"
        raise UserError(what, "fork from an earlier checkpoint, or with --before")
    editing = Editing(folded.state, store.read(at.id), program)
    events = editing.events(edits)
    changes, state, whose = (*editing.changes, *_chosen(options, recorded)), folded.state, editing.agent

    def later() -> list[Header]:
        return later_on(headers, at)

    def plan() -> ForkPlan:
        after, again = later(), origin if before else None
        tried = () if after else may_have_run(store, at, state, trust=trust)
        happens = planned(state, at, whose, after, again, edits, options, program, _counts(store, after), tried)
        keeps = kept(state, recorded, program, events)
        return ForkPlan(at.id, name, changes, (*happens, *keeps))

    return Prepared(folded, name, changes, tuple(events), plan, later)


def _is_over(state: ProgramState, at: Header) -> bool:
    """Whether a checkpoint is a return after which no code is under way, and no message on its way could begin any."""
    pending = any(waiting for agent, waiting in state.inbox.items() if agent != "human")
    return at.kind == "end" and not pending and all(frame in state.returned for frame in state.frames)


def _chosen(options: ForkOptions, recorded: Program) -> Iterator[Change]:
    """Who answers and what runs there, where that was asked for."""
    if options.model:
        yield Change("model", options.model)
    if options.temperature is not None:
        yield Change("temperature", f"{options.temperature:g}")
    if options.program is not None and options.program.hash != recorded.hash:
        yield Change("program", f"{', '.join(options.program.roots)} as it is now")


def _counts(store: Store, later: list[Header]) -> Mapping[str, Any]:
    """What a branch had counted by its end; empty when that can't be read."""
    try:
        return fold(store.read, later[-1].id).state.count if later else {}
    except (Damaged, UnknownCheckpoint, ValueError):
        return {}


def refuse_unfit(program: Program, state: ProgramState, at: str) -> None:
    """Raises `UserError` for a program that lacks what is under way at a checkpoint."""
    for agent, row in state.agents.items():
        if agent != "human" and program.agent(row[0]) is None:
            there = ", ".join(cls.name for cls in program.agents)
            raise UserError(f"{program.name} has no agent {row[0]}, which is there at {at}", f"it has {there}")
    for id, frame in state.frames.items():
        cls = program.agent(state.agents[frame[0]][0])
        if id not in state.returned and frame[1] != ON_MESSAGE.name and cls and cls.playbook(frame[1]) is None:
            raise UserError(
                f"{program.name} has no playbook {frame[1]} in {cls.name}, which is under way at {at}",
                "fork from a checkpoint before it was called, or keep it",
            )


def branch_name(label: str, taken: Collection[str]) -> str:
    """The label on one line, or `fork-1`, `fork-2`, …; never one that is taken.

    Raises:
        UserError: It holds what can't be shown.
    """
    label = " ".join(label.split())
    if not label.isprintable():
        raise UserError(f"{label!r} is no name for a branch", "leave control characters out")
    if label and label not in taken:
        return label
    stem, number = (label, 2) if label else ("fork", 1)
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def later_on(headers: list[Header], at: Header) -> list[Header]:
    """What followed a checkpoint on its own branch, or on the first that goes through it; oldest first."""
    later: list[Header] = []
    current, rest = at, headers[bisect_right(headers, at.sequence, key=attrgetter("sequence")) :]
    while True:
        for header in _line(rest, current):
            current = header
            later.append(current)
        following = next((header for header in rest if header.parent == current.id), None)
        if following is None:
            return later
        current = following
        later.append(current)


def _line(rest: Sequence[Header], at: Header) -> list[Header]:
    """What of a checkpoint's branch followed it, oldest first: the line that leads to the branch's end, where a resume
    left another behind that was damaged.
    """
    own = {header.id: header for header in rest if header.branch == at.branch}
    line: list[Header] = []
    head = next(reversed(own), "")
    while head in own:
        line.append(own[head])
        head = own[head].parent
    if head == at.id:
        return line[::-1]
    line, current = [], at
    for header in own.values():
        if header.parent == current.id:
            current = header
            line.append(header)
    return line


def events_of(store: Store, headers: Callable[[], Iterable[Header]], *, trust: bool = False) -> Iterator[Event]:
    """Their events in order, read as they are needed; ends at one that is damaged or gone, or foreign without `trust`:
    what is served from it would run."""
    for header in headers():
        try:
            checkpoint, signed = store.read_signed(header.id)
            if not (signed or trust):
                return
            yield from from_builtins(checkpoint.events)
        except (Damaged, UnknownCheckpoint, ValueError):
            return


def rewritten(events: Iterable[Event]) -> frozenset[int]:
    """The frames whose response a fork asks for anew, or writes by hand: the record must not serve its rest."""
    return frozenset(event.frame for event in events if isinstance(event, e.ResponseReceived | e.ResponseCut))
