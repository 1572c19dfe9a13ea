"""A finished task or future ↔ what it gave: a program may keep one in a variable and await it later.

Apart because it is the one value that belongs to an event loop. This room imports no asyncio: where there is a task, it
is imported already, and one is built again only where a loop runs.
"""

from __future__ import annotations

import sys
from typing import Any

from playbooks.checkpoints.node import NotStorable, Taken
from playbooks.checkpoints.placeholder import Lost, LostError, Placeholder


def take(value: object) -> Taken | None:
    """A finished task or future taken apart; None: the value is neither.

    Raises:
        NotStorable: It is not finished: what it is doing can't be stored.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not isinstance(value, asyncio.Future):
        return None
    if not value.done():
        raise NotStorable("it is not finished")
    if value.cancelled():
        return ("finished", "cancelled", ())
    if (error := value.exception()) is not None:
        return ("finished", "failed", (error,))
    return ("finished", "done", (value.result(),))


def make() -> Any:
    """A future to be filled; a placeholder where no loop runs."""
    import asyncio

    try:
        return asyncio.get_running_loop().create_future()
    except RuntimeError:
        return Placeholder(Lost("Task", "", "", "there is one only while a program runs"))


def fill(made: Any, how: str, values: list[Any]) -> None:
    """Finishes a future as the stored one was finished."""
    if type(made) is Placeholder:
        return
    if how == "cancelled":
        made.cancel()
    elif how == "done":
        made.set_result(values[0])
    else:
        error = values[0]
        made.set_exception(error if isinstance(error, BaseException) else LostError(type(error).__name__))
        made.exception()  # else asyncio complains that nobody asked for it
