"""What a frame's variables were when an effect of its unit ended: a replay that comes there with others has diverged.

Small numbers and no values, and only of variables that the unit itself had changed by then: what was there before it
is in the checkpoint. Long values are looked at up to a limit, so that a commit does not cost what it did not change.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.runtime.digest import text_of

_ATOMS = frozenset((int, float, bool, str, bytes, type(None), complex))
_MOST = 64
"""Values inside one variable that are looked at."""
_LONGEST = 256
"""Characters of one text that are."""
_UNKNOWN = object()
GONE = 0
"""Of a variable that there is none of."""


class Witness:
    """Follows the variables of one frame.

    Args:
        names: As the frame begins in this process.
        recorded: What its unit under way had changed by then, as recorded.
    """

    __slots__ = ("_seen",)

    def __init__(self, names: Mapping[str, Any], recorded: Iterable[tuple[str, int]] = ()) -> None:
        self._seen: dict[str, tuple[Any, int]] = {}
        self.changes(names)
        for name, number in recorded:
            if number == GONE:
                self._seen.pop(name, None)
            else:
                self._seen[name] = _UNKNOWN, number

    def changes(self, names: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
        """The variables that differ from the last time, each with its number."""
        seen, changed = self._seen, []
        for name, value in names.items():
            held = seen.get(name)
            if held is not None and held[0] is value and type(value) in _ATOMS:
                continue
            if name[:2] == "__":
                continue
            number = number_of(value)
            if held is None or held[1] != number:
                changed.append((name, number))
            seen[name] = value, number
        if len(seen) > len(names) or not seen.keys() <= names.keys():
            for gone in seen.keys() - names.keys():
                changed.append((gone, GONE))
                del seen[gone]
        return tuple(changed)


def differing(names: Mapping[str, Any], recorded: Iterable[tuple[str, int]]) -> list[str]:
    """The variables that are not what was recorded, in name order."""
    return sorted(name for name, number in recorded if (number_of(names[name]) if name in names else GONE) != number)


def number_of(value: Any) -> int:
    """The same for equal plain values in every process; what has no value of its own counts for nothing."""
    parts: list[str] = []
    _add(value, parts, [_MOST], ())
    return zlib.crc32("\0".join(parts).encode("utf-8", "surrogatepass")) | 1 << 32


def _add(value: Any, parts: list[str], left: list[int], within: tuple[int, ...]) -> None:
    kind = type(value)
    if kind is str:
        parts.append(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}{len(value)}")
    elif kind is bytes:
        parts.append(repr(value[:_LONGEST]))
    elif kind in _ATOMS:
        parts.append(text_of(value))
    elif kind in (list, tuple):
        parts.append(f"{kind.__name__} {len(value)}")
        if id(value) in within:
            return
        for item in value:
            left[0] -= 1
            if left[0] < 0:
                return
            _add(item, parts, left, (*within, id(value)))
    elif kind in (dict, set, frozenset):  # which order they have is a matter of the process
        parts.append(f"{kind.__name__} {len(value)}")
        if id(value) in within or len(value) > left[0]:
            return
        left[0] -= len(value)
        items = value.items() if kind is dict else ((item, None) for item in value)
        inner: list[str] = []
        for key, item in items:
            of_one: list[str] = []
            _add(key, of_one, [_MOST], (*within, id(value)))
            _add(item, of_one, [_MOST], (*within, id(value)))
            inner.append("\1".join(of_one))
        parts += sorted(inner)
    elif isinstance(value, asyncio.Future):
        parts.append("task")  # one that is finished comes back as a bare future
