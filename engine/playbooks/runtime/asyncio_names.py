"""`asyncio` as programs see it: timers are effects, and `wait_for` cancels in the very step that recorded its timer.

Apart because its file name tells `effects` that a coroutine is a combinator: replay runs it again.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable
from typing import Any


def program_asyncio(timer: Callable[..., Awaitable[Any]]) -> types.ModuleType:
    """The names of `asyncio` that a program may use.

    Args:
        timer: `asyncio.sleep` as an effect.
    """

    async def wait_for(awaitable: Awaitable[Any], timeout: float | None) -> Any:  # noqa: ASYNC109
        if timeout is None:
            return await awaitable
        work, late = asyncio.ensure_future(awaitable), False

        async def watch() -> None:
            nonlocal late
            await timer(timeout)
            late = work.cancel()  # in the step that recorded it: nothing can come between

        watcher = asyncio.ensure_future(watch())
        try:
            return await work
        except asyncio.CancelledError:
            if late:
                raise TimeoutError from None
            raise
        finally:
            watcher.cancel()

    def unsupported(*_: object, **__: object) -> None:
        raise NotImplementedError("asyncio.timeout can't be replayed: use asyncio.wait_for")

    names: dict[str, Any] = {name: value for name, value in vars(asyncio).items() if not name.startswith("_")}
    replaced: dict[str, Any] = {"sleep": timer, "wait_for": wait_for, "timeout": unsupported, "timeout_at": unsupported}
    names |= replaced
    module = types.ModuleType("asyncio", asyncio.__doc__)
    vars(module).update(names)
    return module
