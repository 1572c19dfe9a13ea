"""A small program for the codec to store values of: model code that is run by hand, and classes of a Python block."""

from __future__ import annotations

import importlib
import types
from typing import Any

from playbooks.checkpoints.world import MODEL, Definition, define, find_code


class Order:
    """Of the program's own: counts, and tells when a method of it is called."""

    made = 0
    calls: list[str] = []

    def __init__(self, tag: object = None) -> None:
        self.tag = tag
        Order.made += 1

    def __repr__(self) -> str:
        Order.calls.append("repr")
        return "never"

    def __reduce_ex__(self, protocol: Any) -> Any:
        Order.calls.append("reduce")
        return (Order, ())

    def __getstate__(self) -> Any:
        Order.calls.append("getstate")
        return {}

    def __setstate__(self, state: Any) -> None:
        Order.calls.append("setstate")

    def __setattr__(self, name: str, value: object) -> None:
        Order.calls.append("setattr")
        object.__setattr__(self, name, value)


class Slotted:
    __slots__ = ("left", "right", "tag")


class OwnList(list[Any]):
    tag: object = None

    def __iter__(self) -> Any:
        raise AssertionError("its own `__iter__` is not for the codec")


class OwnDict(dict[Any, Any]):
    pass


class OwnText(str):
    pass


class OwnError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


OWN: tuple[type, ...] = (Order, Slotted, OwnList, OwnDict, OwnText, OwnError)


class ModelWorld:
    """A program whose model code is `run`, and in which `names` are what that code sees."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "model"}
        self._texts: dict[str, tuple[str, types.CodeType]] = {}
        self._classes: dict[type, Definition] = {}
        self.offered: dict[str, object] = {}
        self.own = {(cls.__module__, cls.__qualname__): cls for cls in OWN}

    def run(self, source: str) -> dict[str, Any]:
        """Runs model code; returns what it sees afterwards, without Python's and its own name."""
        file = f"{MODEL} {len(self._texts)}>"
        compiled = compile(source, file, "exec", dont_inherit=True)
        self._texts[file] = (source, compiled)
        exec(compiled, self.names)
        for value in self.names.values():
            if isinstance(value, type) and value.__module__ == "model":
                self._classes[value] = Definition(source, value.__qualname__)
        return {name: value for name, value in self.names.items() if not name.startswith("__")}

    def resumed(self) -> ModelWorld:
        """The same program in another process: no class or function that model code made is there."""
        other = ModelWorld()
        other.own, other.offered = self.own, self.offered
        return other

    def find_class(self, module: str, qualname: str) -> type | None:
        return self.own.get((module, qualname))

    def definition(self, value: Any) -> Definition | None:
        if isinstance(value, type):
            return self._classes.get(value)
        source, compiled = self._texts.get(value.__code__.co_filename, ("", None))
        return define(source, compiled, value.__code__) if compiled else None

    def compile_function(self, definition: Definition) -> tuple[types.CodeType, dict[str, Any]]:
        file = f"{MODEL} {len(self._texts)}>"
        compiled = compile(definition.source, file, "exec", dont_inherit=True)
        self._texts[file] = (definition.source, compiled)
        return find_code(compiled, definition), self.names

    def name_of(self, value: object) -> str | None:
        return next((name for name, offered in self.offered.items() if offered is value), None)

    def named(self, name: str) -> object:
        return self.offered[name]

    def submodules(self, name: str) -> tuple[types.ModuleType, ...]:
        return ()

    def import_module(self, name: str) -> types.ModuleType:
        return importlib.import_module(name)
