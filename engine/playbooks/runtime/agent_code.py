"""The Python blocks of one agent: its functions and classes, and the data at their top that becomes its variables.

Every agent runs its class's blocks by itself, so no two share a mutable default or a module's data.
"""

from __future__ import annotations

import inspect
import sys
import traceback
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playbooks.errors import UserError
from playbooks.language.model import AgentClass, PythonBlock
from playbooks.runtime.names import PythonNames
from playbooks.runtime.place import here
from playbooks.runtime.source import MODEL, compile_block
from playbooks.runtime.statements import StatementStream

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class AgentCode:
    """What the blocks of an agent define.

    Args:
        runtime: Whose.
        cls: The agent's class.
        engine: The names the engine gives it.

    Raises:
        UserError: A block failed; names the line.
    """

    def __init__(self, runtime: Runtime, cls: AgentClass, engine: dict[str, Any]) -> None:
        self.functions: dict[str, Callable[..., Any]] = {}
        """Name → the function of a Python playbook."""
        self.names = PythonNames(engine, f"playbooks_program.{cls.name}")
        self._runtime = runtime
        dict.__setitem__(self.names, "playbook", self._decorate)
        dict.__setitem__(self.names, "__state__", _Data(self.names))
        token = here.set(None)
        try:
            for block in cls.python:
                filename = f"{MODEL} {block.file}>"
                stream = StatementStream()
                for statement in (*stream.feed(block.source), *stream.close()):
                    runtime.positions.add(filename, block.line + statement.line - 1, statement.source)
                try:
                    exec(compile_block(block.source, filename=filename, line=block.line), self.names)
                except (Exception, SystemExit) as error:
                    raise _failed(cls, block, filename, error) from error
        finally:
            here.reset(token)
            dict.__delitem__(self.names, "__state__")
        self.data: dict[str, Any] = {}
        """Data at the top of the blocks: the agent's first variables."""
        for name, value in list(self.names.items()):
            if name[:2] != "__" and name != "playbook" and not _is_definition(value):
                self.data[name] = dict.pop(self.names, name)
        self.names.definitions, self.names.data = frozenset(self.names), frozenset(self.data)

    def _decorate(self, function: Callable[..., Any] | None = None, **_: Any) -> Any:
        """`@playbook`, bare or with arguments (which the parser has read)."""
        if function is None:
            return self._decorate
        self.functions[function.__name__] = function
        return PythonPlaybook(self._runtime, function, self.names)


class _Data:
    """`$x` while the blocks are read: the agent is not there yet, and its data is what they define."""

    __slots__ = ("_names",)

    def __init__(self, names: PythonNames) -> None:
        object.__setattr__(self, "_names", names)

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise NameError(f"name '${name}' is not defined")
        return self._names[name]

    def __setattr__(self, name: str, value: Any) -> None:
        dict.__setitem__(self._names, name, value)

    def __delattr__(self, name: str) -> None:
        dict.__delitem__(self._names, name)


def _failed(cls: AgentClass, block: PythonBlock, filename: str, error: BaseException) -> UserError:
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    line = frames[-1] if frames and frames[-1] else getattr(error, "lineno", None) or block.line
    file, at = block.place(line - block.line + 1)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return UserError(f"the Python block of {cls.name} fails: {what}", "", file=file, line=at)


def _is_definition(value: Any) -> bool:
    return isinstance(
        value, types.FunctionType | types.BuiltinFunctionType | type | types.ModuleType | PythonPlaybook
    ) or getattr(value, "__module__", None) in ("typing", "__future__")


class PythonPlaybook:
    """A Python playbook under its name in its block: a call of it is an engine call.

    A sync one called by sync code of the block is a plain call, since that code can't await.
    """

    def __init__(self, runtime: Runtime, function: Callable[..., Any], names: PythonNames) -> None:
        self._runtime, self._function, self._names = runtime, function, names
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        self.__wrapped__ = function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        caller = sys._getframe(1)
        sync = not inspect.iscoroutinefunction(self._function) and not caller.f_code.co_flags & inspect.CO_COROUTINE
        if sync and caller.f_globals is self._names:
            return self._function(*arguments, **named)
        return self._runtime.builtins.playbook_call(None, self.__name__, arguments, named)
