"""A frame's variables, encoded at the end of each unit: only what changed, with aliases and cycles kept.

Variables that share objects are encoded as one group, a dict under their names joined by spaces (no name has one); the
others each by itself, so that a large value that did not change is not written again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from playbooks.runtime.values import IMMUTABLE, Values

_CONTAINERS = frozenset((list, dict, set, frozenset, tuple, bytearray))
_UNSET: Any = object()
_PATH = re.compile(r"\$?(\w*)")


class StoredNames:
    """What the state holds of a frame's variables, and how to bring it up to date.

    Args:
        values: Encodes and decodes.
        held: Group → encoded, as in the state.
    """

    __slots__ = ("_encoded", "_held", "_last", "_made", "_values", "degraded")

    def __init__(self, values: Values, held: Iterable[str] = ()) -> None:
        self._values = values
        self._held = set(held)
        self._last: dict[str, Any] = {}
        """Name → immutable value as last encoded."""
        self._encoded: dict[str, bytes] = {}
        """Group → as encoded in this process: sets reorder between processes, so stored bytes say nothing."""
        self._made: dict[str, tuple[Any, str]] = {}
        """Name → its value and the statement that made it, of those that hold what can't be stored."""
        self.degraded: tuple[str, ...] = ()
        """Paths to what can't be stored in what the last `changes` gave."""

    @staticmethod
    def load(held: dict[str, bytes], decode: Callable[[bytes], Any]) -> dict[str, Any]:
        """The variables from their groups."""
        variables: dict[str, Any] = {}
        for group, data in held.items():
            if " " in group:
                variables.update(decode(data))
            else:
                variables[group] = decode(data)
        return variables

    def changes(self, variables: dict[str, Any], made_by: str) -> tuple[tuple[str, bytes | None], ...]:
        """What to write so that the state holds `variables`; taken as written.

        Args:
            variables: All of the frame's.
            made_by: The statement that just ran, named by the placeholder of what can't be stored.
        """
        changed: list[tuple[str, bytes | None]] = []
        shared: dict[str, Any] = {}
        last = self._last
        degraded: list[str] = []
        groups: set[str] = set()
        for name, value in variables.items():
            if type(value) in IMMUTABLE:
                groups.add(name)
                if last.get(name, _UNSET) is not value:
                    last[name] = value
                    changed.append((name, self._values.encode(value)))
            else:
                last.pop(name, None)
                shared[name] = value
        for names in components(shared):
            group = " ".join(names)
            groups.add(group)
            content = shared[group] if len(names) == 1 else {name: shared[name] for name in names}
            made = {name: self._maker(name, shared[name], made_by) for name in names}
            one = len(names) == 1
            data, paths = self._values.stored(content, f"${names[0]}" if one else "", made[names[0]] if one else made)
            culprits = {_PATH.match(path)[1] for path in paths}  # type: ignore[index]
            for name in names:
                if name in culprits:
                    self._made[name] = shared[name], made[name]
                else:
                    self._made.pop(name, None)
            if self._encoded.get(group) != data:
                self._encoded[group] = data
                changed.append((group, data))
                degraded += paths
        for gone in self._held - groups:
            changed.append((gone, None))
            self._encoded.pop(gone, None)
            last.pop(gone, None)
        self._held = groups
        self.degraded = tuple(degraded)
        return tuple(changed)

    def _maker(self, name: str, value: Any, now: str) -> str:
        """The statement that put what can't be stored where it is: not each that runs while it is there."""
        held = self._made.get(name)
        return held[1] if held is not None and held[0] is value else now


def components(variables: dict[str, Any]) -> list[tuple[str, ...]]:
    """The names in groups that share no mutable object with one another, each group and all of them in name order.

    What is no plain container may refer to anything, so all variables that hold such a thing form one group with all
    that any container of theirs touches; here simply with all.
    """
    if len(variables) < 2:
        return [tuple(variables)] if variables else []
    owner: dict[int, str] = {}
    parent = {name: name for name in variables}

    def find(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    keep: list[Any] = []
    for name, value in variables.items():
        pending = [value]
        seen: set[int] = set()
        while pending:
            item = pending.pop()
            if type(item) not in _CONTAINERS:
                return [tuple(sorted(variables))]
            if id(item) in seen:
                continue
            seen.add(id(item))
            if id(item) in owner:
                parent[find(name)] = find(owner[id(item)])
            else:
                owner[id(item)] = name
                keep.append(item)
            inner: Iterable[Any] = ()
            if type(item) is dict:
                if not IMMUTABLE.issuperset(map(type, item)):
                    pending += [key for key in item if type(key) not in IMMUTABLE]
                inner = item.values()
            elif type(item) is not bytearray:
                inner = item
            if not IMMUTABLE.issuperset(map(type, inner)):
                pending += [part for part in inner if type(part) not in IMMUTABLE]
    groups: dict[str, list[str]] = {}
    for name in sorted(variables):
        groups.setdefault(find(name), []).append(name)
    return [tuple(names) for names in groups.values()]
