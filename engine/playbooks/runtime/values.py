"""Values of a running program to bytes and back: the codec, bound to the program's own classes and definitions.

What crosses frames, agents or a commit does so by copy through here, live exactly as on replay.
"""

from __future__ import annotations

import builtins
import contextlib
import sys
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from playbooks.checkpoints import codec
from playbooks.checkpoints.definitions import held
from playbooks.checkpoints.placeholder import Unstorable
from playbooks.checkpoints.plain import ATOMS as IMMUTABLE
from playbooks.checkpoints.world import Definition, define, find_code
from playbooks.runtime.asyncio_names import InOrder
from playbooks.runtime.describing import BadDescription
from playbooks.runtime.place import here
from playbooks.runtime.signals import ExitRaised, NeverAwaited, PlaybookFailed, ToolInterrupted, UnknownTarget
from playbooks.runtime.source import MODEL, compile_block

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

__all__ = ["IMMUTABLE", "Values"]

_ERRORS = (BadDescription, ExitRaised, PlaybookFailed, NeverAwaited, ToolInterrupted, UnknownTarget, Unstorable)
_OWN: dict[tuple[str, str], type] = {(cls.__module__, cls.__qualname__): cls for cls in (*_ERRORS, InOrder)}
"""The engine's errors that programs meet: a replay raises the same; and what it gives them in place of a set."""


class Values:
    """Encodes, decodes and copies for one runtime.

    Args:
        runtime: Whose classes, definitions and names are meant.
        limit: Most bytes of one value.
    """

    def __init__(self, runtime: Runtime, limit: int | None = None) -> None:
        self._runtime, self._limit = runtime, limit
        self._receiver: dict[str, Any] | None = None

    # -- for the runtime -----------------------------------------------------------------------------------------------

    def encode(self, value: Any, root: str = "") -> bytes:
        """A value as bytes."""
        return codec.encode(value, root=root, world=self, limit=self._limit).data

    def kept(self, value: Any, root: str) -> bytes:
        """A value that goes into the state; what of it can't be stored is told by the next checkpoint's header."""
        data, degraded = self.outcome(value, root)
        self._runtime.committing.degraded += degraded
        return data

    def stored(self, value: Any, root: str, made_by: str | dict[str, str]) -> tuple[bytes, tuple[str, ...]]:
        """A call's variable, or a dict of those that share objects (`root` empty), and the paths to what can't be
        stored.
        """
        encoded = codec.encode(
            value, root=root or "$", world=self, named=not root, made_by=made_by, limit=self._limit, own=True
        )
        return encoded.data, encoded.degraded

    def outcome(self, value: Any, root: str) -> tuple[bytes, tuple[str, ...]]:
        """An effect's outcome, and the paths to what can't be stored."""
        encoded = codec.encode(value, root=root, world=self, limit=self._limit)
        return encoded.data, encoded.degraded

    def decode(self, data: bytes) -> Any:
        """The value; functions among it see the names of the frame that receives it."""
        return codec.decode(data, self)

    def copy(self, value: Any) -> Any:
        """As `decode(encode(value))`; what can't be stored is passed on itself."""
        return codec.copy(value, self)

    @contextlib.contextmanager
    def defined_in(self, names: dict[str, Any]) -> Iterator[None]:
        """Functions decoded meanwhile see these names."""
        before, self._receiver = self._receiver, names
        try:
            yield
        finally:
            self._receiver = before

    # -- the codec's `World` -------------------------------------------------------------------------------------------

    def find_class(self, module: str, qualname: str) -> type | None:
        if own := _OWN.get((module, qualname)):
            return own
        for code in self._runtime.agents.codes():
            if code.names["__name__"] == module:
                found: Any = code.names
                for part in qualname.split("."):
                    found = dict.get(found, part) if isinstance(found, dict) else vars(found).get(part)
                    if found is None:
                        return None
                return found if isinstance(found, type) else None
        loaded = sys.modules.get(module)
        if loaded is None or module not in self._runtime.imported:
            return None
        target = held(loaded, qualname)
        return target if isinstance(target, type) else None

    def definition(self, value: types.FunctionType | type) -> Definition | None:
        if isinstance(value, type):
            codes = (part.__code__ for part in vars(value).values() if isinstance(part, types.FunctionType))
            code = next((code for code in codes if code.co_filename.startswith(MODEL)), None)
            if code is None:  # a dataclass, an exception, an enumeration: nothing in it tells where it stands
                return Definition("", value.__qualname__) if _is_of_no_module(value) else None
        else:
            code = value.__code__
        if not code.co_filename.startswith(MODEL):
            return None
        found = self._runtime.positions.text(code.co_filename, code.co_firstlineno)
        if found is None:
            return None
        source, first = found
        compiled = compile_block(source, filename=code.co_filename, line=first)
        origin = f"{code.co_filename}\n{first}"
        if isinstance(value, type):
            return Definition(source, value.__qualname__, 0, origin)
        return define(source, compiled, code, origin)

    def compile_function(self, definition: Definition) -> tuple[types.CodeType, dict[str, Any]]:
        filename, _, first = definition.origin.partition("\n")
        line = int(first or 1)
        self._runtime.positions.add(filename, line, definition.source)
        compiled = compile_block(definition.source, filename=filename, line=line)
        names = self._receiver
        if names is None:
            place = here.get()
            if place is None:
                names = self._runtime.agents.any_names()
            else:
                names = (
                    place.frame.names
                    if place.frame.names is not None
                    else self._runtime.agents.code_of(place.frame.agent).names
                )
        return find_code(compiled, definition), names

    def name_of(self, value: object) -> str | None:
        name: str | None = self._runtime.namespace.name_of(value)
        return name

    def named(self, name: str) -> object:
        return self._runtime.namespace.named(name)

    def submodules(self, name: str) -> tuple[types.ModuleType, ...]:
        inner = sorted(one for one in self._runtime.imported if one.startswith(f"{name}."))
        modules = (sys.modules.get(one) for one in inner)
        return tuple([module for module in modules if module is not None and module.__name__ in inner])

    def import_module(self, name: str) -> types.ModuleType:
        module: types.ModuleType = self._runtime.namespace.import_(name, None, None, ("*",), 0)
        return module


def _is_of_no_module(cls: type) -> bool:
    """Whether model code made a class: that code has no module, and Python takes `builtins`; an enumeration that is
    made by a call says since Python 3.12 that it does not know.
    """
    module = vars(cls).get("__module__")
    return module == "<unknown>" or (module == "builtins" and vars(builtins).get(cls.__qualname__) is not cls)
