"""The seam between stored values and a running program: which classes it has, what model code defined, which names it
gives.

Apart because the codec must not know the runtime: it asks a `World`, and without one it only looks.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Final, Protocol

import msgspec

MODEL: Final = "<model"
"""`co_filename` of all code compiled from a model's response starts with this."""


class Definition(msgspec.Struct, frozen=True):
    """Where a function or class of model code comes from: enough to compile it again, running nothing."""

    source: str
    """The text that was compiled as one: the whole top-level statement it stands in."""
    name: str
    """Its `co_qualname` within that text: `price_of`, `make.<locals>.inner`, `<lambda>`."""
    nth: int = 0
    """Which of the code objects of that name in that text, in the order `codes` walks them: two lambdas on a line
    differ."""
    origin: str = ""
    """The runtime's own word for the names its code sees, as an agent or a block; stored and given back as it is."""


class World(Protocol):
    """What a running program offers to values that are stored or come back. Every answer may be None: not mine."""

    def find_class(self, module: str, qualname: str) -> type | None:
        """The program's own class of that name: of its Python blocks, or of a module it imports. Imports nothing."""
        ...

    def definition(self, value: types.FunctionType | type) -> Definition | None:
        """Where model code defined this function or class; None when it did not."""
        ...

    def compile_function(self, definition: Definition) -> tuple[types.CodeType, dict[str, Any]]:
        """The code of a function that model code defined, and the names it sees as its globals. Runs nothing.

        Raises:
            LookupError: The text holds no such code.
            SyntaxError: The text does not compile.
        """
        ...

    def name_of(self, value: object) -> str | None:
        """The name under which the engine or the program offers this very object (`Say`, `self`, a playbook)."""
        ...

    def named(self, name: str) -> object:
        """The object that `name_of` gave this name for.

        Raises:
            LookupError: There is none of this name any more.
        """
        ...

    def submodules(self, name: str) -> tuple[types.ModuleType, ...]:
        """Those of a package that the program imported: they are its attributes only where they were imported."""
        ...

    def import_module(self, name: str) -> types.ModuleType:
        """A module that model code or a Python block had imported.

        Raises:
            ImportError: It is not to be had here.
        """
        ...


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """All code objects within a compiled text, outer before inner, in the order they are written."""
    pending = [code]
    while pending:
        found = pending.pop()
        yield found
        pending.extend(reversed([inner for inner in found.co_consts if isinstance(inner, types.CodeType)]))


def define(source: str, compiled: types.CodeType, code: types.CodeType, origin: str = "") -> Definition | None:
    """The definition of a function's code within the text that was compiled; None when it is not in it."""
    same_name = [found for found in codes(compiled) if found.co_qualname == code.co_qualname]
    nth = next((place for place, found in enumerate(same_name) if found is code), None)
    if nth is None:  # compiled twice: equal code is the same code
        nth = next((place for place, found in enumerate(same_name) if found == code), None)
    return None if nth is None else Definition(source, code.co_qualname, nth, origin)


def find_code(compiled: types.CodeType, definition: Definition) -> types.CodeType:
    """The code object that a definition means, in its compiled text.

    Raises:
        LookupError: There is none.
    """
    same_name = [found for found in codes(compiled) if found.co_qualname == definition.name]
    if not 0 <= definition.nth < len(same_name):
        raise LookupError(f"the text defines no {definition.name}")
    return same_name[definition.nth]
