"""What a fork with another program text leaves as it was: agents that are there keep their data, so a first value that
was changed in the text takes no effect on them.

Apart from `planning` because this compares two texts. Nothing runs: a value is told by its source.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from playbooks.language.keyvalues import shorten
from playbooks.language.model import AgentClass, Program
from playbooks.runtime.source import parse, unmark
from playbooks.session.reach import shown
from playbooks.state import Event, ProgramState
from playbooks.state import events as e

_MOST = 40
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def kept(state: ProgramState, recorded: Program, now: Program, edits: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """A row of a plan for each variable whose first value differs.

    Args:
        state: Where the fork leaves, without its edits.
        recorded: The program there.
        now: What runs instead.
        edits: What the fork changes: what it sets is not told.
    """
    if now.hash == recorded.hash:
        return
    changed = {(event.agent, event.name) for event in edits if isinstance(event, e.VariableWritten)}
    for agent, row in state.agents.items():
        was, is_ = recorded.agent(row[0]), now.agent(row[0])
        if was is None or is_ is None:
            continue
        old, new = _Top(was), _Top(is_)
        own = state.variables.get(agent, {})
        for name, sources in new.values.items():
            if (agent, name) in changed or new.origin(name) == old.origin(name):
                continue
            who = f"{row[0]} {agent}"
            if name not in own:
                if name not in old.values:
                    yield "lacks", f"${name} of {who}: only agents that begin get it; --set makes it"
                continue
            if sources == old.values.get(name):
                says = "what the program makes it of is another now"
            else:
                says = f"the program says {shorten(sources[-1], _MOST)} now"
            yield (
                "keeps",
                f"${name} = {shorten(shown(own[name], trusted=True), _MOST)} of {who}, though {says}; --set changes it",
            )


class _Top:
    """The data at the top of an agent's Python blocks, by source."""

    def __init__(self, cls: AgentClass) -> None:
        self.values: dict[str, tuple[str, ...]] = {}
        """Name → what is assigned to it, in order."""
        self._made_of: dict[str, set[str]] = {}
        self._sources: dict[str, tuple[str, ...]] = {}
        """As `values`, and the definitions of functions and classes."""
        for block in cls.python:
            for statement in parse(block.source).body:
                self._read(statement)

    def origin(self, name: str) -> dict[str, tuple[str, ...]]:
        """The sources of a name and of all that it is made of."""
        names = [name]
        for met in names:  # grows
            names += sorted(self._made_of.get(met, set()) - {*names})
        return {met: self._sources[met] for met in names if met in self._sources}

    def _read(self, statement: ast.stmt) -> None:
        if isinstance(statement, _DEFINITIONS):
            self._keep(statement.name, statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value)
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
            more = isinstance(statement, ast.AugAssign)
            self._assign(statement.target, statement if more else statement.value, more=more)

    def _assign(self, target: ast.expr, value: ast.AST, *, more: bool = False) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            parts = value.elts if same and isinstance(value, ast.Tuple | ast.List) else [value] * len(target.elts)
            for one, part in zip(target.elts, parts, strict=True):
                self._assign(one, part)
        elif isinstance(target, ast.Name):
            name = unmark(target.id).lstrip("$")
            self._keep(name, value, more=more)
            if self._is_data(value):
                self.values[name] = self._sources[name]

    def _keep(self, name: str, node: ast.AST, *, more: bool = False) -> None:
        before = self._sources.get(name, ()) if more else ()
        self._sources[name] = (*before, unmark(ast.unparse(node)))
        used = {unmark(part.id).lstrip("$") for part in ast.walk(node) if isinstance(part, ast.Name)}
        self._made_of[name] = used | (self._made_of.get(name, set()) if more else set())

    def _is_data(self, value: ast.AST) -> bool:
        """Not a function, nor another name of one."""
        alias = isinstance(value, ast.Name) and value.id in self._sources and value.id not in self.values
        return not isinstance(value, ast.Lambda) and not alias
