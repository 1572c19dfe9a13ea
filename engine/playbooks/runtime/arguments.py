"""A call's arguments to a playbook's parameters, as Python binds them.

Apart because parameters come from Markdown as well as from Python.
"""

from __future__ import annotations

import inspect
from typing import Any

from playbooks.language.model import Playbook
from playbooks.runtime.source import compile_statement


def bind(
    playbook: Playbook, arguments: tuple[Any, ...], named: dict[str, Any], names: dict[str, Any]
) -> dict[str, Any]:
    """Name → value in the order of the parameters, defaults filled in.

    Args:
        playbook: Whose parameters.
        arguments: By position.
        named: By name; a leading `$` counts for nothing.
        names: What the source of a default sees.

    Raises:
        TypeError: They do not fit; in the words Python would use.
    """
    parameters = [
        inspect.Parameter(
            parameter.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if parameter.default is None else _Default(parameter.default),
        )
        for parameter in playbook.parameters
    ]
    try:
        bound = inspect.Signature(_ordered(parameters)).bind(*arguments, **named)
    except TypeError as error:
        wanted = ", ".join(parameter.name for parameter in playbook.parameters) or "nothing"
        raise TypeError(f"{playbook.name}: {error}; it takes {wanted}") from None
    bound.apply_defaults()
    return {
        name: _evaluate(value.source, names) if isinstance(value, _Default) else value
        for name, value in bound.arguments.items()
    }


class _Default:
    def __init__(self, source: str) -> None:
        self.source = source


def _ordered(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    # After one with a default, the next without is by name only: Markdown allows the order, Python does not.
    seen, ordered = False, []
    for parameter in parameters:
        if parameter.default is not inspect.Parameter.empty:
            seen = True
        elif seen:
            parameter = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        ordered.append(parameter)
    return sorted(ordered, key=lambda parameter: parameter.kind)


def _evaluate(source: str, names: dict[str, Any]) -> Any:
    code = compile_statement(f"__value__ = ({source})", None, filename="<model default>", line=1)
    scope = {**names, "__builtins__": names["__builtins__"]}
    exec(code, scope)
    return scope["__value__"]
