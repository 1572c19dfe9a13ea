"""Functions that model code defined ↔ source, defaults, closure values and attributes.

Apart from other values because a function's code is not stored: it is compiled again from the source, which runs
nothing.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any, Final

from playbooks.checkpoints.node import NotStorable, Taken
from playbooks.checkpoints.world import MODEL, Definition, World, define, find_code

_LRU: Final = type(functools.lru_cache(len))
_LIBRARY: Final = "library "
"""Begins the origin of a function that a library defined."""
DESCRIPTORS: Final = (types.MethodDescriptorType, types.WrapperDescriptorType)


def take_function(value: types.FunctionType, world: World | None) -> Taken:
    """A function of model code taken apart.

    Raises:
        NotStorable: No source is known for it.
    """
    code = value.__code__
    if not code.co_filename.startswith(MODEL):
        definition = _in_library(value)
        if definition is None:
            raise NotStorable("a function that neither the model nor the program defined")
    else:
        definition = world.definition(value) if world is not None else None
    if definition is None:
        raise NotStorable("a function whose source is not known")
    attributes = dict(value.__dict__)
    if value.__doc__ != (code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None):
        attributes["__doc__"] = value.__doc__
    if value.__module__ != value.__globals__.get("__name__"):
        attributes["__module__"] = value.__module__
    cells = value.__closure__ or ()
    what = (*as_data(definition), value.__name__, value.__qualname__, len(cells), tuple(attributes))
    annotations = {name: part for name, part in value.__annotations__.items() if _is_simple(part)} or None
    parts = (value.__defaults__, value.__kwdefaults__, annotations, *cells, *attributes.values())
    return ("function", what, parts)


def _in_library(value: types.FunctionType) -> Definition | None:
    """Where a library defines a function within another, as `contextmanager` does; None when it is not found again."""
    module, outer = value.__globals__.get("__name__"), _outer(value.__globals__, value.__code__.co_qualname)
    if outer is None or sys.modules.get(str(module)) is None or vars(sys.modules[str(module)]) is not value.__globals__:
        return None
    return define("", outer.__code__, value.__code__, f"{_LIBRARY}{module}")


def _outer(names: dict[str, Any], qualname: str) -> types.FunctionType | None:
    name, within, _ = qualname.partition(".<locals>.")
    found = names.get(name)
    return found if within and isinstance(found, types.FunctionType) else None


def take_imported(value: Any) -> Taken | None:
    """A function or class that a loaded module has under its name, `from math import sqrt`; None when none has."""
    module: object
    qualname: object
    if isinstance(value, DESCRIPTORS):  # `dict.__getitem__`
        module, qualname = value.__objclass__.__module__, value.__qualname__
    elif getattr(type(value), "__module__", "") == "typing":  # `Optional`
        module, qualname = "typing", getattr(value, "_name", None)
    else:
        module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if type(module) is not str or type(qualname) is not str or held(sys.modules.get(module), qualname) is not value:
        return None
    return ("imported", (module, qualname), ())


def held(found: Any, qualname: str) -> Any:
    """What a module has under a dotted name, without a `__getattr__` of its own being called; None when nothing."""
    for part in qualname.split("."):
        if not isinstance(found, (types.ModuleType, type)):
            return None
        found = vars(found).get(part)
    return found


def as_data(definition: Definition) -> tuple[str, str, int, str]:
    """A definition as a node holds it."""
    return (definition.source, definition.name, definition.nth, definition.origin)


def _is_simple(annotation: object) -> bool:
    """Annotations are not worth a placeholder: those that are no plain class or text are left out."""
    return (
        annotation is None
        or isinstance(annotation, str)
        or (isinstance(annotation, type) and annotation.__module__ == "builtins")
    )


def make_function(what: tuple[Any, ...], cells: tuple[Any, ...], world: World) -> types.FunctionType:
    """A function built again, still without defaults and attributes.

    Raises:
        LookupError, SyntaxError: Its code is not to be had from the source.
    """
    source, name, nth, origin, own_name, qualname, *_ = what
    definition = Definition(source, name, nth, origin)
    if not source and origin.startswith(_LIBRARY):
        code, names = _from_library(definition, world)
    else:
        code, names = world.compile_function(definition)
    function = types.FunctionType(code, names, own_name, None, cells or None)
    function.__qualname__ = qualname
    return function


def _from_library(definition: Definition, world: World) -> tuple[types.CodeType, dict[str, Any]]:
    module = definition.origin.removeprefix(_LIBRARY)
    try:
        names = vars(world.import_module(module))
    except ImportError as error:
        raise LookupError(f"there is no module {module}") from error
    if (outer := _outer(names, definition.name)) is None:
        raise LookupError(f"{module} defines no {definition.name}")
    return find_code(outer.__code__, definition), names


def fill_function(
    function: types.FunctionType,
    defaults: tuple[Any, ...] | None,
    keyword_defaults: dict[str, Any] | None,
    annotations: dict[str, Any] | None,
    attributes: dict[str, Any],
) -> None:
    """Gives a function what it was defined and changed with."""
    function.__defaults__, function.__kwdefaults__ = defaults, keyword_defaults
    if annotations:
        function.__annotations__ = annotations
    for name in ("__doc__", "__module__"):
        if name in attributes:
            setattr(function, name, attributes.pop(name))
    function.__dict__.update(attributes)


def _take_lru(graph: object, value: Any) -> Taken:
    """A memoized function; its memo is left behind, for a cache may always be empty."""
    parameters = value.cache_parameters()
    return ("wrapper", "lru_cache", (value.__wrapped__, parameters["maxsize"], parameters["typed"]))


WRAPPERS: Final[dict[type, Callable[[Any, Any], Taken]]] = {
    staticmethod: lambda graph, value: ("wrapper", "staticmethod", (value.__func__,)),
    classmethod: lambda graph, value: ("wrapper", "classmethod", (value.__func__,)),
    property: lambda graph, value: ("wrapper", "property", (value.fget, value.fset, value.fdel, value.__doc__)),
    functools.cached_property: lambda graph, value: ("wrapper", "cached_property", (value.func, value.attrname)),
    _LRU: _take_lru,
}


def _cached_property(function: Any, name: str | None) -> object:
    made: functools.cached_property[Any] = functools.cached_property(function)
    made.attrname = name
    return made


MAKE_WRAPPER: Final[dict[str, Callable[..., object]]] = {
    "staticmethod": staticmethod,
    "classmethod": classmethod,
    "property": property,
    "cached_property": _cached_property,
    "lru_cache": lambda function, size, typed: functools.lru_cache(size, typed)(function),
}
