"""Which variables a statement under way has read and still holds: an edit of them would come too late for it.

Apart from `edits`, which refuses such edits, because this is about Python's order of evaluation and nothing else. It
reads the code; nothing runs. Where it can't tell which of several calls is under way, it takes each for it: an edit
that is refused can be made elsewhere, and one that takes no effect would deceive.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from playbooks.runtime.source import mark, unmark

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_LOOPS = (ast.For, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DECIDED = (ast.BoolOp, ast.IfExp)
"""What was read before in these has had its effect: a way was chosen by it."""

_BEGIN = ("gather", "wait", "wait_for", "shield", "create_task", "ensure_future", "as_completed")
"""What these are given has begun, with what was read for it."""


class Loaded:
    """The variables that a statement holds while a call in it is under way.

    Args:
        source: The statement, `$x` included, or a function.
        functions: Sources of functions that it may call.

    Raises:
        SyntaxError: One of them is none.
    """

    def __init__(self, source: str, functions: Iterable[str] = ()) -> None:
        tree = ast.parse(mark(source))
        self._defined = {name: node for text in functions for name, node in _defined(ast.parse(mark(text)))}
        self._defined |= dict(_defined(tree))
        nodes = list(ast.walk(tree))
        met = {id(node) for node in nodes}
        for node in nodes:  # grows: what is called, and what that calls
            function = self._defined.get(_called(node)) if isinstance(node, ast.Call) else None
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
        places: list[ast.AST] = [*calls]
        if not calls:  # it is made by what the program calls otherwise
            places, taken = [*self._awaits], True
        found = self._around(places, taken)
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
        calls = [call for call in self._calls if _called(call) == name]
        here = [call for call in calls if line and id(call) in self._own and _spans(call, line)]
        return here or calls

    def _waits(self, call: ast.Call) -> bool:
        """Whether what is called waits for what it is given, or is the program's own."""
        return _called(call) in _BEGIN or _called(call) in self._defined

    def _is_within_await(self, node: ast.AST | None) -> bool:
        while isinstance(node, ast.expr | ast.keyword) and not isinstance(node, ast.Await | ast.Lambda):
            node = self._parents.get(node)
        return isinstance(node, ast.Await)

    def _around(self, places: Iterable[ast.AST], taken: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        met: set[ast.AST] = set()
        for place in places:
            for node in [*([] if taken else self._read(place)), *self._held(place, met)]:
                found.setdefault(_name(node), node.lineno if id(node) in self._own else 0)
        return found

    def _held(self, place: ast.AST, met: set[ast.AST]) -> list[ast.expr]:
        """What is held around a place, inside out; `met` are the functions whose callers are looked at."""
        found: list[ast.expr] = []
        node = place
        while (parent := self._parents.get(node)) is not None and not isinstance(node, _FUNCTIONS):
            found += (name for before in _evaluated_before(parent, node) for name in self._read(before))
            node = parent
        if not isinstance(node, _FUNCTIONS):
            return found
        local = _locals(node)
        found = [name for name in found if _name(name) not in local]
        if node not in met and not isinstance(node, ast.Lambda):
            met.add(node)
            for call in self._calls:
                if _called(call) == node.name:
                    found += self._held(call, met)
        return found

    def _read(self, node: ast.AST) -> Iterator[ast.expr]:
        """What a node has read once it is evaluated, also in functions that it runs; what it awaits is over, and seen
        to be."""
        yield from _reads(node)
        calls, met = [*_made_in(node)], set[ast.AST]()
        for call in calls:  # grows
            for function in self._run_by(call):
                if function in met:
                    continue
                met.add(function)
                local = _locals(function)
                for part in function.body if isinstance(function, ast.FunctionDef) else [function.body]:
                    yield from (name for name in _reads(part) if _name(name) not in local)
                    calls += _made_in(part)

    def _run_by(self, call: ast.Call) -> Iterator[ast.FunctionDef | ast.Lambda]:
        """The functions that are run before a call gives anything, those it is given included."""
        called = self._defined.get(_called(call))
        if isinstance(called, ast.FunctionDef):
            yield called
        for part in (call.func, *call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(part, ast.Lambda):
                yield part


def _made_in(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that evaluating a node makes, but those that it awaits and those that functions in it make."""
    if isinstance(node, (ast.Await, _FUNCTIONS)):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _made_in(child)


def _defined(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def _locals(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Names that are a function's own: its parameters and what it sets, unless it says that they are not."""
    parts = list(ast.walk(function))
    own = {part.arg for part in parts if isinstance(part, ast.arg)}
    own |= {part.id for part in parts if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
    return own - {name for part in parts if isinstance(part, ast.Global | ast.Nonlocal) for name in part.names}


def _spans(node: ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or line)


def _called(call: ast.Call) -> str:
    """The last name of what is called, of `agents["1001"].Haggle` too."""
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _evaluated_before(parent: ast.AST, node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node whose values wait for one of its parts."""
    if isinstance(parent, _LOOPS):
        if node in parent.body:
            yield parent.iter
    elif isinstance(parent, ast.With | ast.AsyncWith):
        for item in parent.items:
            if item is node:
                return
            yield item.context_expr
    elif isinstance(parent, _COMPREHENSIONS):
        for generator in parent.generators:
            if generator is node:
                return
            yield generator.iter
        if isinstance(parent, ast.DictComp) and node is parent.value:
            yield parent.key
    elif isinstance(parent, ast.comprehension):
        if node is not parent.iter:
            yield parent.iter
    elif isinstance(parent, ast.AugAssign):
        if node is parent.value:
            target = parent.target
            yield ast.copy_location(ast.Name(target.id, ast.Load()), target) if isinstance(target, ast.Name) else target
    elif isinstance(parent, ast.Call) and _called(parent) in _BEGIN:
        return
    elif isinstance(parent, ast.Dict):
        for key, value in zip(parent.keys, parent.values, strict=True):
            for entry in (key, value):
                if entry is node:
                    return
                if entry is not None:
                    yield entry
    elif isinstance(parent, ast.expr | ast.keyword | ast.Raise | ast.Delete) and not isinstance(parent, _DECIDED):
        for part in ast.iter_child_nodes(parent):
            if part is node:
                return
            yield part


def _reads(node: ast.AST) -> Iterator[ast.expr]:
    """Names that a node reads when it is evaluated, but not those that functions in it will read."""
    if isinstance(node, _FUNCTIONS):
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return
    if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_state(node)):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _reads(child)


def _is_state(node: ast.Attribute) -> bool:
    """`self.state.price`."""
    return (
        isinstance(node.value, ast.Attribute)
        and node.value.attr == "state"
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "self"
    )


def _name(node: ast.expr) -> str:
    return f"${node.attr}" if isinstance(node, ast.Attribute) else unmark(getattr(node, "id", ""))
