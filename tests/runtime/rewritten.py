"""Runs code that went through the rewriting, with the least that its hooks can do."""

from __future__ import annotations

import asyncio
import builtins
import inspect
import types
from typing import Any

from playbooks.runtime.source import compile_statement


class Names(dict[str, Any]):
    """A namespace that notes what is stored through it."""

    def __init__(self, engine: dict[str, Any]) -> None:
        super().__init__()
        self.engine = engine
        self.stored: list[str] = []

    def __missing__(self, name: str) -> Any:
        return self.engine[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.stored.append(name)
        super().__setitem__(name, value)


class World:
    """Runs code as the runtime does, and notes what the hooks are told."""

    def __init__(self, **state: Any) -> None:
        self.state = types.SimpleNamespace(**state)
        self.said: list[str] = []
        self.awaited: list[str] = []
        self.dropped: list[Any] = []
        self.replayable: list[Any] = []
        self.names = Names(
            vars(builtins)
            | {
                "__state__": self.state,
                "__await__": self._await,
                "__put__": self._put,
                "__dropped__": lambda value: self.dropped.append(value) or value,
                "__late__": lambda function, /, *arguments, **named: function()(*arguments, **named),
                "__replayable__": lambda value: self.replayable.append(value) or value,
                "self": types.SimpleNamespace(state=self.state),
                "F": self._f,
                "asyncio": asyncio,
            }
        )

    async def _await(self, value: Any) -> Any:
        self.awaited.append(getattr(value, "__name__", type(value).__name__))
        return await value

    def _put(self, name: str, value: Any) -> Any:
        setattr(self.state, name, value)
        return value

    async def _f(self, value: Any = None, **changes: Any) -> Any:
        """As at every await, the agent's variables are others afterwards: copies, or changed by somebody else."""
        await asyncio.sleep(0)
        for name, held in vars(self.state).items():
            setattr(
                self.state,
                name,
                list(held) if isinstance(held, list) else dict(held) if isinstance(held, dict) else held,
            )
        for name, changed in changes.items():
            setattr(self.state, name, changed)
        return value

    def run(self, code: str, line: int = 1) -> World:
        async def main() -> None:
            for source in code.split("\n---\n"):
                result = eval(compile_statement(source, None, line=line), self.names)
                if inspect.isawaitable(result):
                    await result

        asyncio.run(main())
        return self
