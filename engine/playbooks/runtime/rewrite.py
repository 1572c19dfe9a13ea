"""The rewriting of parsed model code: what makes awaits and the agent's variables the runtime's business.

Apart from `source` so that one file holds the rules, one method each, and the other how code is read and compiled. It
is no `ast.NodeTransformer`: every statement a model writes goes through here while the person waits, and a walk over
known fields that also moves the lines is several times faster.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from playbooks.runtime.scopes import declared_global, free_names

AGENT = "\ua66e"
"""Stands for `$`, as the first letter of a name: a Cyrillic letter found once in the manuscripts, and in no program."""

LOAD = ast.Load()
HOOKS = frozenset({"__state__", "__put__", "__dropped__", "__late__", "__await__", "__replayable__"})
LEAVES = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
AnyNode = TypeVar("AnyNode", bound=ast.AST)
Function = TypeVar("Function", ast.FunctionDef, ast.AsyncFunctionDef)


def location(node: ast.AST) -> dict[str, Any]:
    """Where a node stands, as arguments for one that takes its place."""
    return {
        "lineno": getattr(node, "lineno", 1),
        "col_offset": getattr(node, "col_offset", 0),
        "end_lineno": getattr(node, "end_lineno", 1),
        "end_col_offset": getattr(node, "end_col_offset", 0),
    }


def name(identifier: str, where: ast.AST, context: ast.expr_context = LOAD) -> ast.Name:
    """A name that stands where another node stood."""
    return ast.Name(identifier, context, **location(where))


def call(function: str, where: ast.AST, *arguments: ast.expr) -> ast.Call:
    """A call of a hook, standing where another node stood."""
    return ast.Call(name(function, where), list(arguments), [], **location(where))


class Rewriter:
    """Rewrites a tree in place.

    - `await e` → `await __await__(e)`
    - `$x` → `__state__.x`, not a plain name: in a helper, `$total += 1` would make that a local of the helper
    - `($x := e)` → `__put__("x", e)`
    - `f()` as a statement → `__dropped__(f())`
    - `$orders.append(await F())` → `__late__(lambda: $orders.append, await F())`: read before the await it
      would be a copy that nobody keeps
    - `$x += await F()` likewise: the value first
    - `global x; x = e` in a function → `globals()["x"] = e`: CPython stores a global past a namespace's `__setitem__`;
      likewise after what stores its name itself, an import, a `def`, a `case`
    - `async with a` and `async for x in a` → over `__replayable__(a)`

    Args:
        filename: What errors name.
        shift: How many lines to move the tree down.
        notes: Whether annotations of variables at the top are kept.
    """

    def __init__(self, filename: str, shift: int = 0, notes: bool = True) -> None:
        self._filename, self._shift = filename, shift
        self._bare = not notes
        """Whether annotations of variables are taken off: at the top, outside functions and classes."""
        self._globals: frozenset[str] | None = None
        """What this function or class declares global; None at the top."""
        self._in_function = False

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements that take the place of these."""
        done: list[ast.stmt] = []
        for statement in body:
            new = self._visit(statement)
            if isinstance(new, list):
                done += new
            else:
                done.append(new)
        return done

    def _move(self, node: Any) -> None:
        if self._shift and hasattr(node, "lineno"):
            node.lineno += self._shift
            if node.end_lineno is not None:
                node.end_lineno += self._shift

    def _visit(self, node: Any) -> Any:
        self._move(node)
        rule = RULES.get(type(node))
        return rule(self, node) if rule else self._inside(node)

    def _inside(self, node: AnyNode) -> AnyNode:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                if value:
                    if isinstance(value[0], ast.stmt):
                        setattr(node, field, self.block(value))
                    else:
                        value[:] = [self._part(node, item) for item in value]
            elif isinstance(value, LEAVES) or value is None:
                pass
            elif isinstance(value, ast.AST):
                setattr(node, field, self._visit(value))
            elif isinstance(value, str) and AGENT in value:
                self._refuse(value, node)
        return node

    def _part(self, node: ast.AST, item: Any) -> Any:
        if isinstance(item, str) and AGENT in item:
            self._refuse(item, node)
        return self._visit(item) if isinstance(item, ast.AST) else item

    def _refuse(self, name: str, node: ast.AST, why: str = "cannot stand here: use a plain name") -> NoReturn:
        self._error(f"{name[name.index(AGENT) :].replace(AGENT, '$')} {why}", node)

    def _error(self, message: str, node: ast.AST) -> NoReturn:
        line, column = getattr(node, "lineno", 1 + self._shift), getattr(node, "col_offset", -1)
        raise SyntaxError(message, (self._filename, line, column + 1, None))

    # -- scopes --------------------------------------------------------------------------------------------------------

    def _function(self, node: Function) -> list[ast.stmt]:
        within, self._in_function = self._in_function, True
        self._scope(node)
        self._in_function = within
        return [node, *self._passed_on(node, [node.name])]

    def _scope(self, node: Function | ast.ClassDef) -> None:
        outside, self._bare, self._globals = (self._bare, self._globals), False, frozenset(declared_global(node.body))
        self._inside(node)
        self._bare, self._globals = outside

    def _class(self, node: ast.ClassDef) -> ast.ClassDef:
        """In its body names are looked up past a namespace's `__missing__`, unless they are declared global there."""
        self._scope(node)
        free = free_names(node.body)
        if names := [
            name for name in sorted(free) if name in HOOKS or not (self._in_function or name.startswith("__"))
        ]:
            documented = ast.get_docstring(node, clean=False) is not None
            node.body.insert(int(documented), ast.Global(names, **location(node.body[0])))
        return node

    def _import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        self._inside(node)
        return [node, *self._passed_on(node, [part.asname or part.name.partition(".")[0] for part in node.names])]

    def _case(self, node: ast.match_case) -> ast.match_case:
        patterns = [part for part in ast.walk(node.pattern) if isinstance(part, ast.pattern)]
        names = [getattr(part, "rest" if isinstance(part, ast.MatchMapping) else "name", None) for part in patterns]
        self._inside(node)
        node.body[:0] = self._passed_on(node.pattern, [name for name in names if name])
        return node

    def _passed_on(self, node: ast.stmt | ast.pattern, names: list[str]) -> list[ast.stmt]:
        """What a statement stored past the namespace, as `def` does under a global's name, is stored in it then."""
        where = location(node)
        declared = [ast.Name(plain, ast.Store(), **where) for plain in names if plain in (self._globals or ())]
        return [ast.Assign([_global_item(target)], name(target.id, node), **where) for target in declared]

    def _global(self, node: ast.Global) -> ast.stmt:
        """`global $x` says what `$x` says already; at the top it says nothing, but would store as in a function."""
        node.names = [plain for plain in node.names if not plain.startswith(AGENT)]
        return node if node.names and self._globals is not None else ast.Pass(**location(node))

    # -- the agent's variables -----------------------------------------------------------------------------------------

    def _name(self, node: ast.Name) -> ast.expr:
        if not node.id.startswith(AGENT):
            if self._globals and node.id in self._globals and not isinstance(node.ctx, ast.Load):
                return _global_item(node)
            return node
        attribute = node.id.removeprefix(AGENT)
        if attribute.startswith("__"):
            self._refuse(node.id, node, "cannot be an agent's variable: two leading underscores are the engine's")
        return ast.Attribute(name("__state__", node), attribute, node.ctx, **location(node))

    def _constant(self, node: ast.Constant) -> ast.Constant:
        return node

    def _formatted(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """`{$x=}` shows its own source."""
        for part in node.values:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                part.value = part.value.replace(AGENT, "$")
        return self._inside(node)

    def _named_expression(self, node: ast.NamedExpr) -> ast.expr:
        if not node.target.id.startswith(AGENT):  # what stands here must be a name
            self._move(node.target)
            node.value = self._visit(node.value)
            return _global_expression(node) if node.target.id in (self._globals or ()) else node
        self._inside(node)
        if isinstance(node.target, ast.Attribute):
            return call("__put__", node, ast.Constant(node.target.attr, **location(node)), node.value)
        return node

    def _assign(self, node: ast.Assign | ast.Delete) -> ast.stmt:
        for target in node.targets:
            self._check_target(target, node)
        return self._inside(node)

    def _annotated(self, node: ast.AnnAssign) -> ast.stmt:
        """At the top of model code `x: List[int] = []` is `x = []`: the note is for readers, as in a function."""
        self._check_target(node.target, node)
        self._inside(node)
        if not isinstance(node.target, ast.Name):
            node.simple = 0
        if not self._bare:
            return node
        if node.value is None:
            return ast.Pass(**location(node))
        return ast.Assign([node.target], node.value, **location(node))

    def _augmented(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        late = is_agents(node.target) and awaits(node.value)
        declared = isinstance(node.target, ast.Name) and node.target.id in (self._globals or ())
        self._check_target(node.target, node)
        where, plain = location(node), node.target
        self._inside(node)
        if not late and not declared:
            return node
        stored, held = name("__value__", node, ast.Store()), name("__value__", node)
        done: ast.stmt = ast.Delete([name("__value__", node, ast.Del())], **where)
        if late:
            value = ast.Assign([stored], node.value, **where)
            node.value = held
            return [value, node, done]
        assert isinstance(plain, ast.Name)
        value = ast.Assign([stored], name(plain.id, plain), **where)
        changed = ast.AugAssign(name("__value__", node, ast.Store()), node.op, node.value, **where)
        return [value, changed, ast.Assign([node.target], held, **where), done]

    def _check_target(self, target: ast.expr, node: ast.stmt) -> None:
        """An index awaited after the agent's variable was read would change a copy that nobody keeps."""
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else (target,):
            if is_agents(part) and awaits(part):
                self._error(f"await in the index of {_root(part)}: put it in a variable first", node)

    # -- awaits --------------------------------------------------------------------------------------------------------

    def _await(self, node: ast.Await) -> ast.Await:
        value = self._visit(node.value)
        node.value = call("__await__", value, value)
        return node

    def _call(self, node: ast.Call) -> ast.Call:
        late = is_agents(node.func) and any(awaits(part) for part in (*node.args, *node.keywords))
        if late and (awaits(node.func) or any(isinstance(part, ast.NamedExpr) for part in ast.walk(node.func))):
            self._error(f"await in the index of {_root(node.func)}: put it in a variable first", node)
        self._inside(node)
        if late:
            where = location(node.func)
            nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            node.args = [ast.Lambda(nothing, node.func, **where), *node.args]
            node.func = name("__late__", node)
        return node

    def _expression(self, node: ast.Expr) -> ast.stmt:
        node.value = _dropping(self._visit(node.value))
        return node

    def _async_for(self, node: ast.AsyncFor) -> ast.stmt:
        self._inside(node)
        node.iter = call("__replayable__", node.iter, node.iter)
        return node

    def _comprehension(self, node: ast.comprehension) -> ast.comprehension:
        """Its names are its own, whatever the function around it declares; what `:=` sets in it is the function's."""
        declared, self._globals = self._globals, frozenset()
        node.target = self._visit(node.target)
        self._globals = declared
        node.iter, node.ifs = self._visit(node.iter), [self._visit(test) for test in node.ifs]
        if node.is_async:
            node.iter = call("__replayable__", node.iter, node.iter)
        return node

    def _lambda(self, node: ast.Lambda) -> ast.Lambda:
        """What `:=` sets in it is its own."""
        declared, self._globals = self._globals, frozenset() if self._globals is not None else None
        self._inside(node)
        self._globals = declared
        return node

    def _async_with(self, node: ast.AsyncWith) -> ast.stmt:
        self._inside(node)
        for item in node.items:
            item.context_expr = call("__replayable__", item.context_expr, item.context_expr)
        return node


RULES: dict[type[ast.AST], Callable[[Rewriter, Any], Any]] = {
    ast.FunctionDef: Rewriter._function,
    ast.AsyncFunctionDef: Rewriter._function,
    ast.ClassDef: Rewriter._class,
    ast.Lambda: Rewriter._lambda,
    ast.Import: Rewriter._import,
    ast.ImportFrom: Rewriter._import,
    ast.match_case: Rewriter._case,
    ast.Global: Rewriter._global,
    ast.Constant: Rewriter._constant,
    ast.JoinedStr: Rewriter._formatted,
    ast.Name: Rewriter._name,
    ast.NamedExpr: Rewriter._named_expression,
    ast.Assign: Rewriter._assign,
    ast.Delete: Rewriter._assign,
    ast.AnnAssign: Rewriter._annotated,
    ast.AugAssign: Rewriter._augmented,
    ast.Await: Rewriter._await,
    ast.Call: Rewriter._call,
    ast.Expr: Rewriter._expression,
    ast.AsyncFor: Rewriter._async_for,
    ast.comprehension: Rewriter._comprehension,
    ast.AsyncWith: Rewriter._async_with,
}


def awaits(node: ast.AST) -> bool:
    """Whether an await stands anywhere in it."""
    return any(isinstance(part, ast.Await) for part in ast.walk(node))


def is_agents(node: ast.expr) -> bool:
    """Whether an expression reaches into an agent's variable: `$x`, `$x.y[0]`, `self.state.x[0]`."""
    return _root(node) != ""


def _root(node: ast.expr) -> str:
    chain: ast.expr = node
    while isinstance(chain, (ast.Attribute, ast.Subscript)):
        if isinstance(chain, ast.Attribute) and isinstance(chain.value, ast.Attribute) and chain.value.attr == "state":
            owner = chain.value.value
            if isinstance(owner, ast.Name) and owner.id == "self":
                return f"self.state.{chain.attr}"
        chain = chain.value
    return chain.id.replace(AGENT, "$") if isinstance(chain, ast.Name) and chain.id.startswith(AGENT) else ""


def _global_item(node: ast.Name) -> ast.Subscript:
    return ast.Subscript(call("globals", node), ast.Constant(node.id, **location(node)), node.ctx, **location(node))


def _global_expression(node: ast.NamedExpr) -> ast.expr:
    """`(x := e)` of a global → `(globals().__setitem__("x", v := e), v)[1]`."""
    where = location(node)
    value = ast.NamedExpr(name("__value__", node, ast.Store()), node.value, **where)
    put = ast.Attribute(call("globals", node), "__setitem__", ast.Load(), **where)
    given: list[ast.expr] = [ast.Constant(node.target.id, **where), value]
    both = ast.Tuple([ast.Call(put, given, [], **where), name("__value__", node)], ast.Load(), **where)
    return ast.Subscript(both, ast.Constant(1, **where), ast.Load(), **where)


def _dropping(value: ast.expr) -> ast.expr:
    """Wraps the calls a statement's value may come from: `f()`, `ok and f()`, `f() if ok else g()`."""
    if isinstance(value, ast.Call):
        return call("__dropped__", value, value)
    if isinstance(value, ast.BoolOp):
        value.values = [_dropping(part) for part in value.values]
    elif isinstance(value, ast.IfExp):
        value.body, value.orelse = _dropping(value.body), _dropping(value.orelse)
    return value
