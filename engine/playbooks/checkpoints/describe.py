"""A value as people and scripts read it: JSON where it can be, else a short text, without asking the value anything.

Apart because `--json`, the screen and diffs show values the same way. No `__repr__` of the program's own classes is
called, and no text holds an address.
"""

from __future__ import annotations

import math
import types
from typing import Any, Final

from playbooks.checkpoints.graph import Graph
from playbooks.checkpoints.layout import Items, attributes_of, layout_of
from playbooks.checkpoints.look import Described, Look, Record
from playbooks.checkpoints.placeholder import Placeholder, lost_of
from playbooks.checkpoints.standard import SHAPES

LONGEST: Final = 2_000
"""Characters of a text that are shown, by default."""
_DEEPEST: Final = 8
_JSON_DEPTH: Final = 60
_LONGEST_INT: Final = 4_096
"""Bits of one that JSON is to give back: what reads it may refuse much longer ones."""
_MOST_BITS: Final = 14_000
"""Python itself refuses to write more than 4,300 digits."""
_CUT: Final = "…"


def describe(value: object, longest: int = LONGEST) -> dict[str, Any]:
    """A value for `--json` and the screen.

    Args:
        value: A live value, or one decoded to be looked at.
        longest: Characters after which a text is cut, with `…`.

    Returns:
        `{"type", "value"}` when the value is JSON-able whole, else `{"type", "repr"}`.
    """
    name = type_name(value)
    if _is_json(value, longest):
        return {"type": name, "value": value}
    return {"type": name, "repr": show(value, longest)}


def type_name(value: object) -> str:
    """The name of a value's type, of a looked-at one the type it had."""
    if isinstance(value, Record):
        return value.type_name
    if type(value) is Described:
        return value.name.partition("(")[0] if value.kind == "value" else value.kind
    if type(value) is Placeholder:
        return lost_of(value).type_name
    return type(value).__name__


def _is_json(value: object, longest: int) -> bool:
    """Whether JSON gives back just this value: no cycle, no key but text, nothing cut."""
    left = [longest]
    return _fits(value, left, 0)


def _fits(value: object, left: list[int], depth: int) -> bool:
    left[0] -= 1
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is int:
        return int.bit_length(value) <= _LONGEST_INT  # type: ignore[arg-type]
    if kind is str:
        left[0] -= len(value)  # type: ignore[arg-type]
        return left[0] >= 0
    if kind is float:
        return math.isfinite(value)  # type: ignore[arg-type]
    if left[0] < 0 or depth > _JSON_DEPTH:
        return False
    if kind is list:
        return all(_fits(part, left, depth + 1) for part in value)  # type: ignore[attr-defined]
    if kind is dict:
        return all(
            type(key) is str and _fits(key, left, depth + 1) and _fits(part, left, depth + 1)
            for key, part in value.items()  # type: ignore[attr-defined]
        )
    return False


def show(value: object, longest: int = LONGEST) -> str:
    """A text for a value, at most `longest` characters and a `…`; never longer in the making than that either."""
    shower = _Shower(longest)
    try:
        shower.write(value, 0)
    except _Full:
        return "".join(shower.parts)[:longest] + _CUT
    return "".join(shower.parts)


class _Full(Exception):
    pass


_BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


_PLAINLY: Final = frozenset({bool, int, float, complex, range, type(None), type(...), type(NotImplemented), Described})


class _Shower:
    def __init__(self, longest: int) -> None:
        self.parts: list[str] = []
        self.left = longest
        self.open: set[int] = set()

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.left -= len(text)
        if self.left < 0:
            raise _Full

    def write(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind in (str, bytes, bytearray):
            self.add(repr(value[: self.left + 1]))
        elif kind is int and value.bit_length() > min(4 * self.left + 64, _MOST_BITS):
            self.add(f"<int of {value.bit_length()} bits>")  # its digits would take quadratic time
        elif kind is range and max(map(int.bit_length, (value.start, value.stop, value.step))) > _MOST_BITS:
            self.add("<range of ints that are too long>")
        elif kind in _PLAINLY:
            self.add(repr(value))
        elif kind is Placeholder:
            self.add(f"<lost {lost_of(value)}>")
        elif id(value) in self.open or depth > _DEEPEST:
            self.add("...")
        else:
            self.open.add(id(value))
            self._compound(value, kind, depth + 1)
            self.open.discard(id(value))

    def _compound(self, value: Any, kind: type, depth: int) -> None:
        if kind in _BRACKETS:
            start, end = _BRACKETS[kind]
            if not value and kind in (set, frozenset):
                self.add(f"{kind.__name__}()")
                return
            self.add(start)
            self._sequence(_in_order(value) if kind in (set, frozenset) else value, depth)
            self.add("," + end if kind is tuple and len(value) == 1 else end)
        elif kind is dict:
            self.add("{")
            self._pairs(value.items(), depth)
            self.add("}")
        elif kind is Record:
            self.add(value.type_name + "(")
            self._record(value.contents, value.attributes, depth)
            self.add(")")
        elif kind is slice:
            self.add("slice(")
            self._sequence((value.start, value.stop, value.step), depth)
            self.add(")")
        else:
            self._object(value, kind, depth)

    def _sequence(self, values: Any, depth: int) -> None:
        for place, value in enumerate(values):
            if place:
                self.add(", ")
            self.write(value, depth)

    def _pairs(self, pairs: Any, depth: int) -> None:
        for place, (key, value) in enumerate(pairs):
            if place:
                self.add(", ")
            self.write(key, depth)
            self.add(": ")
            self.write(value, depth)

    def _record(self, contents: Any, attributes: dict[str, Any], depth: int) -> None:
        if contents is not None:
            self.write(contents, depth)
        for place, (name, value) in enumerate(attributes.items()):
            self.add((", " if place or contents is not None else "") + f"{name}=")
            self.write(value, depth)

    def _object(self, value: Any, kind: type, depth: int) -> None:
        """A live object: taken apart one step, as for storage, and shown as it would be looked at."""
        if isinstance(value, type):
            self.add(f"<class {type.__getattribute__(value, '__qualname__')}>")
        elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
            self.add(f"<function {value.__qualname__}>")
        elif isinstance(value, types.ModuleType):
            self.add(f"<module {types.ModuleType.__getattribute__(value, '__name__')}>")
        elif kind not in SHAPES and (layout := layout_of(kind)) is not None:
            self.add(kind.__name__ + "(")
            self._record(layout.base.take(value), attributes_of(value, layout), depth)
            self.add(")")
        elif kind is Items:
            self.add("{")
            self._pairs(zip(value[::2], value[1::2], strict=True), depth)
            self.add("}")
        else:
            graph = Graph(own=True)
            graph.take(value)
            if graph.nodes[0][0] == "lost":
                self.add(f"<{kind.__name__}>")
            else:
                self.write(Look(graph.nodes).build(), depth)


def _in_order(values: Any) -> Any:
    """A set's elements in an order that does not depend on the process."""
    if len(values) > LONGEST:
        return values
    return sorted(values, key=show)
