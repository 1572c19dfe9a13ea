"""What a fork will do, in words: what the record gives, what goes on live, which tools run again, what the model is
asked.

Apart from `forking` because only people read it: nothing here decides anything, and nothing runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from playbooks.checkpoints.record import Header
from playbooks.language.model import Program
from playbooks.runtime.excerpt import fold
from playbooks.runtime.intents import Attempt
from playbooks.runtime.response import Response
from playbooks.runtime.statements import Statement
from playbooks.session.edits import Change, Edits
from playbooks.session.settling import ForkOptions
from playbooks.state import ProgramState
from playbooks.words import counted

_MOST_TOOLS = 4
Row = tuple[str, str]


class ForkPlan(msgspec.Struct, frozen=True):
    """What a fork will do."""

    checkpoint: str
    """The one it leaves from: with `before`, the parent of the one named."""
    branch: str
    changes: tuple[Change, ...]
    happens: tuple[Row, ...]
    """(word, sentence): `record`, `live`, `tools`, `model`, `stays`, and of another program's data `keeps` and
    `lacks`; in this order, some of them more than once."""

    def lines(self) -> list[str]:
        """For people, a line each."""
        lines = [f"leaves {self.checkpoint} on a new branch, {self.branch}"]
        lines += [f"changes {change}" for change in self.changes] or ["changes nothing"]
        return [*lines, *(f"{word:<7} {text}" for word, text in self.happens)]


def planned(
    state: ProgramState,
    at: Header,
    whose: str,
    later: Sequence[Header],
    again: Header | None,
    edits: Edits,
    options: ForkOptions,
    program: Program,
    counts: Mapping[str, Any],
    attempts: Sequence[Attempt] = (),
) -> Iterator[Row]:
    """What will happen.

    Args:
        state: Where the fork leaves, without its edits.
        at: That checkpoint.
        whose: The agent whose response an edit changes.
        later: What followed it on the branch it leaves, oldest first.
        again: The checkpoint whose statement runs again; None when the fork leaves after its checkpoint.
        edits: What it changes.
        options: Who answers and what runs there.
        program: What runs there.
        counts: What the branch that it leaves had counted by its end.
        attempts: The calls that may have run when its process died there.
    """
    frames = [_Frame(state, id) for id in state.frames if id not in state.returned]
    own = edits.regenerate or edits.response is not None
    yield from _record(frames, whose if own else "")
    returned = at.kind == "end" and not (frames or later or edits.say)
    if at.ends_program or returned:
        why = "every playbook has returned" if returned else "the program ends here"
        yield from [("live", f"nothing: {why}"), ("tools", "none repeats"), ("model", "not asked")]
    else:
        yield from _live(state, frames)
        yield from _tools(frames, program, later, again, attempts)
        yield "model", _model(at, whose, edits, options, _later_calls(state, counts), later)
    if later:
        yield "stays", f"{at.branch}, with its {counted(len(later), 'later checkpoint')}"
    else:
        yield "stays", f"{at.branch}, which ends here"


class _Frame:
    """A call under way."""

    def __init__(self, state: ProgramState, id: int) -> None:
        self.row, self._agent = state.frame(id), state.agents.get(state.frames[id][0], ("",))[0]
        self.progress = state.progress_of(id)
        record = state.record.get((id, self.progress.unit), {})
        self.begun = bool(record)
        ended = {key[1:] for key in record if key[0] == "ended"}
        inside = {key[1:] for key in record if key[0] == "child"}
        self.served = len(ended)
        self.open = [
            (str(value[1]), str(value[3]) if len(value) > 3 else "")
            for key, value in record.items()
            if key[0] == "begun" and key[1:] not in ended | inside
        ]
        """(callee, whom it waits for) of what had not ended, calls of playbooks left out: those are frames too."""
        text = state.response.get(id)
        self.statements = () if text is None else Response(text, state.whole.get(id, 0), True).statements

    @property
    def who(self) -> str:
        return f"{self._agent} {self.row.agent}"

    @property
    def statement(self) -> Statement | None:
        """The one it stands in; None in Python, or between two responses."""
        offset = self.progress.offset
        return self.statements[offset] if offset < len(self.statements) else None

    @property
    def place(self) -> str:
        """`Haggle, line 6: $price = await Counter(60)`."""
        statement = self.statement
        return f"{self.row.playbook}, line {statement.line}: {fold(statement.source)}" if statement else (
            self.row.playbook
        )  # fmt: skip

    @property
    def rest(self) -> str:
        """Lines of its response that come next, `lines 7 to 9`; empty when there are none."""
        ahead = self.statements[self.progress.offset + self.begun :]
        if not ahead:
            return ""
        first, last = ahead[0].line, ahead[-1].line + ahead[-1].source.count("\n")
        return f"line {first}" if first == last else f"lines {first} to {last}"


def _record(frames: Sequence[_Frame], without_rest: str) -> Iterator[Row]:
    innermost = {frame.row.agent: frame for frame in frames}
    told = False
    for frame in frames:
        if frame.served:
            told = True
            yield "record", f"{frame.who} {frame.place}, starts again with {counted(frame.served, 'call')} served"
    for agent, frame in innermost.items():
        if frame.rest and agent != without_rest:
            told = True
            yield "record", f"{frame.who} {frame.row.playbook}: {frame.rest} as recorded"
    if not told:
        yield "record", "nothing of it is needed"


def _live(state: ProgramState, frames: Sequence[_Frame]) -> Iterator[Row]:
    told = False
    for frame in frames:
        for callee, waits_for in frame.open:
            told = True
            what = f"waits again for {waits_for}" if waits_for else f"calls {callee} again"
            mail = len(state.inbox.get(frame.row.agent, ()))
            heard = f", {counted(mail, 'message')} on the way to it" if waits_for and mail else ""
            yield "live", f"{frame.who} {what} in {frame.place}{heard}"
    if not told:
        yield "live", "nothing was under way"


def _tools(
    frames: Sequence[_Frame],
    program: Program,
    later: Sequence[Header],
    again: Header | None,
    attempts: Sequence[Attempt],
) -> Iterator[Row]:
    under_way = [frame for frame in frames if program.is_python(frame._agent, frame.row.playbook)]
    for frame in under_way:
        yield "tools", f"{frame.row.playbook} of {frame.who} was under way: what it did may be done again"
    told = {(frame.row.agent, frame.row.playbook) for frame in under_way}
    tried = [attempt for attempt in attempts if (attempt.agent, attempt.label) not in told]
    for attempt in tried:
        yield "tools", f"{attempt.call} of {attempt.agent} may have run: it runs again when called again"
    if again is not None and _acts(again):
        yield "tools", f"{_call(again)} runs again"
    after = list(dict.fromkeys(_call(header) for header in later if _acts(header)))
    if again is not None and _acts(again):
        after = [call for call in after if call != _call(again)]
    if after:
        shown = ", ".join(after[:_MOST_TOOLS]) + (
            f" and {len(after) - _MOST_TOOLS} more" if after[_MOST_TOOLS:] else ""
        )
        yield "tools", f"none is served: {shown} {'run' if after[1:] else 'runs'} again when called again"
    elif not under_way and not tried and again is None:
        yield "tools", "none repeats"


def _acts(header: Header) -> bool:
    """Whether it may have done something outside: a note of which trigger fits does not."""
    return header.kind in ("tool", "await") and not header.statement.startswith("await Trigger(")


def _call(header: Header) -> str:
    """`Counter(60)` of `Counter(60) = 95`."""
    return header.text.partition(" = ")[0] or header.statement.removeprefix("await ")


def _later_calls(state: ProgramState, counts: Mapping[str, Any]) -> int:
    return int(counts.get("call", 0)) - int(counts.get("served", 0)) - state.calls


def _model(at: Header, whose: str, edits: Edits, options: ForkOptions, calls: int, later: Sequence[Header]) -> str:
    said = [options.model or "", "" if options.temperature is None else f"temperature {options.temperature}"]
    if any(said):
        return f"{', '.join(filter(None, said))}: asked for all that comes next"
    if edits.regenerate:
        first = f"asked for the rest of the response of {whose}"
    elif edits.response is not None:
        first = f"the rest of the response of {whose} is yours"
    else:
        first = ""
    took = f"{at.branch} took {counted(calls, 'call')} from here, served again while their prompts are the same"
    if calls > 0:
        return f"{first}; {took}" if first else took
    then = (
        "asked for what comes next" if not later or later[-1].kind != "end" else f"{at.branch} took no call from here"
    )
    return f"{first}; then {then}" if first else then
