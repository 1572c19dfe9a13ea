"""Exceptions ↔ class, arguments, attributes, cause and notes.

Apart because half of an exception's state is in C: each builtin family takes its arguments in its own way.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from typing import Any, Final

from playbooks.checkpoints.layout import is_python_class, slots_of
from playbooks.checkpoints.node import Taken
from playbooks.checkpoints.placeholder import LostError

_STANDARD: Final[dict[tuple[str, str], type[BaseException]]] = {
    (cls.__module__, cls.__qualname__): cls
    for cls in (
        *(value for value in vars(builtins).values() if isinstance(value, type) and issubclass(value, BaseException)),
        LostError,
    )
}
_LATE: Final = frozenset(
    {
        ("json.decoder", "JSONDecodeError"),
        ("asyncio.exceptions", "CancelledError"),
        ("asyncio.exceptions", "InvalidStateError"),
        ("asyncio.exceptions", "IncompleteReadError"),
        ("asyncio.queues", "QueueEmpty"),
        ("asyncio.queues", "QueueFull"),
    }
)
"""Of modules that are not imported only to be able to say so."""
_EXTRA: Final[dict[type[BaseException], tuple[str, ...]]] = {
    ImportError: ("name", "path"),
    NameError: ("name",),
    AttributeError: ("name",),
}
"""What a builtin family holds beside its arguments."""
_ARGUMENTS: Any = vars(BaseException)["args"]


def is_standard(cls: type) -> bool:
    """Whether a class is an exception outside the program that can be built again."""
    name = (getattr(cls, "__module__", ""), cls.__qualname__)
    if name in _LATE:
        return vars(sys.modules.get(name[0], sys)).get(name[1]) is cls
    return _STANDARD.get(name) is cls


def find_standard(name: tuple[str, str]) -> type[BaseException] | None:
    """The exception of that module and name; None when it is none that can be built again."""
    if name in _LATE:
        found: type[BaseException] = getattr(importlib.import_module(name[0]), name[1])
        return found
    return _STANDARD.get(name)


def take(value: BaseException, known: bool) -> Taken:
    """An exception taken apart; of one whose class is not known only what can be told of it."""
    cls = type(value)
    native = _native(cls)
    arguments = OSError.__reduce__(value)[1] if issubclass(native, OSError) else _ARGUMENTS.__get__(value)
    attributes = dict(object.__getattribute__(value, "__dict__"))
    for owner in cls.__mro__:
        if is_python_class(owner):
            for name, slot in slots_of(owner):
                try:
                    attributes[name] = slot.__get__(value)
                except AttributeError:
                    continue
    for family, names in _EXTRA.items():
        if issubclass(native, family):
            attributes.update((name, vars(family)[name].__get__(value)) for name in names)
    if (context := BaseException.__dict__["__context__"].__get__(value)) is not None:
        attributes["__context__"] = context
    suppressed = BaseException.__dict__["__suppress_context__"].__get__(value)
    cause = BaseException.__dict__["__cause__"].__get__(value)
    what = (cls.__module__, cls.__qualname__, suppressed, tuple(attributes))
    return ("exception", what, (cls if known else None, arguments, cause, *attributes.values()))


def _native(cls: type[BaseException]) -> type[BaseException]:
    return next(owner for owner in cls.__mro__ if not is_python_class(owner))


def needs_arguments(cls: type) -> bool:
    """Whether an exception of this class can't be made before its arguments are."""
    return issubclass(cls, (OSError, BaseExceptionGroup))


def make(cls: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    """A new exception, without calling a method of the program's own class."""
    native = _native(cls)
    try:
        made = native.__new__(cls, *arguments)
    except TypeError:  # a subclass that takes others than its family does
        made = BaseException.__new__(cls)
    fill_arguments(made, arguments)
    return made


def fill_arguments(value: BaseException, arguments: tuple[Any, ...]) -> None:
    """Gives an exception its arguments, as its builtin family takes them."""
    native = _native(type(value))
    if native is not OSError and not issubclass(native, OSError):
        try:
            native.__init__(value, *arguments)
        except TypeError:
            _ARGUMENTS.__set__(value, arguments)


def fill(value: BaseException, cause: BaseException | None, suppressed: bool, attributes: dict[str, Any]) -> None:
    """Gives an exception its cause, notes and attributes."""
    BaseException.__dict__["__cause__"].__set__(value, cause)
    BaseException.__dict__["__suppress_context__"].__set__(value, suppressed)
    own = {name: slot for owner in type(value).__mro__ if is_python_class(owner) for name, slot in slots_of(owner)}
    for family, names in _EXTRA.items():
        if isinstance(value, family):
            own.update((name, vars(family)[name]) for name in names)
    if isinstance(context := attributes.pop("__context__", None), BaseException):
        BaseException.__dict__["__context__"].__set__(value, context)
    held = object.__getattribute__(value, "__dict__")
    for name, attribute in attributes.items():
        if name in own:
            own[name].__set__(value, attribute)
        else:
            held[name] = attribute
