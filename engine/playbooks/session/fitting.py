"""Whether a value fits the type that a call declares, and what a person meant by what was typed.

Apart because a dialog asks this of every key, and a type is known here by its name alone: nothing is imported.
"""

from __future__ import annotations

import ast
from typing import Any

import msgspec

from playbooks.literals import literal_or_text


class Typed(msgspec.Struct, frozen=True):
    """A value as a person typed it: a Python literal, or a text where a text is wanted or nothing else can be meant."""

    text: str

    @property
    def value(self) -> Any:
        """The literal, else the text itself."""
        return literal_or_text(self.text)


_BUILTIN: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (float, int), "complex": (complex, float, int), "bool": (bool,), "str": (str,),
    "bytes": (bytes,), "list": (list,), "tuple": (tuple,), "dict": (dict,), "set": (set,), "frozenset": (frozenset,),
}  # fmt: skip


def fits(value: Any, annotation: str) -> bool:
    """Whether a value may be of a declared type: True also of a type that can't be told from its name.

    Args:
        value: Any.
        annotation: Its source, `int`, `list[str] | None`; empty declares nothing.
    """
    try:
        return _fits(value, ast.parse(annotation, mode="eval").body) if annotation else True
    except SyntaxError:
        return True


def _fits(value: Any, node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=None):
            return value is None
        case ast.Constant(value=str(text)):
            return fits(value, text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _fits(value, left) or _fits(value, right)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return value is None or _fits(value, inner)
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name in _BUILTIN:
            return isinstance(value, _BUILTIN[name]) and _items_fit(value, inner)
        case ast.Name(id=name) if name in _BUILTIN:
            return isinstance(value, _BUILTIN[name]) and not (isinstance(value, bool) and name in ("int", "float"))
    return True


def _items_fit(value: Any, inner: ast.expr) -> bool:
    if isinstance(value, dict):
        key, item = inner.elts if isinstance(inner, ast.Tuple) and len(inner.elts) == 2 else (inner, inner)
        return all(_fits(k, key) and _fits(v, item) for k, v in value.items())
    if isinstance(value, tuple) and isinstance(inner, ast.Tuple):
        return len(value) == len(inner.elts) and all(map(_fits, value, inner.elts))
    return all(_fits(item, inner) for item in value) if isinstance(value, list | set | frozenset) else True
