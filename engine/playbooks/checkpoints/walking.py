"""Iterators ↔ what they walk and how far they are; views of dicts ↔ their dict.

Apart because each is built from its own reduction, which is all that Python tells of where it stands.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import itertools
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final

from playbooks.checkpoints.node import NotStorable, Taken

_WALKED: Final[tuple[Any, ...]] = (
    *([], (), "", "é", b"", bytearray(), range(0), range(2**70), reversed([])),
    *({}, {}.values(), {}.items(), set()),
)
ITERATORS: Final[tuple[type, ...]] = (
    *(type(iter(walked)) for walked in _WALKED),
    *(type(reversed(())), enumerate, zip, map, filter),
)
"""Iterators of which the arguments and one number are all."""
_TOOLS: Final[dict[type, str]] = {
    tool: tool.__name__
    for tool in (
        itertools.accumulate, itertools.chain, itertools.combinations, itertools.combinations_with_replacement,
        itertools.cycle, itertools.dropwhile, itertools.islice, itertools.permutations, itertools.product,
        itertools.repeat, itertools.starmap, itertools.takewhile, itertools.zip_longest,
    )
}  # fmt: skip
VIEWS: Final[dict[type, Callable[[Any], object]]] = {
    type({}.keys()): dict.keys,
    type({}.values()): dict.values,
    type({}.items()): dict.items,
    type(collections.OrderedDict().keys()): collections.OrderedDict.keys,
    type(collections.OrderedDict().values()): collections.OrderedDict.values,
    type(collections.OrderedDict().items()): collections.OrderedDict.items,
    types.MappingProxyType: types.MappingProxyType,
}


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Python 3.12 and 3.13 warn that later ones won't tell the state of these."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def take_iterator(graph: object, value: Any) -> Taken:
    """An iterator taken apart: its own reduction names what it walks and how far it is."""
    function, arguments, *state = value.__reduce__()
    return ("iterator", (function.__name__, *state), arguments)


def take_tool(graph: object, value: Any) -> Taken:
    """An iterator of `itertools` taken apart.

    Raises:
        NotStorable: This Python does not tell its state.
    """
    with _unwarned():
        try:
            tool, arguments, *state = value.__reduce__()  # of `accumulate` an `islice`, when what it has is None
        except TypeError:
            raise NotStorable("it does not tell how far it is") from None
    found = state[0] if state else None
    parts = found if type(found) is tuple else () if found is None else (found,)
    return ("tool", (_TOOLS[tool], len(parts), type(found) is tuple), (*parts, *arguments))


def take_view(graph: object, value: Any) -> Taken:
    """The view of a dict taken apart; of any other mapping there is no way to it."""
    (found,) = gc.get_referents(value)
    if not isinstance(found, dict):
        raise NotStorable
    return ("view", type(value).__name__, (found,))


TAKERS: Final[dict[type, Callable[[Any, Any], Taken]]] = {
    **dict.fromkeys(ITERATORS, take_iterator),
    **dict.fromkeys(_TOOLS, take_tool),
    **dict.fromkeys(VIEWS, take_view),
}


def _own_iter(walked: Any) -> Any:
    """`iter` of the builtin base: a subclass's own `__iter__` is not what walked it."""
    for base in (list, tuple, str, bytes, bytearray, range):
        if isinstance(walked, base):
            return base.__iter__(walked)  # type: ignore[arg-type]
    raise TypeError("no sequence that is walked in place")


def _own_reversed(walked: Any) -> Any:
    if isinstance(walked, (list, range)):
        return (list if isinstance(walked, list) else range).__reversed__(walked)  # type: ignore[arg-type]
    return reversed(walked)


_MAKE: Final[dict[str, Callable[..., Any]]] = {
    "iter": _own_iter,
    "reversed": _own_reversed,
    "enumerate": enumerate,
    "zip": zip,
    "map": map,
    "filter": filter,
    "count": itertools.count,
}
_MAKE_TOOL: Final[dict[str, Any]] = {name: tool for tool, name in _TOOLS.items()}
_MAKE_VIEW: Final = {view.__name__: make for view, make in VIEWS.items()}


def make_iterator(what: tuple[Any, ...], values: list[Any], last: list[Callable[[], object]]) -> object:
    """An iterator built again; what sets its place goes to `last`: it is clipped to the length there is by then."""
    name, *state = what
    made = _MAKE[name](*values)
    if state and state[0] is not None:
        last.append(lambda: made.__setstate__(state[0]))
    return made


def make_tool(what: tuple[str, int, bool], values: list[Any]) -> object:
    """An iterator of `itertools` built again."""
    name, count, is_tuple = what
    made = _MAKE_TOOL[name](*values[count:])
    if count:
        with _unwarned():
            made.__setstate__(tuple(values[:count]) if is_tuple else values[0])
    return made


def make_view(name: str, values: list[Any]) -> object:
    """The view of a dict."""
    return _MAKE_VIEW[name](values[0])
