"""Changes of a state, mergeable: what a checkpoint carries to bridge many others at once.

A change is a *write*: `(table, key, value)` in a flat table, `(table, key, sub, value)` in a nested one; a value of
None deletes, and so does a nested key's `(table, key, None)`. Applying the writes of a window in order and applying
their merge give the same state; that is all this module promises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Write = tuple[Any, ...]
Tables = dict[str, dict[Any, Any]]


class Changes:
    """The merge of all writes since some point."""

    __slots__ = ("_new", "tables")

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables: Tables = tables if tables is not None else {}
        self._new: defaultdict[str, set[Any]] = defaultdict(set)

    def add(self, writes: Iterable[Write], before: Tables) -> None:
        """Takes up writes that are about to be applied to `before`.

        Args:
            writes: In order.
            before: The state's tables, still without the writes: a nested key that came and went within the window
                leaves nothing.
        """
        tables = self.tables
        for write in writes:
            name, key = write[0], write[1]
            table = tables.get(name)
            if table is None:
                table = tables[name] = {}
            if len(write) == 4:
                inner = table.get(key)
                if inner is None:
                    inner = table[key] = {}
                    if key not in before[name]:
                        self._new[name].add(key)
                inner[write[2]] = write[3]
            elif write[2] is None and key in self._new[name]:
                self._new[name].discard(key)
                table.pop(key, None)
            else:
                if key not in table and key not in before[name]:
                    self._new[name].add(key)
                table[key] = write[2]

    def add_merged(self, later: Tables, before: Tables) -> None:
        """As `add` of the writes of a merge, a table at a time: a fold of ten thousand steps is mostly this.

        Args:
            later: The merged changes; not changed, and nothing of them is kept that could be.
            before: The state's tables, still without them.
        """
        for name, theirs in later.items():
            table, known, new = self.tables.setdefault(name, {}), before[name], self._new[name]
            if _is_flat(theirs):
                # Not by sets: `theirs.keys() - known.keys()` walks all that is known; `isdisjoint` the smaller one.
                if theirs.keys().isdisjoint(known.keys()) and theirs.keys().isdisjoint(table.keys()):
                    new.update(theirs)
                else:
                    new.update([key for key in theirs if key not in known and key not in table])
                table.update(theirs)
                continue
            for key, value in theirs.items():
                if value is None and key in new:
                    new.discard(key)
                    table.pop(key, None)
                    continue
                held = table.get(key)
                if held is None and key not in known and (value.__class__ is dict or key not in table):
                    new.add(key)
                if value.__class__ is not dict:
                    table[key] = value
                elif held is None:
                    table[key] = dict(value)
                else:
                    held.update(value)

    def merge(self, later: Changes) -> None:
        """Takes up the changes of the window right after this one; `later` must not be used again."""
        for name, theirs in later.tables.items():
            table = self.tables.setdefault(name, {})
            for key, value in theirs.items():
                if value is None and key in self._new[name]:
                    self._new[name].discard(key)
                    table.pop(key, None)
                    continue
                if key not in table and key in later._new[name]:
                    self._new[name].add(key)
                if isinstance(value, dict) and isinstance(held := table.get(key), dict):
                    held.update(value)
                else:
                    table[key] = value

    def copy(self) -> Changes:
        """The same changes, to be added to or merged apart from these."""
        made = Changes(
            {
                name: {key: dict(value) if isinstance(value, dict) else value for key, value in table.items()}
                for name, table in self.tables.items()
            }
        )
        made._new.update((name, set(keys)) for name, keys in self._new.items())
        return made

    def writes(self) -> Iterable[Write]:
        """The merge, as writes."""
        for name, table in self.tables.items():
            yield from _writes(name, table)


def _writes(name: str, table: Mapping[Any, Any]) -> Iterator[Write]:
    for key, value in table.items():
        if isinstance(value, dict):
            for sub, inner in value.items():
                yield name, key, sub, inner
        else:
            yield name, key, value


def _is_flat(table: Mapping[Any, Any]) -> bool:
    """Whether it only sets whole values."""
    return _NOT_FLAT.isdisjoint(map(type, table.values()))


_NOT_FLAT: Final = frozenset((type(None), dict))


def apply_merged(tables: Tables, merged: Tables) -> None:
    """Makes merged changes, a table at a time."""
    for name, theirs in merged.items():
        table = tables[name]
        if _is_flat(theirs):
            table.update(theirs)
            continue
        for key, value in theirs.items():
            if value.__class__ is not dict or not _is_flat(value):
                apply(tables, _writes(name, {key: value}))
            elif (held := table.get(key)) is not None:
                held.update(value)
            elif value:
                table[key] = dict(value)


def apply(tables: Tables, writes: Iterable[Write]) -> None:
    """Makes the writes."""
    for write in writes:
        table = tables[write[0]]
        if len(write) == 4:
            _, key, sub, value = write
            inner = table.get(key)
            if value is None:
                if inner is not None:
                    inner.pop(sub, None)
                    if not inner:
                        del table[key]
            elif inner is None:
                table[key] = {sub: value}
            else:
                inner[sub] = value
        elif write[2] is None:
            table.pop(write[1], None)
        else:
            table[write[1]] = write[2]
