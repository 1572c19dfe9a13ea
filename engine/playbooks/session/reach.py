"""Which variable an edit of a fork means, and whether the code under way there would see it.

Apart from `edits`, which makes events of wishes: this one only looks at the frames that live where the fork leaves, at
what they hold, have read and set next. Nothing runs.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from playbooks.checkpoints import describe
from playbooks.checkpoints.codec import DamagedValue, decode
from playbooks.checkpoints.record import Checkpoint
from playbooks.language.model import Program
from playbooks.runtime.response import Response
from playbooks.runtime.source import parse
from playbooks.runtime.statements import Statement, StatementStream
from playbooks.runtime.stored_names import StoredNames
from playbooks.session.evaluation import stored
from playbooks.session.loaded import Loaded
from playbooks.state import ProgramState
from playbooks.state import events as e

_DEFINES = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)", re.MULTILINE)


class _UnderWay(NamedTuple):
    """A call that was under way."""

    path: tuple[int, ...]
    """Of its task; empty: the code itself waits for it."""
    callee: str
    line: int
    """Where it stands; 0: not known."""
    is_own: bool
    """It made the checkpoint."""
    taken: bool
    """It has its arguments, or is over."""


class Reach:
    """The frames and variables that an edit can reach.

    Args:
        state: At the checkpoint forked from.
        checkpoint: That checkpoint.
        program: Says which playbooks are Python; None: none is.
        ended: The end of the call that made the checkpoint.
        trusted: Whether this user's engine wrote all of it.
    """

    def __init__(
        self,
        state: ProgramState,
        checkpoint: Checkpoint,
        program: Program | None,
        ended: e.EffectEnded | None,
        *,
        trusted: bool,
    ) -> None:
        self._trusted = trusted
        self._state, self._checkpoint, self._program, self._ended = state, checkpoint, program, ended
        self._statements: dict[int, list[Statement]] = {}

    def reached(self, agent: str) -> tuple[int, float]:
        """The innermost live frame of the agent, and when an edit there is to be made: before the last outcome is used,
        else when all that is recorded has happened again."""
        state, ended = self._state, self._ended
        if ended is not None and ended.frame not in state.returned and state.frames.get(ended.frame, ("",))[0] == agent:
            return ended.frame, ended.tick - 0.5
        live = [id for id, row in state.frames.items() if row[0] == agent and id not in state.returned]
        return (max(live) if live else 0), int(state.count.get("tick", 0)) + 0.5

    def names(self, agent: str, frame: int) -> set[str]:
        """All variables that code in a frame can use, the agent's with their dollar."""
        names = {f"${name}" for name in self._state.variables.get(agent, ())}
        for id in self.stack(frame):
            names |= {name for name in self.own_names(id) if name[:2] != "__"}
        return names

    def stack(self, frame: int) -> list[int]:
        """The frames that a frame was called from and it, outermost first."""
        return self._state.stack(frame) if frame else []

    def own_names(self, frame: int) -> dict[str, Any]:
        """A frame's own variables, decoded to be looked at."""
        held = self._state.names.get(frame)
        try:
            if held:
                return StoredNames.load(held, self._decode)
            arguments = self._decode(self._state.frame(frame).arguments)
            return dict(arguments) if isinstance(arguments, dict) else {}
        except DamagedValue:
            return {}

    def _decode(self, data: bytes) -> Any:
        return decode(data, trusted=self._trusted)

    def python_owner(self, frame: int, name: str) -> str:
        """The playbook whose local a name is, if that is Python; else empty."""
        for id in reversed(self.stack(frame)):
            if name in self.own_names(id):
                return self._state.frame(id).playbook if self.is_python(id) else ""
        return ""

    def is_python(self, frame: int) -> bool:
        """Whether a frame runs a playbook written in Python."""
        row = self._state.frame(frame)
        return self._program is not None and self._program.is_python(self._state.agents[row.agent][0], row.playbook)

    def value(self, agent: str, name: str, frame: int) -> str | None:
        """What code in a frame reads for a name, on one line; None when there is no such variable."""
        for id in reversed(self.stack(frame)):
            own = self.own_names(id)
            if name in own:
                return describe.show(own[name], 80)
        data = self._state.variables.get(agent, {}).get(name)
        return None if data is None else shown(data, trusted=self._trusted)

    def owner(self, name: str, frame: int) -> int:
        """The frame whose variable a name is, from the innermost outwards; 0 when it is the agent's, or nobody's."""
        return next((id for id in reversed(self.stack(frame)) if name in self.own_names(id)), 0)

    def code(self, frame: int, line: int = 0, callee: str = "") -> tuple[str, int]:
        """The code under way in a frame: a statement and its line, or the function of a Python playbook and 0; empty
        when there is none.

        Args:
            frame: Its id.
            line: A line in it, where that is known.
            callee: What it calls, which tells it from others where a task that is kept makes one unit of several.
        """
        if self.is_python(frame):
            return self._function(frame), 0
        statements = self._under_way(frame)
        name = re.compile(rf"\b{re.escape(callee.rpartition('.')[2])}\b")
        there = next((s for s in statements if s.line <= line <= s.end_line), None)
        there = there or next((s for s in statements if callee and name.search(s.source)), None)
        there = there or next(iter(statements), None)
        return (there.source, there.line) if there else ("", 0)

    def _under_way(self, frame: int) -> list[Statement]:
        """Statements from where the unit under way began, as far as they are received."""
        if frame not in self._statements:
            text, offset = self._state.response.get(frame), self._state.progress_of(frame).offset
            response = Response(text, self._state.whole.get(frame, 0), True) if text is not None else None
            self._statements[frame] = response.statements[offset:] if response else []
        return self._statements[frame]

    def assigns(self, frame: int, name: str) -> bool:
        """Whether the statement under way in a frame sets a name."""
        if not frame or self.is_python(frame):
            return False
        own = self._ended is not None and self._ended.frame == frame
        source, _ = self.code(frame, self._checkpoint.header.line if own else 0)
        return bool(source) and name in {name.lstrip("$") for name in stored(parse(source))}

    def setter(self, frame: int, name: str) -> str:
        """The code under way that sets the name with an outcome that it waits for, `line 6 of Haggle`; empty when none
        does.

        Args:
            frame: The frame that has the variable, or will have it.
            name: Without the dollar.
        """
        for call in self._calls_under_way(frame) if frame and not self.is_python(frame) else ():
            if not call.is_own and name not in self.own_names(frame):
                continue  # the agent's: others may read it meanwhile
            source, first = self.code(frame, call.line, call.callee)
            try:
                found = _loaded(source, self._functions(frame)).set_next(call.callee, max(call.line - first + 1, 0))
            except (SyntaxError, ValueError, RecursionError):
                continue
            for set_name, at in found.items():
                if set_name.lstrip("$") == name:
                    of = "" if call.is_own else f" of {self._state.frame(frame).playbook}"
                    return f"line {first + at - 1}{of}" if at else self._state.frame(frame).playbook
        return ""

    def _calls_under_way(self, frame: int) -> list[_UnderWay]:
        """The calls in a frame that had not ended, and the one that made the checkpoint."""
        state, own = self._state, self._ended
        record = state.record.get((frame, state.progress_of(frame).unit), {})
        under_way = [key[1:] for key in record if key[0] == "begun" and ("ended", *key[1:]) not in record]
        if own is not None and own.frame == frame and ("begun", own.path, own.n) in record:
            under_way.append((own.path, own.n))
        found = []
        for at in under_way:
            is_own = own is not None and (frame, *at) == (own.frame, own.path, own.n)
            line = self._checkpoint.header.line if is_own else 0
            taken = is_own or ("child", *at) in record
            found.append(_UnderWay(at[0], str(record["begun", *at][1]), line, is_own, taken))
        return found

    def holder(self, agent: str, owner: int, name: str) -> str:
        """The code under way that has read a variable and still holds it, `line 6 of Haggle`; empty when none does.

        Args:
            agent: Whose code.
            owner: The frame that has the variable; 0 when it is the agent's.
            name: The variable, without the dollar.
        """
        state = self._state
        for id, row in state.frames.items():
            if row[0] != agent or id in state.returned:
                continue
            shadowed = not owner and name in self.own_names(id)
            wanted = {name} if owner == id else set() if owner else {f"${name}"} if shadowed else {name, f"${name}"}
            if wanted and (line := self._line_that_holds(id, wanted)) is not None:
                return f"line {line} of {row[1]}" if line else row[1]
        return ""

    def _line_that_holds(self, frame: int, wanted: set[str]) -> int | None:
        """The line of a response that has read one of the names and holds it; 0 of a Python playbook; None: none."""
        calls = self._calls_under_way(frame)
        for call in calls:
            source, first = self.code(frame, call.line, call.callee)
            try:
                loaded = _loaded(source, self._functions(frame))
            except (SyntaxError, ValueError, RecursionError):  # a block that was never run, or is nested too deeply
                continue
            inner = max(call.line - first + 1, 0) if first else 0
            held = loaded.while_in(call.callee, inner, taken=call.taken)
            for name in wanted & held.keys():
                return first + held[name] - 1 if first and held[name] else 0
            elsewhere = first and all(other.path for other in calls) and not loaded.is_awaited(call.callee, inner)
            if elsewhere and (found := self._line_that_waits(frame, first, wanted)) is not None:
                return found
        return None

    def _line_that_waits(self, frame: int, after: int, wanted: set[str]) -> int | None:
        """The line after one that began a task which may wait for it, with one of the names read; None: none does."""
        for statement in self._under_way(frame):
            if statement.line <= after:
                continue
            with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                held = _loaded(statement.source, self._functions(frame)).while_waiting()
                for name in wanted & held.keys():
                    return statement.line + held[name] - 1 if held[name] else 0
        return None

    def _blocks(self, frame: int) -> list[str]:
        row = self._state.frame(frame)
        cls = self._program.agent(self._state.agents[row.agent][0]) if self._program else None
        return [block.source for block in cls.python] if cls else []

    def _function(self, frame: int) -> str:
        name = self._state.frame(frame).playbook
        return next((found[name] for found in map(functions_of, self._blocks(frame)) if name in found), "")

    def _functions(self, frame: int) -> tuple[str, ...]:
        """Sources of the functions that code in a frame can call: the program's, and those of its response."""
        codes = self._blocks(frame)
        if (text := self._state.response.get(frame)) is not None:
            codes.append(Response(text, self._state.whole.get(frame, 0), True).code)
        return tuple(source for code in codes for source in functions_of(code).values())


@functools.lru_cache(64)
def _loaded(source: str, functions: tuple[str, ...]) -> Loaded:
    return Loaded(source, functions)


@functools.lru_cache(64)
def functions_of(code: str) -> Mapping[str, str]:
    """The functions at the top of some Python, `$x` included: name → source."""
    stream = StatementStream()
    found = ((_DEFINES.search(s.source), s.source) for s in (*stream.feed(code), *stream.close()) if not s.error)
    return {match[1]: source for match, source in found if match}


def shown(data: bytes, *, trusted: bool) -> str:
    """An encoded value on one line, `?` when it is damaged."""
    try:
        return describe.show(decode(data, trusted=trusted), 80)
    except DamagedValue:
        return "?"
