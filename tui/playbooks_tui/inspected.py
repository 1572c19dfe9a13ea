"""A moment of one agent, as the inspector shows it: decoded off the screen's thread, so that widgets ask no value.

In two parts, the second read after the first is drawn: what the eye looks for at once (stack, variables, code), and
what takes longer to find (the history of a variable, the cost, the prompt).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal

import msgspec

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.errors import UserError
from playbooks.runtime.notices import AgentView
from playbooks.session import Moment
from playbooks.session.programs import recorded_program
from playbooks.session.record import (
    Code,
    CodeLine,
    Place,
    Prompt,
    SessionRecord,
    Spent,
    VariableEntry,
    Watched,
    watched,
)
from playbooks.session.variables import is_data
from playbooks_tui.record import HUMAN
from playbooks_tui.situation import step_name
from playbooks_tui.talk import Coming

_LONGEST: Final = 2_000
"""Characters of a value that are compared and shown."""
_PAST, _LATER, _OTHER = 5, 2, 2
"""Entries of a variable's history that are shown: before the moment, after it, on other branches."""
_LOOKED_AT: Final = 40
"""Entries that are looked at for those of other branches."""


class Wish(msgspec.Struct, frozen=True):
    """What the inspector is to show."""

    row: int
    """The moment's row in the record."""
    agent: str
    before: str
    """Id of the checkpoint that variables are set against; empty: none."""
    watches: tuple[str, ...] = ()
    variable: str = ""
    """The selected one, whose history is shown; empty: the first."""
    prompt: bool = False
    """Whether the prompt is looked at: it is built again from the record."""
    after: str = ""
    """Id of the agent's next checkpoint: it may hold more of a response that was being written."""
    received: tuple[str, int] | None = None
    """At the newest moment, when all has come of what the agent's model writes: what the run does and how many calls it
    was answered. Read again when that is another: more may have come. None: what the record holds is all."""


class Call(msgspec.Struct, frozen=True):
    """A playbook call on the stack."""

    name: str
    arguments: str
    step: str
    depth: int = 0
    last: bool = False
    """No call is below it: one that `asyncio.gather` runs has siblings."""


class Variable(msgspec.Struct, frozen=True):
    """A variable, and how it differs from the checkpoint before."""

    name: str
    value: str
    change: Literal["", "~", "+", "-"] = ""
    was: str = ""


class Inspected(msgspec.Struct, frozen=True):
    """What there is to show of an agent at a checkpoint."""

    header: Header
    agent: str
    since: str
    """Id of the checkpoint that the variables are set against; empty: none."""
    stack: tuple[Call, ...] = ()
    variables: tuple[Variable, ...] = ()
    watches: tuple[Watched, ...] = ()
    code: Code | None = None
    steps: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Agent → label of the step that its innermost call has reached."""
    files: tuple[tuple[str, str], ...] = ()
    """The program as it runs there: path and text, roots first."""
    roots: tuple[str, ...] = ()
    """Paths of the files that were given on the command line."""
    error: str = ""
    in_python: bool = False
    """Its innermost call runs Python, whose locals the record does not hold: it runs again from its start."""

    @property
    def following(self) -> int:
        """Index of the code line that runs next; that after the last when all have run."""
        lines = self.code.lines if self.code else ()
        running = [n for n, line in enumerate(lines) if line.state == "runs" and line.text.strip()]
        if running and not self._done([lines[n] for n in running]):
            return running[0]
        return next((n for n, line in enumerate(lines) if line.state == "left" and _runs(line.text)), len(lines))

    def _done(self, statement: Sequence[CodeLine]) -> bool:
        """Whether the statement under way has nothing left to do: its one await made the checkpoint, and no name waits
        for what it gave.
        """
        code = self.code
        made = code is not None and self.header.agent == self.agent and code.line in [line.number for line in statement]
        text = "\n".join(line.text for line in statement)
        return made and text.startswith("await ") and text.count("await ") == 1


class Entry(msgspec.Struct, frozen=True):
    """A variable got a value, as a row of its history."""

    value: str
    checkpoint: str
    where: Literal["past", "here", "later", "other"]
    """`here`: the value that it has at the moment."""
    note: str
    """Which code set it, or on which branch it is."""


class Deep(msgspec.Struct, frozen=True):
    """What took longer to find."""

    wish: Wish
    variable: str = ""
    history: tuple[Entry, ...] = ()
    spent: Spent | None = None
    prompt: Prompt | None = None
    why_no_prompt: str = ""


class Seen(msgspec.Struct, frozen=True):
    """All that the screen needs of a moment: its agents, what was on its way, and one agent in depth."""

    row: int
    inspected: Inspected
    agents: Mapping[str, AgentView]
    coming: Mapping[str, tuple[Coming, ...]]


def seen(wish: Wish, moment: Moment, before: Moment | None, code: Code | None) -> Seen:
    """Reads a moment for the screen.

    Args:
        wish: What is to be shown.
        moment: The state there.
        before: An earlier moment to set the variables against; None: they are shown without changes.
        code: The response that the agent is in.
    """
    coming = {agent: rows for agent, rows in moment.coming.items() if agent != HUMAN}
    return Seen(
        wish.row,
        inspect(wish, moment, before, code),
        dict(moment.agents),
        {agent: tuple(Coming(row.sender, row.text) for row in rows) for agent, rows in coming.items()},
    )


def inspect(wish: Wish, moment: Moment, before: Moment | None, code: Code | None) -> Inspected:
    """Reads an agent at a moment; arguments as for `seen`."""
    agent = wish.agent
    now, then = _data(moment.variables(agent)), None if before is None else _then(moment, before, agent)
    session = moment.state.session
    texts = dict(session.get("files", ()))
    roots = [path for path in session.get("roots", ()) if path in texts]
    return Inspected(
        moment.header,
        agent,
        before.header.id if before is not None else "",
        _stack(moment, agent),
        variables_of(now, then),
        tuple(watched(moment, agent, wish.watches)) if wish.watches else (),
        code,
        {id: view.step for id, view in moment.agents.items() if view.step},
        tuple((path, str(texts[path])) for path in dict.fromkeys((*roots, *texts))),
        tuple(roots),
        in_python=_in_python(moment, agent),
    )


class Overtaken(Exception):
    """Something else is wanted now: nobody would see the rest."""


def deepen(
    wish: Wish, inspected: Inspected, record: SessionRecord, overtaken: Callable[[], bool] = lambda: False
) -> Deep:
    """Finds what takes longer.

    Args:
        wish: What is to be shown.
        inspected: What was read for it.
        record: Of the session; used here only by this thread.
        overtaken: Asked again and again whether something else is wanted meanwhile.

    Raises:
        Overtaken: It was.
    """
    names = [variable.name for variable in inspected.variables]
    name = wish.variable if wish.variable in names else names[0] if names else ""
    id = inspected.header.id
    history = tuple(_history(record, id, wish.agent, name, overtaken)) if name else ()
    prompt, why = None, ""
    if overtaken():
        raise Overtaken
    if wish.prompt:
        try:
            prompt = record.prompt(id, wish.agent)
        except UserError as error:
            why = str(error)
    return Deep(wish, name, history, record.spent(id), prompt, why)


def _history(
    record: SessionRecord, checkpoint: str, agent: str, name: str, overtaken: Callable[[], bool]
) -> Sequence[Entry]:
    def unless_overtaken(entries: Iterable[VariableEntry]) -> Iterator[VariableEntry]:
        for entry in entries:
            if overtaken():
                raise Overtaken
            yield entry

    past = list(unless_overtaken(islice(record.past(checkpoint, agent, name), _PAST)))
    away: dict[str, list[VariableEntry]] = {"later": [], "other": []}
    for entry in unless_overtaken(islice(record.history(checkpoint, agent, name), _LOOKED_AT)):
        if entry.where != "past":
            away[entry.where].append(entry)
    rows = [
        _entry(entry, "here" if entry is past[0] else "past", place_words(record, entry))
        for entry in unless_overtaken(reversed(past))
    ]
    rows += [_entry(e, "later", f"later on {e.header.branch}") for e in reversed(away["later"][-_LATER:])]
    rows += [_entry(e, "other", f"on {e.header.branch}") for e in reversed(away["other"][:_OTHER])]
    return rows


def place_words(record: SessionRecord, entry: VariableEntry) -> str:
    """Where a variable got a value: `Haggle:02, line 6`; empty: its code is not known.

    Raises:
        UserError: The record can't be read.
    """
    header, place = entry.header, record.place(entry)
    if header.agent == entry.agent or header.kind == "start":
        step = step_name(header.step) or place.playbook
        return f"{step}, line {place.line}" if place.line else step or "at start"
    # It came with what another agent did next, whose step and line would mislead.
    known = place != Place(header.statement, header.line, header.playbook)
    return f"{place.playbook}, line {place.line}" if known and place.line else ""


def _entry(entry: VariableEntry, where: Literal["past", "here", "later", "other"], note: str) -> Entry:
    return Entry("gone" if entry.gone else show(entry.value, 60), entry.header.id, where, note)


def _stack(moment: Moment, agent: str) -> tuple[Call, ...]:
    frames = moment.call_stack(agent)
    parents = {frame.id: moment.state.frame(frame.id).parent for frame in frames}
    depth: dict[int, int] = {}
    for frame in frames:
        depth[frame.id] = depth.get(parents[frame.id], -1) + 1
    with_calls = set(parents.values())
    return tuple(
        Call(
            frame.playbook,
            ", ".join(f"{name}={show(value, 40)}" for name, value in frame.arguments.items()),
            step_name(frame.step),
            depth[frame.id],
            frame.id not in with_calls,
        )
        for frame in _tree(frames, parents)
    )


def _in_python(moment: Moment, agent: str) -> bool:
    frames = moment.call_stack(agent)
    if not frames:
        return False
    try:
        program = recorded_program(moment.state)
    except UserError:
        return False
    return program.is_python(moment.agents[agent].class_name, frames[-1].playbook)


def _tree(frames: Sequence[Any], parents: Mapping[int, int]) -> list[Any]:
    """Each call under the one that made it, in the order they were made."""
    ids = {frame.id for frame in frames}
    below: dict[int, list[Any]] = {}
    for frame in frames:
        below.setdefault(parents[frame.id] if parents[frame.id] in ids else 0, []).append(frame)
    found: list[Any] = []
    left = list(reversed(below.get(0, [])))
    while left:
        frame = left.pop()
        found.append(frame)
        left += reversed(below.get(frame.id, []))
    return found


def _data(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if is_data(value)}


def _then(moment: Moment, before: Moment, agent: str) -> dict[str, Any]:
    """What the variables are set against: the agent's own, and those of the same call, or of another of its playbook.

    A call that begins or returns changes no variable: what its caller has is neither gone nor new by that.
    """
    found = {name: value for name, value in before.variables(agent).items() if name.startswith("$")}
    if frames := moment.call_stack(agent):
        call, held = frames[-1], before.call_stack(agent)
        same = next((frame for frame in held if (frame.id, frame.playbook) == (call.id, call.playbook)), None)
        if same is None and held and held[-1].playbook == call.playbook:
            same = held[-1]
        if same is not None:
            found.update(before.frame_variables(same.id))
    return _data(found)


def variables_of(now: Mapping[str, Any], then: Mapping[str, Any] | None) -> tuple[Variable, ...]:
    """Changed ones first, each group by name: what a step did is what the eye looks for."""
    shown = {name: show(value, _LONGEST) for name, value in now.items()}
    if then is None:
        return tuple(Variable(name, shown[name]) for name in sorted(shown, key=_by_name))
    old = {name: show(value, _LONGEST) for name, value in then.items()}
    found = []
    for name in sorted({*shown, *old}, key=_by_name):
        if name not in shown:
            found.append(Variable(name, "", "-", old[name]))
        elif name not in old:
            found.append(Variable(name, shown[name], "+"))
        elif shown[name] != old[name]:
            found.append(Variable(name, shown[name], "~", old[name]))
        else:
            found.append(Variable(name, shown[name]))
    return tuple(sorted(found, key=lambda variable: not variable.change))


def _by_name(name: str) -> tuple[str, str]:
    return name.lstrip("$").lower(), name  # `$price` stands before the parameter that hides it


def _runs(text: str) -> bool:
    return bool(text.strip()) and not text.lstrip().startswith("#")
