"""A top-level loop's place, as storage can hold it.

Apart because it is the one place that knows which of Python's iterators a checkpoint can keep: the frame stores the
iterator itself, in one graph with the sequence, so aliases hold and a list that grows while walked is walked on.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from typing import Any, cast

SEQUENCES = (list, tuple, str, bytes, range)
WALKED = frozenset(sequence.__iter__ for sequence in SEQUENCES)
"""What makes a class a sequence that is walked in place: a subclass may bring its own `__iter__`."""

_EMPTY: tuple[Iterable[Any], ...] = ([], (), "", "é", b"", range(0), range(2**70), reversed([]))
IN_PLACE = frozenset(type(iter(sequence)) for sequence in _EMPTY)
"""Iterators over sequences: the sequence and the place in it are all they hold."""

LISTED = (set, frozenset, dict, KeysView, ValuesView, ItemsView)
"""What is listed once before it is walked: another process may order it otherwise, and it may not change meanwhile."""


def cursor(iterable: object) -> Iterator[Any] | None:
    """The loop's place.

    Args:
        iterable: What the loop walks.

    Returns:
        An iterator that can be stored between two turns. None when there is none, and the whole loop is one unit; the
        iterable is untouched then, and if it is not iterable, walking it will say so.
    """
    if isinstance(iterable, LISTED):
        return iter(list(iterable))
    if getattr(type(iterable), "__iter__", None) in WALKED:
        return iter(cast("Iterable[Any]", iterable))
    return cast("Iterator[Any]", iterable) if _storable(iterable) else None


def _storable(iterator: object) -> bool:
    kind = type(iterator)
    if kind in (enumerate, zip):
        parts = iterator.__reduce__()[1]
        return isinstance(parts, tuple) and all(_storable(part) for part in parts if hasattr(part, "__next__"))
    return kind in IN_PLACE or kind is reversed
