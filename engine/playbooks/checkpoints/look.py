"""Stored nodes → inert data to be looked at: nothing is imported, no class looked up, no constructor of the data's
choice called.

Apart from `live` so that a timeline, a diff or a foreign file can't run anything by accident.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from playbooks.checkpoints.placeholder import Lost
from playbooks.checkpoints.rebuild import Rebuild


class Record:
    """An instance of a class, as data.

    Args:
        type_name: Its class, `Order`.
        attributes: What it holds in `__dict__` and slots.
        contents: Of a class that extends a builtin: the list, items or text it is besides.
    """

    __slots__ = ("attributes", "contents", "type_name")

    def __init__(self, type_name: str, attributes: dict[str, Any], contents: Any = None) -> None:
        self.type_name, self.attributes, self.contents = type_name, attributes, contents

    def __repr__(self) -> str:
        from playbooks.checkpoints.describe import show

        return show(self)


class Described(msgspec.Struct, frozen=True):
    """What is no data: a function, a class, a module, a standard value by its parts, a lost value."""

    kind: str
    """`function`, `class`, `module`, `value`, `member`, `iterator`, `lost`, …"""
    name: str
    """As people read it: `price_of`, `Decimal('3.50')`, `Color.RED`."""
    source: str = ""
    """Of what model code defined."""
    lost: str = ""
    """Of a lost value: the name of its type."""

    def __repr__(self) -> str:
        return self.name if self.kind in ("value", "member") else f"<{self.kind} {self.name}>"


def _last(qualname: object) -> str:
    return str(qualname).rsplit(".", 1)[-1]


def _name(value: object) -> str:
    """A class's name; of what is no class, its text."""
    return _last(value.name) if isinstance(value, Described) else str(value)


def _empty_record(look: Rebuild, what: Any, children: tuple[Any, ...]) -> object:
    return Record("", {})


def _fill_instance(look: Rebuild, made: Record, what: tuple[str, tuple[str, ...]], values: list[Any]) -> None:
    cls, contents, *attributes = values
    made.type_name, made.contents = _name(cls), contents
    made.attributes.update(zip(what[1], attributes, strict=True))


def _fill_exception(look: Rebuild, made: Record, what: tuple[Any, ...], values: list[Any]) -> None:
    _, arguments, cause, *attributes = values
    made.type_name, made.contents = str(what[1]), arguments
    made.attributes.update(zip(what[3], attributes, strict=True))
    if cause is not None:
        made.attributes["__cause__"] = cause


def _value(look: Rebuild, name: str, values: list[Any]) -> object:
    from playbooks.checkpoints.describe import show

    if name == "complex":
        return complex(*values)
    if name == "Random":  # thousands of bytes that say nothing, but whether they are others
        return Described("value", f"Random(state {zlib.crc32(repr(values).encode()):08x})")
    if name in ("range", "slice") and all(part is None or type(part) is int for part in values):
        return (range if name == "range" else slice)(*values)
    return Described("value", f"{name}({', '.join(show(part) for part in values)})")


def _statement(look: Rebuild, what: tuple[Any, ...], values: list[Any]) -> object:
    return Described("class", str(what[5]), str(what[0]))


def _lost(look: Rebuild, what: tuple[str, str, str, str], values: list[Any]) -> object:
    return Described("lost", str(Lost(*what)), lost=what[0])


def _named(kind: str) -> Callable[..., object]:
    return lambda look, what, values: Described(kind, str(what))


class Look(Rebuild):
    """Builds plain containers, `Record` and `Described`."""


Look.empty = {
    **Rebuild.empty,
    "items": lambda look, what, children: {},
    "instance": _empty_record,
    "exception": _empty_record,
    "function": lambda look, what, children: Described("function", str(what[5]), str(what[0])),
    "class statement": lambda look, what, children: Described("class", str(what[5]), str(what[0])),
    "cell": lambda look, what, children: Described("cell", ""),
    "finished": lambda look, how, children: Described("task", str(how)),
    "named tuple": lambda look, what, children: Described("class", str(what[0])),
    "wrapper": lambda look, what, children: Described("function", str(what)),
}
Look.fill = {**Rebuild.fill, "items": Rebuild.fill_dict, "instance": _fill_instance, "exception": _fill_exception}
Look.make = {
    **Rebuild.make,
    "value": _value,
    "single": lambda look, name, values: Described("value", str(name)),
    "member": lambda look, name, values: Described("member", f"{_name(values[0])}.{name}"),
    "flags": lambda look, what, values: Described("member", f"{_name(values[0])}({values[1]})"),
    "iterator": lambda look, what, values: Described("iterator", str(what[0])),
    "tool": lambda look, what, values: Described("iterator", str(what[0])),
    "view": _value,
    "class": lambda look, what, values: Described("class", f"{what[0]}.{what[1]}".removeprefix("builtins.")),
    "builtin": _named("builtin"),
    "named": _named("name"),
    "module": _named("module"),
    "imported": lambda look, what, values: Described("name", f"{what[0]}.{what[1]}"),
    "method": lambda look, name, values: Described("method", str(name)),
    "bound": _named("method"),
    "lost": _lost,
    "reference": _named("reference"),
}
