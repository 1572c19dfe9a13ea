"""Classes that model code defined ↔ bases and attributes; their class statement is kept to be read, and not run again.

Apart because a class is built in two steps: an empty one first, so that instances, methods and `super()` may refer to
it, then its attributes. What a dataclass generates is generated again; an enumeration is made whole, from its members.
"""

from __future__ import annotations

import abc
import builtins
import collections
import dataclasses
import enum
import types
import typing
from typing import Any, Final

from playbooks.checkpoints.definitions import as_data
from playbooks.checkpoints.layout import slots_of
from playbooks.checkpoints.node import NotStorable, Taken
from playbooks.checkpoints.world import MODEL, World

_METACLASSES: Final[dict[str, Any]] = {
    meta.__name__: meta
    for meta in (type, abc.ABCMeta, enum.EnumType, type(typing.Protocol), typing._TypedDictMeta)  # type: ignore[attr-defined]
}
STANDS: Final = "__stands__"
"""What the metaclass has of a class that stands for a module's own: a class that extends it has it from there."""
_NEW: Final[dict[str, Any]] = {"_ProtocolMeta": abc.ABCMeta.__new__, "_TypedDictMeta": type.__new__}
"""What makes a class of a metaclass that would ask its body for more than is there yet."""
_MADE_BY_PYTHON: Final = frozenset(
    {
        "__dict__",
        "__weakref__",
        "__module__",
        "__qualname__",
        "_abc_impl",
        "__dataclass_fields__",
        "__dataclass_params__",
    }
)
_ADDED_BY_TYPING: Final = frozenset({"__annotations__", "__orig_bases__"})
_SPECIAL: Final[dict[str, Any]] = {
    "_FIELD_CLASSVAR": typing.ClassVar[object],
    "_FIELD_INITVAR": dataclasses.InitVar[object],
}
_FIELD: Final = ("name", "type", "default", "default_factory", "init", "repr", "hash", "compare", "metadata", "kw_only")


def is_models(cls: type, world: World | None) -> bool:
    """Whether model code made this class, by a class statement or by `namedtuple`."""
    return _is_named_tuple(cls) or (world is not None and world.definition(cls) is not None)


def _is_named_tuple(cls: type) -> bool:
    return cls.__bases__ == (tuple,) and "_fields" in vars(cls) and "_make" in vars(cls)


def take_class(cls: type, world: World | None) -> Taken:
    """A class of model code taken apart.

    Raises:
        NotStorable: It is not model code's, or of a kind that can't be built again.
    """
    definition = world.definition(cls) if world is not None else None
    if _is_named_tuple(cls):
        return _take_named_tuple(cls)
    if definition is None:
        raise NotStorable("a class whose source is not known")
    meta = type if hasattr(type(cls), STANDS) else type(cls)
    metaclass = meta.__name__
    if _METACLASSES.get(metaclass) is not meta:
        raise NotStorable(f"its metaclass is {metaclass}")
    attributes = _members(cls) if isinstance(cls, enum.EnumType) else _attributes(cls)
    slots = vars(cls).get("__slots__")
    kept_slots = tuple([slots] if isinstance(slots, str) else slots) if slots is not None else None
    fields, options = _dataclass(cls)
    what = (
        *as_data(definition),
        metaclass,
        cls.__name__,
        cls.__qualname__,
        cls.__module__,
        kept_slots,
        options,
        tuple(attributes),
    )
    return ("class statement", what, (cls.__bases__, fields, *attributes.values()))


def _attributes(cls: type) -> dict[str, object]:
    slots = {name for name, _ in slots_of(cls)} | {"__slots__"}
    is_dataclass, is_protocol = "__dataclass_fields__" in vars(cls), type(cls).__name__ == "_ProtocolMeta"
    found = {}
    for name, value in vars(cls).items():
        if name in _MADE_BY_PYTHON or name in slots:
            continue
        if (is_dataclass or is_protocol) and _is_generated(name, value):
            continue
        found[name] = value
    return found


def _is_generated(name: str, value: object) -> bool:
    """What `dataclass` or `Protocol` wrote, which it writes again."""
    function = value.__func__ if isinstance(value, classmethod) else value  # `__subclasshook__`, since Python 3.12
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    return name == "__match_args__" or (
        isinstance(function, types.FunctionType) and code is not None and not code.co_filename.startswith(MODEL)
    )


def _members(cls: enum.EnumType) -> dict[str, object]:
    """Members by value, aliases too, then what else the body defined."""
    members: dict[str, Any] = dict(cls.__members__)
    found: dict[str, object] = {name: vars(member)["_value_"] for name, member in members.items()}
    for name, value in vars(cls).items():
        if name in found or name == "_generate_next_value_":
            continue
        code = getattr(getattr(value, "__func__", value), "__code__", None)
        pythons_own = name.startswith("_") and name.endswith("_")
        if code.co_filename.startswith(MODEL) if code is not None else not pythons_own:
            found[name] = value
    return found


def _dataclass(cls: type) -> tuple[list[dict[str, Any]] | None, tuple[tuple[str, bool], ...] | None]:
    if "__dataclass_fields__" not in vars(cls):
        return None, None
    fields = []
    for field in vars(cls)["__dataclass_fields__"].values():
        kept = {name: getattr(field, name) for name in _FIELD if getattr(field, name) is not dataclasses.MISSING}
        kept["metadata"] = dict(kept["metadata"]) or None
        if not isinstance(kept["type"], str) and not _is_builtin(kept["type"]):
            kept["type"] = getattr(kept["type"], "__name__", str(kept["type"]))
        kept["kind"] = field._field_type.name
        fields.append(kept)
    params = vars(cls)["__dataclass_params__"]
    return fields, tuple(
        (name, bool(getattr(params, name))) for name in ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
    )


def _is_builtin(annotation: object) -> bool:
    return isinstance(annotation, type) and vars(builtins).get(annotation.__name__) is annotation


def _take_named_tuple(cls: Any) -> Taken:
    bare = make_named_tuple((cls.__name__, cls.__name__, None, cls._fields, ()))
    # `bare` is held, for the `vars` of a class that is collected are emptied.
    plain = vars(bare)
    added = {name: value for name, value in vars(cls).items() if name not in plain and name not in _ADDED_BY_TYPING}
    notes = vars(cls).get("__annotations__")
    if notes and all(isinstance(note, str) or _is_builtin(note) for note in notes.values()):
        added["__annotations__"] = notes
    what = (cls.__name__, cls.__qualname__, cls.__module__, tuple(cls._fields), tuple(added))
    return ("named tuple", what, (dict(cls._field_defaults), *added.values()))


def make_named_tuple(what: tuple[Any, ...]) -> type:
    """A class as `namedtuple` makes it, without defaults."""
    name, qualname, module, fields, _ = what
    made: type = collections.namedtuple(name, fields, module=module)  # type: ignore[misc]
    made.__qualname__ = qualname
    return made


def fill_named_tuple(cls: Any, what: tuple[Any, ...], defaults: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Gives a named tuple its defaults and its methods."""
    cls._field_defaults = defaults
    cls.__new__.__defaults__ = tuple(defaults[field] for field in what[3] if field in defaults)
    for name, value in attributes.items():
        type.__setattr__(cls, name, value)


def is_enumeration(what: tuple[Any, ...]) -> bool:
    """Whether the class has to be made whole."""
    return bool(what[4] == "EnumType")


def make_enumeration(what: tuple[Any, ...], bases: tuple[type, ...], attributes: dict[str, Any]) -> type:
    """An enumeration with its members; an `__init__` of its own is called, for that is how members are made."""
    _, _, _, _, _, name, qualname, module, *_ = what
    body: Any = enum.EnumType.__prepare__(name, bases)
    body["__module__"], body["__qualname__"] = module, qualname
    for key, value in attributes.items():
        body[key] = value
    return enum.EnumType(name, bases, body)


def make_class(what: tuple[Any, ...], bases: tuple[type, ...]) -> type:
    """The empty class: no method of a base made here runs, for those have none yet."""
    _, _, _, _, metaclass, name, qualname, module, slots, *_ = what
    body: dict[str, Any] = {"__module__": module, "__qualname__": qualname}
    if slots is not None:
        body["__slots__"] = slots
    if typing.Generic in bases:  # else it takes them for the bases as written
        body["__orig_bases__"] = ()
    meta = _METACLASSES[metaclass]
    made: type = _NEW[metaclass](meta, name, bases, body) if metaclass in _NEW else meta(name, bases, body)
    return made


def fill_class(
    cls: type, what: tuple[Any, ...], fields: list[dict[str, Any]] | None, attributes: dict[str, Any]
) -> None:
    """Gives a class its attributes, and has a dataclass generate its methods."""
    for name, value in attributes.items():
        type.__setattr__(cls, name, value)
    if fields is not None:
        _generate(cls, fields, dict(what[9]), set(attributes))


def _generate(cls: type, fields: list[dict[str, Any]], options: dict[str, bool], own: set[str]) -> None:
    """Takes over what `dataclass` generates for a class of the same fields: called on this one, it would see the
    defaults of a class with slots nowhere, and methods set since."""
    body: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__annotations__": {}}
    types_of: dict[str, Any] = {}
    for kept in fields:
        kept = dict(kept)
        name, kind, of = kept.pop("name"), kept.pop("kind"), kept.pop("type")
        types_of[name] = of
        # Not the text: `dataclass` would look it up in modules that may not be there.
        body["__annotations__"][name] = _SPECIAL.get(kind, object)
        if kind == "_FIELD":
            body[name] = dataclasses.field(**kept)
        elif "default" in kept:
            body[name] = kept["default"]
    if "__post_init__" in own or hasattr(cls, "__post_init__"):
        body["__post_init__"] = lambda self: None  # only tells `dataclass` to call it
    model: type = dataclasses.dataclass(**options)(type(cls.__name__, (), body))
    for name, field in vars(model)["__dataclass_fields__"].items():
        field.type = types_of[name]
    for name, value in vars(model).items():
        generated = isinstance(value, types.FunctionType) and name != "__post_init__"
        if (generated and name not in own) or name in (
            "__match_args__",
            "__dataclass_fields__",
            "__dataclass_params__",
        ):
            for cell in getattr(value, "__closure__", None) or () if generated else ():
                if cell.cell_contents is model:
                    cell.cell_contents = cls
            type.__setattr__(cls, name, value)
