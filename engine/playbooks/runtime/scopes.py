"""Which names a body of code binds, declares and takes from outside, as Python's own rules have it.

Apart from the rewriting because it only looks. `symtable` knows the same, but only of whole text that compiles.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def declared_global(body: Iterable[ast.AST]) -> Iterator[str]:
    """The names that the body of a function or class declares global; not those of functions within it."""
    for node in body:
        if isinstance(node, ast.Global):
            yield from node.names
        elif isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not isinstance(
            node, (*FUNCTIONS, ast.ClassDef)
        ):
            yield from declared_global(ast.iter_child_nodes(node))


def free_names(body: Iterable[ast.AST]) -> set[str]:
    """The names that the body of a class reads and does not bind: those it takes from outside."""
    read: set[str] = set()
    bound: set[str] = set()
    for node in body:
        _look(node, read, bound)
    return read - bound


def _look(node: ast.AST, read: set[str], bound: set[str]) -> None:
    inside: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.Name):
        (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    elif isinstance(node, FUNCTIONS):
        bound.add(node.name)
        inside = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    elif isinstance(node, ast.ClassDef):
        bound.add(node.name)
        inside = [*node.decorator_list, *node.bases, *node.keywords]
    elif isinstance(node, ast.Lambda):
        inside = [node.args]
    elif isinstance(node, COMPREHENSIONS):
        inside = [node.generators[0].iter]
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        bound.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        bound.update(node.names)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        bound.update([node.name] if node.name else [])
    elif isinstance(node, ast.MatchMapping):
        bound.update([node.rest] if node.rest else [])
    for part in inside:
        _look(part, read, bound)
