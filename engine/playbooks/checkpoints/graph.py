"""A graph of any objects → a table of nodes of plain data, without calling a method of theirs.

Apart from building them again (`rebuild`, `look`): taking apart sees live objects, the other two see only a table.

Nothing here recurses, so no depth is too deep; every object is one node, so aliases and cycles are kept.
"""

from __future__ import annotations

import collections
import enum
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

from playbooks.checkpoints import classes, definitions, exceptions, finished, walking
from playbooks.checkpoints.layout import BASES, Items, attributes_of, layout_of
from playbooks.checkpoints.node import Node, NotStorable, Taken
from playbooks.checkpoints.placeholder import Placeholder, lost_of
from playbooks.checkpoints.plain import ATOMS
from playbooks.checkpoints.standard import BUILTIN_NAMES, SHAPES, STANDARD_CLASSES
from playbooks.checkpoints.world import World


class Graph:
    """Takes one value apart.

    Args:
        world: The running program; None stores instances of any class written in Python, to be looked at.
        root: Path of the value.
        named: The value is a dict of variables: its keys begin the paths.
        made_by: Source of the statement that made the value, or of each of the variables.
        by_reference: What can't be stored is kept in `references` instead of being replaced.
        own: See `encode`.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        root: str = "",
        named: bool = False,
        made_by: str | Mapping[str, str] = "",
        by_reference: bool = False,
        own: bool = False,
    ) -> None:
        self.world, self.own = world, own
        self.nodes: list[Node] = []
        self.degraded: list[str] = []
        self.references: list[object] = []
        self.known: dict[type, bool] = {}
        self._root, self._named, self._made_by, self._by_reference = root, named, made_by, by_reference
        self._index: dict[int, int] = {}
        self._objects: list[object] = []  # kept alive, so that no id is given twice
        self._parents: list[int] = []

    def take(self, value: object) -> None:
        """Fills `nodes`, of which the first is the value's."""
        self._slot(value, -1)
        done = 0
        while done < len(self._objects):
            self.nodes.append(self._node(done, self._objects[done]))
            done += 1

    def _slot(self, value: object, parent: int) -> Any:
        if type(value) in ATOMS:
            return value
        index = self._index.get(id(value))
        if index is None:
            index = self._index[id(value)] = len(self._objects)
            self._objects.append(value)
            self._parents.append(parent)
        return (index,)

    def _node(self, index: int, value: object) -> Node:
        try:
            taker = _TAKERS.get(type(value), _take_other)
            kind, what, children = taker(self, value)
        except NotStorable as error:
            return self._lost(index, value, error.reason)
        except Exception as error:  # a closed file, a walk through a dict that has changed: not a closed set either
            return self._lost(index, value, f"{type(error).__name__}: {error}")
        return (kind, what, tuple([self._slot(child, index) for child in children]))

    def _lost(self, index: int, value: object, reason: str) -> Node:
        if self._by_reference:
            self.references.append(value)
            return ("reference", len(self.references) - 1, ())
        path, variable = self.path(index)
        self.degraded.append(path)
        if type(value) is Placeholder:
            lost = lost_of(value)
            return ("lost", (lost.type_name, lost.path, lost.made_by, lost.reason), ())
        made_by = self._made_by if isinstance(self._made_by, str) else self._made_by.get(variable, "")
        return ("lost", (type(value).__name__, path, made_by, reason), ())

    def path(self, index: int) -> tuple[str, str]:
        """How a node was first reached, `$result.rows[3].conn`, and of which variable it is a part."""
        steps: list[str] = []
        variable = ""
        while (parent := self._parents[index]) >= 0:
            kind, what, children = self.nodes[parent] if parent < len(self.nodes) else ("", None, ())
            place = children.index((index,)) if (index,) in children else -1
            if parent == 0 and self._named and kind == "dict":
                variable = str(children[place - 1])
                steps.append(variable)
            else:
                steps.append(_step(kind, what, children, place))
            index = parent
        return self._root + "".join(reversed(steps)), variable


def _step(kind: str, what: Any, children: tuple[Any, ...], place: int) -> str:
    """How one node leads to its child of that place."""
    if kind in ("list", "tuple"):
        return f"[{place}]"
    if kind in ("dict", "items"):
        key = children[place - 1]
        return "" if place % 2 == 0 or isinstance(key, tuple) else f"[{key!r}]"
    if kind == "instance":
        return "" if place < 2 else f".{what[1][place - 2]}"
    if kind in ("function", "class statement", "exception"):
        names = what[-1]
        return f".{names[place - len(children)]}" if place >= len(children) - len(names) else ""
    return ""


def _take_dict(graph: Graph, value: dict[object, object]) -> Taken:
    return ("dict", None, [part for item in value.items() for part in item])


def _take_shape(graph: Graph, value: object) -> Taken:
    shape = SHAPES[type(value)]
    return ("value", shape.name, shape.take(value))


def _take_type_variable(graph: Graph, value: object) -> Taken:
    return definitions.take_imported(value) or _take_shape(graph, value)


def _take_module(graph: Graph, value: types.ModuleType) -> Taken:
    if (name := _offered(graph, value)) is not None:
        return ("named", name, ())
    name = types.ModuleType.__getattribute__(value, "__name__")
    return ("module", name, graph.world.submodules(name) if graph.world is not None else ())


def _take_builtin(graph: Graph, value: Any) -> Taken:
    if id(value) in BUILTIN_NAMES:
        return ("builtin", BUILTIN_NAMES[id(value)], ())
    if (name := _offered(graph, value)) is not None:
        return ("named", name, ())
    owner = value.__self__
    if (taken := definitions.take_imported(value)) is not None:
        return taken
    if owner is None or isinstance(owner, (types.ModuleType, type)) or type(owner) not in BASES:
        raise NotStorable
    return ("method", value.__name__, (owner,))


def _take_method(graph: Graph, value: types.MethodType) -> Taken:
    function, owner = value.__func__, value.__self__
    name = getattr(function, "__name__", "")
    for cls in type.mro(owner) if isinstance(owner, type) else type(owner).__mro__:
        found = type.__getattribute__(cls, "__dict__").get(name)
        if found is function or getattr(found, "__func__", None) is function:
            return ("method", name, (owner,))
    return ("bound", None, (function, owner))


def _take_function(graph: Graph, value: types.FunctionType) -> Taken:
    if (name := _offered(graph, value)) is not None:
        return ("named", name, ())
    if (taken := definitions.take_imported(value)) is not None:
        return taken
    return definitions.take_function(value, graph.world)


def _take_cell(graph: Graph, value: types.CellType) -> Taken:
    try:
        return ("cell", None, (value.cell_contents,))
    except ValueError:
        return ("cell", None, ())


def _take_placeholder(graph: Graph, value: object) -> Taken:
    raise NotStorable


def _take_class(graph: Graph, value: type) -> Taken:
    if id(value) in BUILTIN_NAMES:
        return ("builtin", BUILTIN_NAMES[id(value)], ())
    module, qualname = getattr(value, "__module__", ""), value.__qualname__  # `type("T", (), {})` may have none
    if STANDARD_CLASSES.get((module, qualname)) is value or exceptions.is_standard(value):
        return ("class", (module, qualname), ())
    if (name := _offered(graph, value)) is not None:
        return ("named", name, ())
    if graph.world is None or graph.world.find_class(module, qualname) is value or finished.is_idle_class(value):
        return ("class", (module, qualname), ())
    if classes.is_models(value, graph.world):
        return classes.take_class(value, graph.world)
    if (taken := definitions.take_imported(value)) is not None:
        return taken
    raise NotStorable("a class that neither the model nor the program defined")


def _take_other(graph: Graph, value: object) -> Taken:
    cls = type(value)
    if issubclass(cls, type):
        return _take_class(graph, value)  # type: ignore[arg-type]
    if (name := _offered(graph, value)) is not None:
        return ("named", name, ())
    if (getattr(cls, "__module__", "") == "typing" or isinstance(value, definitions.DESCRIPTORS)) and (
        taken := definitions.take_imported(value)
    ) is not None:
        return taken
    if issubclass(cls, BaseException):
        return exceptions.take(value, _known_class(graph, cls))  # type: ignore[arg-type]
    if issubclass(cls, enum.Enum):
        held = object.__getattribute__(value, "__dict__")
        if held["_name_"] in cls.__members__:
            return ("member", held["_name_"], (cls,))
        return ("flags", None, (cls, held["_value_"]))
    if (taken := finished.take(value) or finished.take_idle(value, own=graph.own)) is not None:
        return taken
    layout = layout_of(cls)
    if layout is None or not _known_class(graph, cls):
        raise NotStorable
    attributes = attributes_of(value, layout)
    contents = layout.base.take(value)
    if layout.base.name == "deque":
        attributes["maxlen"] = _MAXLEN.__get__(value)
    elif layout.base.name == "defaultdict":
        attributes["default_factory"] = _FACTORY.__get__(value)
    return ("instance", (layout.base.name, tuple(attributes)), (cls, contents, *attributes.values()))


def _known_class(graph: Graph, cls: type) -> bool:
    """Whether instances of a class can come back: an instance of a library's own class is not ours to take apart."""
    known = graph.known.get(cls)
    if known is None:
        world, name = graph.world, (getattr(cls, "__module__", ""), cls.__qualname__)
        known = graph.known[cls] = (
            world is None
            or STANDARD_CLASSES.get(name) is cls
            or exceptions.is_standard(cls)
            or world.find_class(*name) is cls
            or classes.is_models(cls, world)
        )
    return known


def _offered(graph: Graph, value: object) -> str | None:
    return None if graph.world is None else graph.world.name_of(value)


_MAXLEN: Any = vars(collections.deque)["maxlen"]
_FACTORY: Any = vars(collections.defaultdict)["default_factory"]

_TAKERS: Final[dict[type, Callable[[Graph, Any], Taken]]] = {
    list: lambda graph, value: ("list", None, value),
    tuple: lambda graph, value: ("tuple", None, value),
    dict: _take_dict,
    Items: lambda graph, value: ("items", None, value),
    set: lambda graph, value: ("set", None, value),
    frozenset: lambda graph, value: ("frozenset", None, value),
    bytearray: lambda graph, value: ("bytearray", bytes(value), ()),
    **dict.fromkeys(SHAPES, _take_shape),
    **dict.fromkeys((typing.TypeVar, typing.ParamSpec, typing.TypeVarTuple), _take_type_variable),
    **walking.TAKERS,
    type(...): lambda graph, value: ("single", "Ellipsis", ()),
    type(NotImplemented): lambda graph, value: ("single", "NotImplemented", ()),
    types.FunctionType: _take_function,
    types.BuiltinFunctionType: _take_builtin,
    types.MethodType: _take_method,
    types.ModuleType: _take_module,
    types.CellType: _take_cell,
    type: _take_class,
    Placeholder: _take_placeholder,
    **definitions.WRAPPERS,
}
