"""The short list of standard types that are stored as data: what each is taken apart into, and built again from.

Apart because it is a table, and the only place that decides what may be built from stored bytes besides the program's
own classes. Every constructor in it computes, and calls nothing that it is given; `ZoneInfo` reads the system's zone of
a name.
"""

from __future__ import annotations

import abc
import array
import builtins
import collections
import datetime
import decimal
import enum
import fractions
import functools
import io
import itertools
import operator
import pathlib
import random
import re
import struct
import types
import typing
import uuid
import weakref
import zoneinfo
from collections.abc import Callable
from typing import Any, Final

import msgspec

from playbooks.checkpoints.node import NotStorable


class Shape(msgspec.Struct, frozen=True):
    """A standard type: its parts may be any values, which are built before it is."""

    name: str
    type: type
    take: Callable[[Any], tuple[object, ...]]
    make: Callable[..., object]


def _path(cls: type[pathlib.PurePath]) -> Shape:
    return Shape(cls.__name__, cls, lambda value: (str(value),), cls)


def _count(value: Any) -> tuple[object, ...]:
    """Start and step, of whole numbers: its `__reduce__` is deprecated, and its text says the same."""
    try:
        found = re.fullmatch(r"count\((-?\d+)(?:, (-?\d+))?\)", repr(value))
    except ValueError:  # more digits than Python writes
        found = None
    if found is None:
        raise NotStorable("it does not count whole numbers")
    return (int(found[1]), int(found[2] or 1))


def _partial(function: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> object:
    return functools.partial(function, *arguments, **named)


def _alias(origin: Any, arguments: tuple[Any, ...]) -> object:
    return types.GenericAlias(origin, arguments)


def _union(*parts: Any) -> object:
    return functools.reduce(lambda left, right: left | right, parts)


_MATCHES: Final[dict[str, Callable[..., re.Match[Any] | None]]] = {
    "search": lambda pattern, text, start, pos, end: pattern.search(text, pos, end),
    "fullmatch": lambda pattern, text, start, pos, end: pattern.fullmatch(text, pos, end),
    "match": lambda pattern, text, start, pos, end: pattern.match(text, start, end),  # of `finditer`: its `pos` is lost
}


def _match(value: re.Match[Any]) -> tuple[object, ...]:
    """What to match again, and how so that the same comes of it: which of them it was is not told."""
    parts = (value.re, value.string, value.start(), value.pos, value.endpos)
    for how, again in _MATCHES.items():
        if (found := again(*parts)) is not None and found.regs == value.regs:
            return (how, *parts)
    raise NotStorable("what it matched is not there any more")


def _matched(how: str, *parts: Any) -> object:
    return _MATCHES[how](*parts)


def _method_call(value: Any) -> tuple[object, ...]:
    """Name, arguments and those by name: its reduction has them in one of two ways."""
    made, arguments = value.__reduce__()
    if isinstance(made, functools.partial):
        return (made.args[0], arguments, made.keywords)
    name, *rest = arguments
    return (name, tuple(rest), {})


def _call_method(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> object:
    return operator.methodcaller(name, *arguments, **named)


def _forward(name: str, is_argument: bool, is_class: bool) -> object:
    return typing.ForwardRef(name, is_argument, is_class=is_class)


def _weak_items(value: weakref.WeakKeyDictionary[Any, Any]) -> tuple[object, ...]:
    return tuple(part for item in value.items() for part in item)


def _weak(*parts: Any) -> object:
    return weakref.WeakKeyDictionary(zip(parts[::2], parts[1::2], strict=True))


def _random(value: random.Random) -> tuple[object, ...]:
    version, words, gauss = value.getstate()
    return (version, struct.pack(f"<{len(words)}I", *words), gauss)


def _seeded(version: int, words: bytes, gauss: float | None) -> object:
    made = random.Random(0)
    made.setstate((version, struct.unpack(f"<{len(words) // 4}I", words), gauss))
    return made


def _file(parts: int) -> Callable[[Any], tuple[object, ...]]:
    """Takes so many parts of a file's state; of a closed one there is none."""
    return lambda value: () if value.closed else value.__getstate__()[:parts]


def _text_file(*state: Any) -> object:
    made: Any = io.StringIO("", state[1] if state else None)
    if state:
        made.__setstate__((*state, None))
    else:
        made.close()
    return made


def _bytes_file(*state: Any) -> object:
    made: Any = io.BytesIO()
    if state:
        made.__setstate__((*state, None))
    else:
        made.close()
    return made


_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond", "tzinfo", "fold")


def _fields(*names: str) -> Callable[[Any], tuple[object, ...]]:
    return lambda value: tuple(getattr(value, name) for name in names)


def _datetime(*parts: Any) -> datetime.datetime:
    *first, fold = parts
    return datetime.datetime(*first, fold=fold)


def _time(*parts: Any) -> datetime.time:
    *first, fold = parts
    return datetime.time(*first, fold=fold)


def _type_variable(value: Any) -> tuple[object, ...]:
    return (value.__name__, value.__bound__, value.__covariant__, value.__contravariant__, *value.__constraints__)


def _make_type_variable(name: str, bound: Any, covariant: bool, contravariant: bool, *constraints: Any) -> object:
    return typing.TypeVar(name, *constraints, bound=bound, covariant=covariant, contravariant=contravariant)


_SHAPES: Final = (
    Shape("complex", complex, lambda value: (value.real, value.imag), complex),
    Shape("range", range, _fields("start", "stop", "step"), range),
    Shape("slice", slice, _fields("start", "stop", "step"), slice),
    Shape("Decimal", decimal.Decimal, lambda value: (str(value),), decimal.Decimal),
    Shape("Fraction", fractions.Fraction, _fields("numerator", "denominator"), fractions.Fraction),
    Shape("datetime", datetime.datetime, _fields(*_DATE, *_TIME), _datetime),
    Shape("date", datetime.date, _fields(*_DATE), datetime.date),
    Shape("time", datetime.time, _fields(*_TIME), _time),
    Shape("timedelta", datetime.timedelta, _fields("days", "seconds", "microseconds"), datetime.timedelta),
    Shape("timezone", datetime.timezone, lambda value: value.__getinitargs__(), datetime.timezone),
    Shape("ZoneInfo", zoneinfo.ZoneInfo, _fields("key"), zoneinfo.ZoneInfo),
    Shape("UUID", uuid.UUID, lambda value: (value.hex,), uuid.UUID),
    *(_path(cls) for cls in (pathlib.PurePosixPath, pathlib.PureWindowsPath, type(pathlib.Path()))),
    Shape("Pattern", re.Pattern, _fields("pattern", "flags"), re.compile),
    Shape("partial", functools.partial, _fields("func", "args", "keywords"), _partial),
    Shape("GenericAlias", types.GenericAlias, _fields("__origin__", "__args__"), _alias),
    Shape("UnionType", types.UnionType, lambda value: value.__args__, _union),
    Shape(
        "ForwardRef",
        typing.ForwardRef,
        _fields("__forward_arg__", "__forward_is_argument__", "__forward_is_class__"),
        _forward,
    ),
    Shape("TypeVar", typing.TypeVar, _type_variable, _make_type_variable),
    Shape("ParamSpec", typing.ParamSpec, _fields("__name__"), typing.ParamSpec),
    Shape("TypeVarTuple", typing.TypeVarTuple, _fields("__name__"), typing.TypeVarTuple),
    Shape("count", itertools.count, _count, itertools.count),
    Shape("object", object, lambda value: (), object),
    *(
        Shape(cls.__name__, cls, lambda value: value.__reduce__()[1], cls)
        for cls in (operator.itemgetter, operator.attrgetter)
    ),
    Shape("methodcaller", operator.methodcaller, _method_call, _call_method),
    Shape("WeakKeyDictionary", weakref.WeakKeyDictionary, _weak_items, _weak),
    Shape("Match", re.Match, _match, _matched),
    Shape("Random", random.Random, _random, _seeded),
    Shape("StringIO", io.StringIO, _file(3), _text_file),
    Shape("BytesIO", io.BytesIO, _file(2), _bytes_file),
    Shape("array", array.array, lambda value: (value.typecode, value.tolist()), array.array),
)
SHAPES: Final = {shape.type: shape for shape in _SHAPES}
NAMED_SHAPES: Final = {shape.name: shape for shape in SHAPES.values()}

SINGLES: Final[dict[str, object]] = {"Ellipsis": ..., "NotImplemented": NotImplemented}

_NOT_STORED = {"breakpoint", "compile", "eval", "exec", "exit", "help", "input", "open", "quit", "__import__"}
BUILTINS: Final = {
    name: value
    for name, value in vars(builtins).items()
    if not name.startswith("_")
    and name not in _NOT_STORED
    and isinstance(value, (type, types.BuiltinFunctionType))
    and value.__name__ == name  # the aliases of OSError go under their own name
}
"""Builtin functions and types by name."""
BUILTINS["NoneType"] = type(None)
BUILTIN_NAMES: Final = {id(value): name for name, value in BUILTINS.items()}

STANDARD_CLASSES: Final[dict[tuple[str, str], type]] = {
    (cls.__module__, cls.__qualname__): cls
    for cls in (
        *(shape.type for shape in SHAPES.values() if shape.type.__module__ not in ("builtins", "types")),
        collections.OrderedDict,
        collections.defaultdict,
        collections.Counter,
        collections.deque,
        types.SimpleNamespace,
        pathlib.PurePath,
        pathlib.Path,
        *(enum.Enum, enum.IntEnum, enum.StrEnum, enum.Flag, enum.IntFlag, abc.ABC),
    )
}
"""Classes outside the program that stored values may be of or name."""
