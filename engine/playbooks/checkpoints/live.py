"""Stored nodes → the program's own objects again: only where a run goes on, and only through a `World`.

Apart from looking (`look`), which builds none of them. Instances are made by their builtin base's `__new__` and given
their attributes directly: no method of theirs runs.
"""

from __future__ import annotations

import collections
import enum
import types
from collections.abc import Callable, Sequence
from typing import Any

from playbooks.checkpoints import classes, definitions, exceptions, finished, walking
from playbooks.checkpoints.layout import NAMED_BASES, Base, layout_of, set_attributes
from playbooks.checkpoints.node import Node
from playbooks.checkpoints.placeholder import Lost, LostError, Placeholder
from playbooks.checkpoints.rebuild import MISSING, Rebuild
from playbooks.checkpoints.standard import BUILTINS, NAMED_SHAPES, SINGLES, STANDARD_CLASSES
from playbooks.checkpoints.world import World


class Live(Rebuild):
    """Builds real objects.

    Args:
        nodes: The table.
        world: The program they come back to.
        references: Of a live copy: the objects that could not be taken apart.
    """

    def __init__(self, nodes: list[Node], world: World, references: Sequence[object] = ()) -> None:
        super().__init__(nodes)
        self.world, self.references = world, references

    def build(self) -> object:
        """The value. All classes are made, empty, before any is filled: no base has an `__init_subclass__` yet."""
        for index, node in enumerate(self.nodes):
            if node[0] == "class statement":
                self.shell(index)
        return super().build()


def _gone(what: str, name: str) -> Placeholder:
    """Stands for something that was stored by name, when the program has it no more."""
    return Placeholder(Lost(what, name, "", f"the program has no {what} `{name}` any more"))


def _class(live: Live, what: tuple[str, str], values: list[Any]) -> object:
    module, qualname = what
    found = STANDARD_CLASSES.get(what) or exceptions.find_standard(what) or live.world.find_class(module, qualname)
    if found is None:  # of a library, which this process has not imported yet
        imported = _imported(live, what, values)
        found = imported if isinstance(imported, type) else None
    return found if found is not None else _gone("class", f"{module}.{qualname}")


def _builtin(live: Live, name: str, values: list[Any]) -> object:
    return BUILTINS[name]


def _named(live: Live, name: str, values: list[Any]) -> object:
    try:
        return live.world.named(name)
    except LookupError:
        return _gone("name", name)


def _module(live: Live, name: str, values: list[Any]) -> object:
    try:
        return live.world.import_module(name)
    except ImportError:
        return _gone("module", name)


def _imported(live: Live, what: tuple[str, str], values: list[Any]) -> object:
    module, qualname = what
    found = _module(live, module, values)
    if isinstance(found, types.ModuleType):
        found = definitions.held(found, qualname)
    return found if found is not None else _gone("name", f"{module}.{qualname}")


def _lost(live: Live, what: tuple[str, str, str, str], values: list[Any]) -> object:
    return Placeholder(Lost(*what))


def _reference(live: Live, index: int, values: list[Any]) -> object:
    return live.references[index]


def _method(live: Live, name: str, values: list[Any]) -> object:
    (owner,) = values
    if type(owner) is Placeholder:
        return owner
    mro = type.mro(owner) if isinstance(owner, type) else type(owner).__mro__
    found = next((vars(cls)[name] for cls in mro if name in vars(cls)), None)
    if isinstance(found, types.FunctionType):
        return types.MethodType(found, owner)
    if isinstance(found, classmethod):
        return types.MethodType(found.__func__, owner if isinstance(owner, type) else type(owner))
    if isinstance(found, types.MethodDescriptorType):
        return found.__get__(owner)
    return _gone("method", f"{type(owner).__name__}.{name}")


def _bound(live: Live, what: None, values: list[Any]) -> object:
    function, owner = values
    return function if type(function) is Placeholder else types.MethodType(function, owner)


def _first_lost(values: list[Any]) -> Placeholder | None:
    """What can't be made without a part that is lost is lost with it."""
    return next((value for value in values if type(value) is Placeholder), None)


def _made(name: str, values: list[Any], make: Callable[[], object]) -> object:
    """What is made of whole parts; where that fails here, on a machine without that time zone, it alone is lost."""
    if (lost := _first_lost(values)) is not None:
        return lost
    try:
        return make()
    except Exception as error:
        return Placeholder(Lost(name, "", "", f"{type(error).__name__}: {error}"))


def _shape(live: Live, name: str, values: list[Any]) -> object:
    shape = NAMED_SHAPES[name]
    return _made(name, values, lambda: shape.make(*values))


# -- instances --------------------------------------------------------------------------------------------------------


def _fits(cls: type, base: Base) -> bool:
    """Whether a class still extends what it did when its instance was stored."""
    layout = layout_of(cls)
    return layout is not None and layout.base is base


def _empty_instance(live: Live, what: tuple[str, tuple[str, ...]], children: tuple[Any, ...]) -> object:
    cls = live.now(children[0])
    if type(cls) is Placeholder:
        return cls
    base = NAMED_BASES[what[0]]
    if base.mutable and not _fits(cls, base):
        return _gone("class", f"{cls.__qualname__}` over `{base.name}")
    new: Any = base.type.__new__
    return new(cls) if base.mutable else MISSING


def _make_instance(live: Live, what: tuple[str, tuple[str, ...]], values: list[Any]) -> object:
    cls, contents, *attributes = values
    base = NAMED_BASES[what[0]]
    if not _fits(cls, base):
        return _gone("class", f"{cls.__qualname__}` over `{base.name}")
    arguments = contents if base.name == "complex" else (contents,)
    new: Any = base.type.__new__
    made = new(cls, *arguments)
    _set(made, cls, what[1], attributes)
    return made


def _fill_instance(live: Live, made: Any, what: tuple[str, tuple[str, ...]], values: list[Any]) -> None:
    if type(made) is Placeholder:
        return
    cls, contents, *attributes = values
    base, names = NAMED_BASES[what[0]], list(what[1])
    if not base.mutable:
        return
    if base.name in ("deque", "defaultdict"):
        names.pop()
        extra = attributes.pop()
        if base.name == "defaultdict":
            _FACTORY.__set__(made, extra)
        elif extra is not None:
            collections.deque.__init__(made, (), extra)
    _set(made, cls, tuple(names), attributes)
    if base.fill is None or contents is None:
        return
    fill: Callable[[Any, Any], object] = base.fill
    try:
        fill(made, contents)
    except Exception:  # a key that can't be hashed before it is filled itself
        live.last.append(lambda: fill(made, contents))


_FACTORY: Any = vars(collections.defaultdict)["default_factory"]


def _set(made: object, cls: type, names: tuple[str, ...], attributes: list[Any]) -> None:
    layout = layout_of(cls)
    if layout is not None:
        set_attributes(made, layout, zip(names, attributes, strict=True))


def _member(live: Live, name: str, values: list[Any]) -> object:
    (cls,) = values
    if type(cls) is Placeholder:
        return cls
    members = cls.__members__
    return members[name] if name in members else _gone("member", f"{cls.__name__}.{name}")


def _flags(live: Live, what: None, values: list[Any]) -> object:
    cls, value = values
    if type(cls) is Placeholder or not issubclass(cls, enum.Flag):
        return _gone("member", f"{cls!r}")
    return cls(value)


# -- exceptions -------------------------------------------------------------------------------------------------------


def _exception_class(live: Live, slot: Any) -> type[BaseException]:
    cls = live.now(slot)
    return cls if isinstance(cls, type) and issubclass(cls, BaseException) else LostError


def _empty_exception(live: Live, what: tuple[Any, ...], children: tuple[Any, ...]) -> object:
    cls = _exception_class(live, children[0])
    return MISSING if exceptions.needs_arguments(cls) else exceptions.make(cls, ())


def _make_exception(live: Live, what: tuple[Any, ...], values: list[Any]) -> object:
    made = exceptions.make(values[0], values[1])
    _fill_exception(live, made, what, values)
    return made


def _fill_exception(live: Live, made: BaseException, what: tuple[Any, ...], values: list[Any]) -> None:
    cls, arguments, cause, *attributes = values
    module, qualname, suppressed, names = what
    held = dict(zip(names, attributes, strict=True))
    if type(made) is LostError and cls is not LostError:
        exceptions.fill_arguments(made, (f"{module}.{qualname}".removeprefix("builtins."), *arguments))
    elif not exceptions.needs_arguments(type(made)):
        exceptions.fill_arguments(made, arguments)
    exceptions.fill(made, cause if isinstance(cause, BaseException) else None, suppressed, held)


# -- iterators --------------------------------------------------------------------------------------------------------


def _iterator(live: Live, what: tuple[Any, ...], values: list[Any]) -> object:
    return _made("iterator", values, lambda: walking.make_iterator(what, values, live.last))


def _tool(live: Live, what: tuple[str, int, bool], values: list[Any]) -> object:
    return _made("iterator", values, lambda: walking.make_tool(what, values))


def _view(live: Live, name: str, values: list[Any]) -> object:
    return _made(name, values, lambda: walking.make_view(name, values))


# -- definitions ------------------------------------------------------------------------------------------------------


def _empty_cell(live: Live, what: None, children: tuple[Any, ...]) -> object:
    return types.CellType()


def _fill_cell(live: Live, made: types.CellType, what: None, values: list[Any]) -> None:
    if values:
        made.cell_contents = values[0]


def _empty_function(live: Live, what: tuple[Any, ...], children: tuple[Any, ...]) -> object:
    count = what[6]
    cells = tuple([live.now(slot) for slot in children[3 : 3 + count]])
    try:
        return definitions.make_function(what, cells, live.world)
    except (LookupError, SyntaxError, ValueError):
        return _gone("function", what[5])


def _fill_function(live: Live, made: Any, what: tuple[Any, ...], values: list[Any]) -> None:
    if type(made) is not Placeholder:
        defaults, keyword_defaults, annotations, *rest = values
        attributes = dict(zip(what[-1], rest[what[6] :], strict=True))
        definitions.fill_function(made, defaults, keyword_defaults, annotations, attributes)


def _wrapper(live: Live, name: str, values: list[Any]) -> object:
    return values[0] if type(values[0]) is Placeholder else definitions.MAKE_WRAPPER[name](*values)


def _empty_class(live: Live, what: tuple[Any, ...], children: tuple[Any, ...]) -> object:
    if classes.is_enumeration(what):
        return MISSING
    bases = live.now(children[0])
    lost = next((base for base in bases if type(base) is Placeholder), None)
    return lost if lost is not None else classes.make_class(what, bases)


def _make_class(live: Live, what: tuple[Any, ...], values: list[Any]) -> object:
    bases, _, *rest = values
    return classes.make_enumeration(what, bases, dict(zip(what[-1], rest, strict=True)))


def _fill_class(live: Live, made: Any, what: tuple[Any, ...], values: list[Any]) -> None:
    if type(made) is not Placeholder and not classes.is_enumeration(what):
        _, fields, *rest = values
        classes.fill_class(made, what, fields, dict(zip(what[-1], rest, strict=True)))


def _fill_named_tuple(live: Live, made: Any, what: tuple[Any, ...], values: list[Any]) -> None:
    defaults, *rest = values
    classes.fill_named_tuple(made, what, defaults, dict(zip(what[-1], rest, strict=True)))


Live.empty = {
    **Rebuild.empty,
    "instance": _empty_instance,
    "exception": _empty_exception,
    "finished": lambda live, what, children: finished.make(),
    "cell": _empty_cell,
    "function": _empty_function,
    "class statement": _empty_class,
    "named tuple": lambda live, what, children: classes.make_named_tuple(what),
}
Live.fill = {
    **Rebuild.fill,
    "instance": _fill_instance,
    "exception": _fill_exception,
    "finished": lambda live, made, how, values: finished.fill(made, how, values),
    "cell": _fill_cell,
    "function": _fill_function,
    "class statement": _fill_class,
    "named tuple": _fill_named_tuple,
}
Live.whole = {"instance": 1, "class statement": 1, "named tuple": 0}
Live.make = {
    **Rebuild.make,
    "value": _shape,
    "single": lambda live, name, values: SINGLES[name],
    "instance": _make_instance,
    "member": _member,
    "flags": _flags,
    "exception": _make_exception,
    "iterator": _iterator,
    "tool": _tool,
    "view": _view,
    "class statement": _make_class,
    "wrapper": _wrapper,
    "class": _class,
    "builtin": _builtin,
    "named": _named,
    "module": _module,
    "imported": _imported,
    "method": _method,
    "bound": _bound,
    "lost": _lost,
    "reference": _reference,
}
