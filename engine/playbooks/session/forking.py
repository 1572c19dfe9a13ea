"""Where a fork leaves a session, and what it changes there; decided without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.checkpoints.chain import Folded, fold
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.runtime.actors import ON_MESSAGE
from playbooks.session.edits import NO_RESULT, Editing, Edits
from playbooks.session.planning import ForkPlan, planned
from playbooks.session.programs import recorded_program
from playbooks.session.settling import ForkOptions
from playbooks.state import Event, ProgramState, from_builtins
from playbooks.state import events as e


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fork, ready to be begun."""

    folded: Folded
    origin: Header
    """The checkpoint named."""
    events: tuple[Event, ...]
    plan: ForkPlan
    later: tuple[Header, ...]
    """Of the branch it leaves, after the fork, oldest first."""


def prepare(
    store: Store, headers: list[Header], branches: list[str], checkpoint: str, edits: Edits, options: ForkOptions,
    *, before: bool = False, label: str = "",
) -> Prepared:  # fmt: skip
    """Works out a fork.

    Args:
        store: Where the session is.
        headers: All of the session, in sequence order.
        branches: Names that are taken.
        checkpoint: Id of the one to leave from, after it.
        edits: What to change.
        options: Who answers and what runs from there on.
        before: Leave before it, so that its statement runs again.
        label: Name of the new branch; `fork-<n>` when empty.

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
    name = branch_name(label, branches)
    folded = fold(store.read, at.id)
    program = options.program or recorded_program(folded.state)
    if options.program is not None:
        refuse_unfit(options.program, folded.state, at.id)
    editing = Editing(folded.state, store.read(at.id), program)
    events = editing.events(edits)
    later = later_on(headers, at)
    again = origin if before else None
    happens = planned(folded.state, at, editing.agent, later, again, edits, options, program, _counts(store, later))
    plan = ForkPlan(at.id, name, tuple(editing.changes), tuple(happens))
    return Prepared(folded, origin, tuple(events), plan, tuple(later))


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


def branch_name(label: str, taken: list[str]) -> str:
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
    children: dict[str, list[Header]] = {}
    for header in headers:
        if header.sequence > at.sequence:
            children.setdefault(header.parent, []).append(header)
    later: list[Header] = []
    current = at
    while following := children.get(current.id):
        current = next((header for header in following if header.branch == current.branch), following[0])
        later.append(current)
    return later


def events_of(store: Store, headers: tuple[Header, ...], *, trust: bool = False) -> Iterator[Event]:
    """Their events in order, read as they are needed; ends at one that is damaged or gone, or foreign without `trust`:
    what is served from it would run."""
    for header in headers:
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
