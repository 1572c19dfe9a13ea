"""In which order Python evaluates the parts of a statement: what was read before a part, and what is set after it.

Apart from `loaded`, which asks about calls that are under way, because this knows single nodes of a tree and no more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeGuard

from playbooks.runtime.rewrite import is_agents
from playbooks.runtime.source import unmark

FUNCTIONS: Final = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
BEGIN: Final = ("gather", "wait", "wait_for", "shield", "create_task", "ensure_future", "as_completed")
"""What these are given has begun, with what was read for it."""
_SETS: Final = (ast.Store, ast.Del)


def called(call: ast.Call) -> str:
    """The last name of what is called, of `agents["1001"].Haggle` too."""
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def name_of(node: ast.expr) -> str:
    """`price`, or `$price` of the agent's."""
    return f"${node.attr}" if isinstance(node, ast.Attribute) else unmark(getattr(node, "id", ""))


def is_body(parent: ast.AST, node: ast.AST) -> bool:
    """Whether a part of a function is run by its calls; its defaults and notes are evaluated as it is made."""
    body = getattr(parent, "body", None)
    return isinstance(parent, FUNCTIONS) and (node is body or (isinstance(body, list) and node in body))


def is_read(node: ast.AST) -> TypeGuard[ast.Name]:
    """Whether a node is a name that is read."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def own_names(comprehension: Comprehension) -> set[str]:
    """What the parts of a comprehension call its items."""
    return {name for generator in comprehension.generators for name in stored(generator.target)}


def stored(*targets: ast.AST | None) -> Iterator[str]:
    """Names that targets set or delete; `$x` by its name."""
    for target in targets:
        for part in ast.walk(target) if target is not None else ():
            if isinstance(part, ast.Name) and isinstance(part.ctx, _SETS):
                yield name_of(part)


# -- before -----------------------------------------------------------------------------------------------------------


def evaluated_before(parent: ast.AST, node: ast.AST, below: ast.AST) -> Iterable[ast.AST]:
    """The parts of a node whose values wait for one of its parts.

    Args:
        parent: The node.
        node: The part.
        below: The part of that part which is meant.
    """
    match parent:
        case ast.For() | ast.AsyncFor():
            return [parent.iter] if node in parent.body or node is parent.target else []
        case ast.With() | ast.AsyncWith():
            return [item.context_expr for item in parent.items[: _place(parent.items, node)]]
        case ast.withitem():
            return [parent.context_expr] if node is parent.optional_vars else []
        case ast.Match():  # once a case is chosen the subject has had its effect
            return [parent.subject] if isinstance(node, ast.match_case) and below is node.guard else []
        case ast.Assign() | ast.AnnAssign():
            return [parent.value] if node is not parent.value and parent.value is not None else []
        case ast.AugAssign():
            late = is_agents(parent.target)
            return [parent.target] if node is parent.value and not late else []
        case ast.Try() | ast.TryStar():
            return list(_leaving(parent)) if node in parent.finalbody else []
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
            return _until(list(_made_of(parent)), below if isinstance(node, ast.arguments) else node)
        case ast.BoolOp() | ast.IfExp() | ast.arguments() | ast.arg() | ast.comprehension():
            return []  # of the first two: what was read before has had its effect, a way was chosen by it
        case ast.Compare():
            return [[parent.left, *parent.comparators][_place(parent.comparators, node)]]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return list(_walked(parent, node, below))
        case ast.Dict():
            pairs = zip(parent.keys, parent.values, strict=True)
            return _until([part for pair in pairs for part in pair if part is not None], node)
        case ast.Call() if called(parent) in BEGIN:
            return []
        case ast.Call() if is_agents(parent.func):  # the agent's variable is read when the arguments are there
            return _until([*parent.args, *parent.keywords], node)
        case ast.expr() | ast.keyword() | ast.Raise():
            return [part for part in _until(list(ast.iter_child_nodes(parent)), node) if not _is_target(part)]
    return []


def _place(parts: Sequence[ast.AST], node: ast.AST) -> int:
    """Where one stands; behind them all when it is not among them."""
    return next((place for place, part in enumerate(parts) if part is node), len(parts))


def _until(parts: Sequence[ast.AST], node: ast.AST) -> list[ast.AST]:
    """Those before one; none when it is not among them."""
    place = _place(parts, node)
    return list(parts[:place]) if place < len(parts) else []


def _is_target(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)


def _walked(parent: Comprehension, node: ast.AST, below: ast.AST) -> Iterator[ast.AST]:
    """What a comprehension walks by then, and the key of its value."""
    for generator in parent.generators:
        if generator is node and below is generator.iter:
            return
        yield generator.iter
        if generator is node:
            return
    if isinstance(parent, ast.DictComp) and node is parent.value:
        yield parent.key


def _made_of(node: ast.AST) -> Iterator[ast.AST]:
    """What is evaluated when a function or a class is made, in this order."""
    yield from getattr(node, "decorator_list", ())
    if isinstance(node, ast.ClassDef):
        yield from (*node.bases, *node.keywords)
    elif isinstance(node, FUNCTIONS):
        given = node.args
        yield from (*given.defaults, *(default for default in given.kw_defaults if default is not None))
        if not isinstance(node, ast.Lambda):
            noted = (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg, node.returns)
            yield from (part for part in noted if part is not None)


def _leaving(node: ast.Try | ast.TryStar) -> Iterator[ast.AST]:
    """With what a block may be left that a `finally` holds back: a value, or an exception that no handler takes."""
    for part in _in_block([*node.body, *node.handlers, *node.orelse]):
        if isinstance(part, ast.Return) and part.value is not None:
            yield part.value
    for part in _in_block([*(node.body if not node.handlers else ()), *node.handlers, *node.orelse]):
        if isinstance(part, ast.Raise):
            yield from (raised for raised in (part.exc, part.cause) if raised is not None)


def _in_block(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield node
        if not isinstance(node, FUNCTIONS | ast.ClassDef | ast.expr):
            yield from _in_block(ast.iter_child_nodes(node))


# -- read -------------------------------------------------------------------------------------------------------------


def reads(node: ast.AST) -> Iterator[ast.expr]:
    """Names that a node reads when it is evaluated, but not those that functions in it will read.

    A name that it sets on the way (`a := x`) is one of them: what was set is held beside. So is a target by itself.
    """
    if isinstance(node, FUNCTIONS | ast.ClassDef):
        for part in _made_of(node):
            yield from reads(part)
        return
    if isinstance(node, Comprehension):
        yield from reads(node.generators[0].iter)
        own = own_names(node)
        rest = [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.comprehension)]
        rest += [part for g in node.generators for part in (*([] if g is node.generators[0] else [g.iter]), *g.ifs)]
        yield from (name for part in rest for name in reads(part) if name_of(name) not in own)
        return
    if isinstance(node, ast.NamedExpr):
        yield node.target
    if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_state(node)):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        if not _is_target(child):
            yield from reads(child)


def _is_state(node: ast.Attribute) -> bool:
    """`self.state.price`."""
    return (
        isinstance(node.value, ast.Attribute)
        and node.value.attr == "state"
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "self"
    )


# -- after ------------------------------------------------------------------------------------------------------------


def set_after(parent: ast.AST, node: ast.AST, below: ast.AST) -> Iterable[str]:
    """Names that a node sets as soon as one of its parts is evaluated, not having read them by then or after.

    Args:
        parent: The node.
        node: The part.
        below: The part of that part which is meant.
    """
    match parent:
        case ast.Assign():
            if node is parent.value:
                return stored(*parent.targets)
            beside = _after(node.elts, below) if isinstance(node, ast.Tuple | ast.List) else []
            return stored(*beside, *_after(parent.targets, node))
        case ast.AnnAssign() | ast.NamedExpr():
            return stored(parent.target) if node is parent.value else ()
        case ast.AugAssign():
            late = is_agents(parent.target)
            return stored(parent.target) if node is parent.value and not late else ()
        case ast.For() | ast.AsyncFor():
            return stored(parent.target) if node is parent.iter else ()
        case ast.withitem():
            return stored(parent.optional_vars) if node is parent.context_expr else ()
        case ast.Match():
            return _captured(parent) if node is parent.subject else ()
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return () if node in parent.body else (parent.name,)
        case ast.Delete():
            return stored(*_after(parent.targets, node))
    return ()


def _after(parts: Sequence[ast.expr], node: ast.AST) -> list[ast.expr]:
    return list(parts[_place(parts, node) + 1 :])


def _captured(node: ast.Match) -> Iterator[str]:
    for case in node.cases:
        for part in ast.walk(case.pattern):
            name = part.rest if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
            if isinstance(name, str):
                yield name
