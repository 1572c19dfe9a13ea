"""Where a fork leaves a session, what it changes there, and what will happen then; decided without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playbooks.checkpoints.chain import Folded, fold
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.session.edits import NO_RESULT, Change, Editing, Edits
from playbooks.session.moment import statement_under_way
from playbooks.state import Event, ProgramState, from_builtins


@dataclass(frozen=True, slots=True)
class Again:
    """A statement that will run again, with what of it is served from the record."""

    agent: str
    playbook: str
    statement: str
    served: int
    """Calls in it that are served."""
    live: tuple[str, ...]
    """Calls in it that were under way and are made again."""


@dataclass(frozen=True, slots=True)
class ForkPlan:
    """What a fork will do."""

    checkpoint: str
    """The one it leaves from: with `before`, the parent of the one named."""
    branch: str
    changes: tuple[Change, ...]
    again: tuple[Again, ...]
    repeated_tools: tuple[str, ...]
    """Tools that were under way: they may have run, and will run again."""
    recorded: int
    """Checkpoints after it on the branch it leaves, whose responses are served while their prompts are unchanged."""

    def lines(self) -> list[str]:
        """For people, a line each."""
        lines = [f"leaves {self.checkpoint} on a new branch, {self.branch}"]
        lines += [f"changes {change}" for change in self.changes] or ["changes nothing"]
        for again in self.again:
            live = f", then live: {', '.join(again.live)}" if again.live else ""
            served = (
                f"{again.served} recorded call{'s' if again.served != 1 else ''} served"
                if again.served
                else "nothing served"
            )
            lines.append(f"{again.agent} {again.playbook}: {again.statement} runs again, {served}{live}")
        lines += [f"may repeat: {tool} was under way" for tool in self.repeated_tools]
        if self.recorded:
            lines.append(
                f"{self.recorded} later checkpoints stay; their responses are served while the prompts are the same"
            )
        else:
            lines.append("the model is asked for what comes next")
        return lines


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
    store: Store, headers: list[Header], branches: list[str], checkpoint: str, edits: Edits, program: Program,
    *, before: bool = False, label: str = "",
) -> Prepared:  # fmt: skip
    """Works out a fork.

    Args:
        store: Where the session is.
        headers: All of the session, in sequence order.
        branches: Names that are taken.
        checkpoint: Id of the one to leave from, after it.
        edits: What to change.
        program: The program as recorded: which playbooks are tools.
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
    if at.kind == "start":
        raise UserError(f"{at.id} is before anything ran", "run the program again, with --set to begin otherwise")
    name = branch_name(label, branches)
    folded = fold(store.read, at.id)
    editing = Editing(folded.state, store.read(at.id))
    events = editing.events(edits)
    later = later_on(headers, at)
    plan = ForkPlan(
        at.id,
        name,
        tuple(editing.changes),
        tuple(_again(folded.state)),
        tuple(_tools(folded.state, program)),
        len(later),
    )
    return Prepared(folded, origin, tuple(events), plan, tuple(later))


def branch_name(label: str, taken: list[str]) -> str:
    """The label, or `fork-1`, `fork-2`, …; never one that is taken."""
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


def _again(state: ProgramState) -> Iterator[Again]:
    for (frame, _), record in state.record.items():
        if frame in state.returned or frame not in state.frames:
            continue
        begun = {key[1:]: value[1] for key, value in record.items() if key[0] == "begun"}
        ended = {key[1:] for key in record if key[0] == "ended"}
        inside = {key[1:] for key in record if key[0] == "child"}
        if not begun:
            continue
        row = state.frame(frame)
        live = tuple(label for key, label in begun.items() if key not in ended and key not in inside)
        yield Again(row.agent, row.playbook, statement_under_way(state, frame) or row.playbook, len(ended), live)


def _tools(state: ProgramState, program: Program) -> Iterator[str]:
    for frame, row in state.frames.items():
        cls = program.agent(state.agents[row[0]][0]) if row[0] in state.agents else None
        playbook = cls.playbook(row[1]) if cls else None
        if playbook is not None and playbook.mode == "python" and frame not in state.returned:
            yield f"{row[1]} of {row[0]}"
