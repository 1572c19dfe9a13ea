"""How instances of a class are laid out: which builtin they extend, which slots they have; and how those are read and
set.

Apart because reading an object without calling any method of its class is a subject of its own: every access here goes
through the builtin base or the slot's descriptor, never through the object's own `__getattribute__`, `__iter__` or
`__eq__`.
"""

from __future__ import annotations

import collections
import enum
import types
from collections.abc import Callable, Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec

_OWNED_BY_C = (types.GetSetDescriptorType, types.MethodDescriptorType, types.WrapperDescriptorType)
_HEAP_TYPE: Final = 1 << 9


class Base(msgspec.Struct, frozen=True):
    """A builtin type that stored instances may extend."""

    name: str
    type: type
    mutable: bool
    """Made empty and filled later, so that it may hold itself."""
    take: Callable[[Any], object]
    """Its contents as a value of an exact builtin type; None when it has none."""
    fill: Callable[[Any, Any], object] | None = None
    """Puts the contents into an empty instance; None: they are given to `__new__`."""


class Items(list[Any]):
    """Keys and values in turn, of a class that extends dict: not a dict, for its keys may not be hashable yet."""


def _items(items: Any) -> Items:
    return Items([part for item in items for part in item])


def _fill_dict(found: Any, contents: list[Any]) -> None:
    for key, value in zip(contents[::2], contents[1::2], strict=True):
        dict.__setitem__(found, key, value)


def _fill_ordered(found: Any, contents: list[Any]) -> None:
    for key, value in zip(contents[::2], contents[1::2], strict=True):
        collections.OrderedDict.__setitem__(found, key, value)


def _complex(value: complex) -> tuple[float, float]:
    return (complex.real.__get__(value), complex.imag.__get__(value))


BASES: Final[dict[type, Base]] = {
    base.type: base
    for base in (
        Base("object", object, True, lambda value: None, lambda found, contents: None),
        Base("list", list, True, lambda value: [*list.__iter__(value)], list.extend),
        Base("dict", dict, True, lambda value: _items(dict.items(value)), _fill_dict),
        Base("set", set, True, lambda value: [*set.__iter__(value)], set.update),
        Base("bytearray", bytearray, True, lambda value: bytearray.__getitem__(value, slice(None)), bytearray.extend),
        Base(
            "deque",
            collections.deque,
            True,
            lambda value: [*collections.deque.__iter__(value)],
            collections.deque.extend,
        ),
        Base(
            "OrderedDict",
            collections.OrderedDict,
            True,
            lambda value: _items(collections.OrderedDict.items(value)),
            _fill_ordered,
        ),
        Base("defaultdict", collections.defaultdict, True, lambda value: _items(dict.items(value)), _fill_dict),
        Base("SimpleNamespace", types.SimpleNamespace, True, lambda value: None, lambda found, contents: None),
        Base("tuple", tuple, False, lambda value: (*tuple.__iter__(value),)),
        Base("frozenset", frozenset, False, lambda value: (*frozenset.__iter__(value),)),
        Base("str", str, False, str.__str__),
        Base("int", int, False, int.__index__),
        Base("float", float, False, float.__float__),
        Base("bytes", bytes, False, lambda value: bytes.__getitem__(value, slice(None))),
        Base("complex", complex, False, _complex),
    )
}
NAMED_BASES: Final = {base.name: base for base in BASES.values()}


class Layout(msgspec.Struct, frozen=True):
    """How instances of one class are read."""

    base: Base
    slots: tuple[tuple[str, Any], ...]
    """Names and descriptors of `__slots__`, of all classes it extends."""
    has_dict: bool


_layouts: WeakKeyDictionary[type, Layout | None] = WeakKeyDictionary()


def layout_of(cls: type) -> Layout | None:
    """The layout of a class written in Python over a base we know; None: its instances hold what we can't see."""
    try:
        return _layouts[cls]
    except KeyError:
        layout = _layouts[cls] = _lay_out(cls)
        return layout


def _lay_out(cls: type) -> Layout | None:
    if issubclass(cls, (type, BaseException, enum.Enum)):
        return None
    slots: list[tuple[str, Any]] = []
    for owner in type.mro(cls) if type(cls) is type else cls.__mro__:
        if owner in BASES:
            base = BASES[owner]
            has_dict = cls.__dictoffset__ != 0
            return Layout(base, tuple(slots), has_dict)
        if not is_python_class(owner):
            return None
        slots += slots_of(owner)
    return None


def is_python_class(cls: type) -> bool:
    """Whether a class was made by a class statement, so that `__dict__` and slots are all its instances hold."""
    if not cls.__flags__ & _HEAP_TYPE:
        return False
    for name, value in type.__getattribute__(cls, "__dict__").items():
        if isinstance(value, _OWNED_BY_C) and value.__objclass__ is cls and name not in ("__dict__", "__weakref__"):
            return False
        if name == "__new__" and isinstance(value, types.BuiltinFunctionType):
            return False
    return True


def slots_of(owner: type) -> list[tuple[str, Any]]:
    """Names and descriptors of the slots that one class adds."""
    return [
        (name, value)
        for name, value in type.__getattribute__(owner, "__dict__").items()
        if isinstance(value, types.MemberDescriptorType) and value.__objclass__ is owner
    ]


def attributes_of(value: object, layout: Layout) -> dict[str, object]:
    """What an instance holds in `__dict__` and slots, without calling anything of its class."""
    found: dict[str, object] = {}
    if layout.has_dict:
        found.update(object.__getattribute__(value, "__dict__"))
    for name, slot in layout.slots:
        try:
            found[name] = slot.__get__(value)
        except AttributeError:
            continue
    return found


def set_attributes(value: object, layout: Layout, attributes: Iterable[tuple[str, object]]) -> None:
    """Puts attributes back as `attributes_of` took them; those without a place any more are left out."""
    slots = dict(layout.slots)
    held = object.__getattribute__(value, "__dict__") if layout.has_dict else None
    for name, attribute in attributes:
        if name in slots:
            slots[name].__set__(value, attribute)
        elif held is not None:
            held[name] = attribute
