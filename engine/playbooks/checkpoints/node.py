"""The table of nodes that a graph of objects is stored as.

Apart because those who take objects apart and those who build them share its shape, and nothing else.

A node is `(kind, what, children)`: a word, plain data, and a tuple of slots. A slot is an atom (None, bool, int, float,
str, bytes), or `(index,)` of another node. The first node is the value. Kinds:

- `list` `tuple` `dict` `set` `frozenset` `bytearray`: builtins; a dict's children are key, value, key, value, …
- `value`: a standard type and its parts; `single`: Ellipsis, NotImplemented
- `instance`: `(base, attribute names)`, of class, contents, attribute values
- `member`: of an enumeration; `flags`: several at once; `exception`
- `finished`: a task or future, and what it gave
- `iterator`: over a sequence walked in place, and how far it is
- `function` `class statement` `named tuple`: what model code defined; `cell` of a closure; `wrapper` as staticmethod
- `class` `builtin` `named` `module` `imported`: by name; a module's children are those of its parts that were imported
- `method`: by name, of an object; `bound`: a function and its object
- `lost`: could not be stored; `reference`: only in a live copy, the object itself
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Node = tuple[str, Any, tuple[Any, ...]]
Taken = tuple[str, Any, Iterable[object]]
"""A node whose children are still objects."""


class NotStorable(Exception):
    """Nothing of the object can be stored.

    Args:
        reason: Why, when its type does not say it.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
