"""Which variables a statement under way has read and still holds, and which it sets next: an edit of the former would
come too late, and one of the latter would be lost.

Apart from `edits`, which refuses such edits, because this only reads the code; nothing runs. Where it can't tell which
of several calls is under way, it takes each for it: an edit that is refused can be made elsewhere, and one that takes
no effect would deceive.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from playbooks.runtime.source import parse
from playbooks.session.evaluation import (
    BEGIN,
    FUNCTIONS,
    Comprehension,
    called,
    evaluated_before,
    is_body,
    is_read,
    name_of,
    own_names,
    reads,
    set_after,
)

_PLAYBOOK = "playbook"
"""The decorator of those that have frames of their own, with their arguments in them."""


class Loaded:
    """The variables that a statement holds while a call in it is under way.

    Args:
        source: The statement, `$x` included, or a function.
        functions: Sources of functions that it may call.

    Raises:
        SyntaxError: One of them is none.
    """

    def __init__(self, source: str, functions: Iterable[str] = ()) -> None:
        tree = parse(source)
        self._defined = {name: node for text in functions for name, node in _defined(parse(text))}
        self._defined |= dict(_defined(tree))
        nodes = list(ast.walk(tree))
        met = {id(node) for node in nodes}
        for node in nodes:  # grows: what is called, and what that calls
            function = self._defined.get(called(node)) if isinstance(node, ast.Call) else None
            if function is not None and id(function) not in met:
                added = list(ast.walk(function))
                met.update(map(id, added))
                nodes += added
        self._parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
        self._calls = [node for node in nodes if isinstance(node, ast.Call)]
        self._awaits = [node for node in nodes if isinstance(node, ast.Await)]
        self._own = {id(node) for node in ast.walk(tree)}

    def while_in(self, callee: str, line: int = 0, *, taken: bool) -> dict[str, int]:
        """What is held while a call is under way.

        Args:
            callee: What is called, `Say` or `Buyer.Haggle`.
            line: Where its `await` stands, from 1 in the source; 0 when that is not known, or it stands elsewhere.
            taken: The call has its arguments, or is over; else it would be made anew with what was read for it.

        Returns:
            `price`, or `$price` of the agent's → the line it was read in; 0 when that is in one of the functions.
        """
        calls = self._made(callee, line)
        # Without one it is made by what the program calls otherwise, which keeps what it was given.
        found = self._around(calls or [node.value for node in self._awaits], taken and bool(calls))
        if calls and not self.is_awaited(callee, line):  # made here, and awaited by another name
            found = {**self.while_waiting(), **found}
        return found

    def is_awaited(self, callee: str, line: int = 0) -> bool:
        """Whether a call is awaited in the expression that makes it; else it may be a task's, or be awaited later."""
        return all(self._is_within_await(call) for call in self._made(callee, line))

    def while_waiting(self) -> dict[str, int]:
        """What is held while something is awaited that was begun before; as `while_in`."""
        waits = [node for node in self._awaits if not isinstance(node.value, ast.Call) or self._waits(node.value)]
        return self._around(waits, True)

    def _made(self, callee: str, line: int) -> list[ast.Call]:
        """The calls that may be meant, as in `while_in`."""
        name = callee.rpartition(".")[2]
        calls = [call for call in self._calls if called(call) == name]
        here = [call for call in calls if line and id(call) in self._own and _spans(call, line)]
        return here or calls

    def _waits(self, call: ast.Call) -> bool:
        """Whether what is called waits for what it is given, or is the program's own."""
        return called(call) in BEGIN or called(call) in self._defined

    def _is_within_await(self, node: ast.AST | None) -> bool:
        while isinstance(node, ast.expr | ast.keyword) and not isinstance(node, ast.Await | ast.Lambda):
            node = self._parents.get(node)
        return isinstance(node, ast.Await)

    def _around(self, places: Iterable[ast.AST], taken: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        met: set[ast.AST] = set()
        for place in places:
            for node in [*([] if taken else self._read(place)), *self._held(place, met)]:
                found.setdefault(name_of(node), node.lineno if id(node) in self._own else 0)
        return found

    def _held(self, place: ast.AST, met: set[ast.AST]) -> list[ast.expr]:
        """What is held around a place, inside out; `met` are the functions whose callers are looked at."""
        found: list[ast.expr] = []
        node = below = place
        while (parent := self._parents.get(node)) is not None:
            if isinstance(parent, FUNCTIONS) and is_body(parent, node):
                local = _locals(parent)
                found = [name for name in found if name_of(name) not in local]
                for call in self._callers(parent, met):
                    found += self._held(call, met)
                    if not _is_playbook(parent):  # its arguments are in no variable that an edit could reach
                        found += (name for part in (*call.args, *call.keywords) for name in self._read(part))
                return found
            before = evaluated_before(parent, node, below)
            if isinstance(parent, Comprehension):
                first = parent.generators[0]
                own = own_names(parent) if not (node is first and below is first.iter) else set()
                found = [name for name in found if name_of(name) not in own]
                outside = [name for part in before if part is first.iter for name in self._read(part)]
                inside = (name for part in before if part is not first.iter for name in self._read(part))
                found += [*outside, *(name for name in inside if name_of(name) not in own)]
            else:
                found += (name for part in before for name in self._read(part))
            node, below = parent, node
        return found

    def _callers(self, function: ast.AST, met: set[ast.AST]) -> list[ast.Call]:
        """The calls of a function, once."""
        if function in met or isinstance(function, ast.Lambda):
            return []
        met.add(function)
        return [call for call in self._calls if called(call) == getattr(function, "name", "")]

    def set_next(self, callee: str, line: int = 0) -> dict[str, int]:
        """What is set as soon as a call has ended, with what it gives or beside it.

        Args:
            callee: As in `while_in`.
            line: As there.

        Returns:
            `price`, or `$price` of the agent's → the line it is set in; 0 when that is in one of the functions.
        """
        found: dict[str, int] = {}
        met: set[ast.AST] = set()
        for place in self._made(callee, line) or self._awaits:
            for name, node in self._set_after(place, met):
                found.setdefault(name, getattr(node, "lineno", 0) if id(node) in self._own else 0)
        return found

    def _set_after(self, place: ast.AST, met: set[ast.AST]) -> list[tuple[str, ast.AST]]:
        found: list[tuple[str, ast.AST]] = []
        over = {id(part) for part in ast.walk(place)}
        node = below = place
        while (parent := self._parents.get(node)) is not None:
            if isinstance(parent, FUNCTIONS) and is_body(parent, node):
                local = _locals(parent)
                found = [(name, part) for name, part in found if name not in local]
                return found + [each for call in self._callers(parent, met) for each in self._set_after(call, met)]
            where = node if isinstance(parent, ast.withitem) else parent
            later = {name_of(part) for part in ast.walk(node) if is_read(part) and id(part) not in over}
            found += ((name, where) for name in set_after(parent, node, below) if name not in later)
            over |= {id(part) for before in evaluated_before(parent, node, below) for part in ast.walk(before)}
            node, below = parent, node
        return found

    def _read(self, node: ast.AST) -> Iterator[ast.expr]:
        """What a node has read once it is evaluated, also in functions that it runs; what it awaits is over, and seen
        to be."""
        yield from reads(node)
        calls, met = [*_made_in(node)], set[ast.AST]()
        for call in calls:  # grows
            for function in self._run_by(call):
                if function in met:
                    continue
                met.add(function)
                local = _locals(function)
                for part in function.body if isinstance(function, ast.FunctionDef) else [function.body]:
                    yield from (name for name in reads(part) if name_of(name) not in local)
                    calls += _made_in(part)

    def _run_by(self, call: ast.Call) -> Iterator[ast.FunctionDef | ast.Lambda]:
        """The functions that are run before a call gives anything, those it is given included."""
        function = self._defined.get(called(call))
        if isinstance(function, ast.FunctionDef):
            yield function
        for part in (call.func, *call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(part, ast.Lambda):
                yield part


def _made_in(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that evaluating a node makes, but those that it awaits and those that functions in it make."""
    if isinstance(node, (ast.Await, FUNCTIONS)):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _made_in(child)


def _defined(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Functions by name, methods too; of a class what making an instance runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
            yield from ((node.name, part) for part in methods if part.name in ("__init__", "__post_init__"))


def _is_playbook(function: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == _PLAYBOOK
        for decorator in getattr(function, "decorator_list", ())
        for part in ast.walk(decorator)
    )


def _locals(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Names that are a function's own: its parameters and what it sets, unless it says that they are not."""
    parts = list(ast.walk(function))
    own = {part.arg for part in parts if isinstance(part, ast.arg)}
    own |= {part.id for part in parts if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
    return own - {name for part in parts if isinstance(part, ast.Global | ast.Nonlocal) for name in part.names}


def _spans(node: ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or line)
