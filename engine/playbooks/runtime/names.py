"""The names that code sees: a frame's own variables, the engine's and Python's names, the agent's variables; and `$x`.

Apart from the frames because CPython asks for them: these are the dicts that code is evaluated in.
"""

from __future__ import annotations

from typing import Any

from playbooks.runtime.place import Place, current, here


class Names(dict[str, Any]):
    """A frame's variables as its code sees them: its own, else the engine's and Python's, else the agent's.

    A dict subclass serves functions that the code defines too: CPython looks their globals up through `__missing__`.
    """

    __slots__ = ("engine", "parameters")

    def __init__(self, variables: dict[str, Any], engine: dict[str, Any], parameters: tuple[str, ...]) -> None:
        super().__init__(variables)
        super().__setitem__("__builtins__", engine["__builtins__"])
        self.engine, self.parameters = engine, parameters

    def __missing__(self, name: str) -> Any:
        engine = self.engine
        if name in engine:  # before the agent's, so that `len` is no read to be recorded
            return engine[name]
        if name[:2] == "__" or (place := here.get()) is None or not (held := place.touch(name)):
            raise KeyError(name)
        return held[0]

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self or name in self.engine or name[:2] == "__" or not current().touch(name):
            super().__setitem__(name, value)
        else:
            current().put(name, value)

    def __delitem__(self, name: str) -> None:
        if name in self:
            super().__delitem__(name)
        else:
            current().delete(name)

    def own(self) -> dict[str, Any]:
        """The frame's variables; the cursor of a loop under way included."""
        return {name: value for name, value in self.items() if name not in _ENGINE}


_ENGINE = ("__builtins__", "__value__", "__once__", "__iterable__")


class PythonNames(dict[str, Any]):
    """What a Python block's functions see: its own definitions, the engine's names, else the agent's variables."""

    __slots__ = ("data", "definitions", "engine")

    def __init__(self, engine: dict[str, Any], module: str) -> None:
        super().__init__()
        self.definitions: frozenset[str] = frozenset()
        """Names of what stays here, once the blocks are read."""
        self.data: frozenset[str] = frozenset()
        """And of what became the agent's variables."""
        super().__setitem__("__builtins__", engine["__builtins__"])
        super().__setitem__("__name__", module)
        self.engine = engine

    def __missing__(self, name: str) -> Any:
        if name in self.engine:
            return self.engine[name]
        place = here.get()
        if place is None and name in self.data:
            raise NameError(f"{name} is the agent's data, which no thread sees: hand it over as an argument", name=name)
        if name[:2] == "__" or place is None or not (held := place.touch(name)):
            raise KeyError(name)
        return held[0]

    def __setitem__(self, name: str, value: Any) -> None:
        """Of a function that declares a name global: what is no definition of the block is the agent's."""
        if name in self.definitions or name[:2] == "__" or (place := here.get()) is None:
            super().__setitem__(name, value)
        else:
            self.pop(name, None)  # put here by a statement that stores past this
            place.put(name, value)

    def __delitem__(self, name: str) -> None:
        if name in self or (place := here.get()) is None:
            super().__delitem__(name)
        else:
            place.delete(name)


def own_names(place: Place) -> dict[str, Any]:
    names = place.frame.names
    return names if names is not None else {}


class State:
    """`$x` and `self.state.x`: the agent's variable, but a parameter stays the frame's."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        place = current()
        own = own_names(place)
        if name in place.frame.parameters and name in own:
            return own[name]
        held = place.touch(name)
        if held is None:
            if name in own:
                return own[name]
            raise NameError(f"name '${name}' is not defined")
        return held[0]

    def __setattr__(self, name: str, value: Any) -> None:
        place = current()
        own = own_names(place)
        if name in place.frame.parameters and place.frame.names is not None:
            dict.__setitem__(own, name, value)
        else:
            dict.pop(own, name, None)
            place.put(name, value)

    def __delattr__(self, name: str) -> None:
        current().delete(name)
