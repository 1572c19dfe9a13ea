"""A short digest of a call's arguments: a replay that calls with others has diverged.

The same in every process: sets are sorted, and what has no value of its own counts by its type alone.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

from playbooks.checkpoints.placeholder import LostError, Placeholder, lost_of

_ATOMS = frozenset((int, float, bool, str, bytes, type(None), complex))
_DEPTH = 20
_MOST_BITS = 14_284
"""Of an integer of 4,300 digits or fewer."""


def digest(arguments: tuple[Any, ...]) -> str:
    """Eight hexadecimal digits; empty for no arguments."""
    if not arguments:
        return ""
    parts: list[str] = []
    for argument in arguments:
        _add(argument, parts, _DEPTH)
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f"{zlib.crc32(text):08x}{len(text):x}"


def text_of(atom: object) -> str:
    """Its `repr`, but of an integer that has none: Python refuses to write more than 4,300 digits."""
    return hex(atom) if type(atom) is int and atom.bit_length() > _MOST_BITS else repr(atom)


def _add(value: Any, parts: list[str], depth: int) -> None:
    kind = type(value)
    if kind in _ATOMS:
        parts.append(value if kind is str else text_of(value))
        return
    parts.append(_type_name(value))
    if not depth:
        return
    if kind is list or kind is tuple:
        for item in value:
            _add(item, parts, depth - 1)
    elif kind is dict:
        for key, item in value.items():
            _add(key, parts, depth - 1)
            _add(item, parts, depth - 1)
    elif kind is set or kind is frozenset:
        items = []
        for item in value:
            inner: list[str] = []
            _add(item, inner, depth - 1)
            items.append("\1".join(inner))
        parts += sorted(items)


def _type_name(value: Any) -> str:
    """Its type's name, or that of what it stands for on a replay."""
    kind = type(value)
    if kind is Placeholder:
        return lost_of(value).type_name
    if kind is LostError:
        return str(value.type_name).rpartition(".")[2]
    return "task" if isinstance(value, asyncio.Future) else kind.__name__
