"""A call's arguments to a playbook's parameters, as Python binds them.

Apart because parameters come from Markdown as well as from Python. A default of Markdown that names anything (`$most`,
`helper()`) is evaluated where the playbook begins: what it reads is the called agent's, and what came of it is stored
with the frame's arguments, so a resume reads nothing again.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from playbooks.language.model import Parameter, Playbook
from playbooks.runtime.source import compile_statement


class Default(msgspec.Struct, frozen=True):
    """A default that is evaluated when its playbook begins."""

    source: str


def bind(
    playbook: Playbook, function: Callable[..., Any] | None, arguments: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Name → value in the order of the parameters; `*rest` as a tuple and `**options` as a dict, under their names.

    Args:
        playbook: Whose parameters.
        function: Of a Python playbook; it knows its own defaults.
        arguments: By position.
        named: By name.

    Returns:
        Defaults are filled in; one that can't be told from its source alone is a `Default`.

    Raises:
        TypeError: They do not fit; in the words Python would use.
    """
    signature = inspect.signature(function) if function is not None else _signature(playbook.parameters)
    try:
        bound = signature.bind(*arguments, **named)
    except TypeError as error:
        wanted = ", ".join(parameter.name for parameter in playbook.parameters) or "nothing"
        raise TypeError(f"{playbook.name}: {error}; it takes {wanted}") from None
    bound.apply_defaults()
    if function is not None:
        return dict(bound.arguments)
    return {
        name: _plain(value) if isinstance(value, Default) and _is_plain(value.source) else value
        for name, value in bound.arguments.items()
    }


def spread(function: Callable[..., Any], arguments: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments as `bind` gave them, as Python passes them: by position and by name."""
    bound = inspect.BoundArguments(inspect.signature(function), arguments)
    return bound.args, bound.kwargs


def evaluate(
    arguments: dict[str, Any], names: Mapping[str, Any], variable: Callable[[str], tuple[Any] | None]
) -> dict[str, Any]:
    """The arguments with every `Default` evaluated.

    Args:
        arguments: As `bind` gave them.
        names: What code of the called agent sees besides its variables.
        variable: Gives the called agent's variable of a name, in a tuple; None when it has none.
    """
    if not any(isinstance(value, Default) for value in arguments.values()):
        return arguments
    scope = _Scope(names, variable)
    found = dict(arguments)
    for name, value in found.items():
        if isinstance(value, Default):
            exec(_code(value.source), scope)
            found[name] = scope.pop("__value__")
    return found


class _Scope(dict[str, Any]):
    """The names of a default: the engine's and the agent's own, else the agent's variables."""

    def __init__(self, names: Mapping[str, Any], variable: Callable[[str], tuple[Any] | None]) -> None:
        super().__init__(names)
        self._variable = variable
        self["__state__"] = _State(variable)

    def __missing__(self, name: str) -> Any:
        if (held := self._variable(name)) is None:
            raise KeyError(name)
        return held[0]


class _State:
    """`$x` in a default."""

    def __init__(self, variable: Callable[[str], tuple[Any] | None]) -> None:
        self._variable = variable

    def __getattr__(self, name: str) -> Any:
        if (held := self._variable(name)) is None:
            raise NameError(f"name '${name}' is not defined")
        return held[0]


@functools.lru_cache(256)
def _signature(parameters: tuple[Parameter, ...]) -> inspect.Signature:
    return inspect.Signature(
        [
            inspect.Parameter(
                parameter.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if parameter.default is None else Default(parameter.default),
            )
            for parameter in parameters
        ]
    )


def _code(source: str) -> types.CodeType:
    return compile_statement(f"__value__ = ({source}\n)", None, filename="<model default>", line=1)


@functools.lru_cache(256)
def _is_plain(source: str) -> bool:
    """Whether a default reads no name: `10`, `[1, 2]`, `1 + 1`."""
    code = _code(source)
    nested = any(isinstance(constant, types.CodeType) for constant in code.co_consts)
    return not nested and set(code.co_names) <= {"__value__"}


def _plain(default: Default) -> Any:
    """Made anew each time: a list is its caller's own."""
    scope: dict[str, Any] = {}
    exec(_code(default.source), scope)
    return scope["__value__"]
