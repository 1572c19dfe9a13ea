"""A finished task or future ↔ what it gave, and a queue, lock or event ↔ what is in it: a program may keep one in a
variable and use it later.

Apart because these are the values that belong to an event loop. This room imports no asyncio: where there is a task, it
is imported already, and one is built again only where a loop runs.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from playbooks.checkpoints.node import NotStorable, Taken
from playbooks.checkpoints.placeholder import Lost, LostError, Placeholder

_IDLE: Final = frozenset(
    (f"asyncio.{module}", name)
    for module, names in {
        "queues": ("Queue", "PriorityQueue", "LifoQueue"),
        "locks": ("Lock", "Event", "Condition", "Semaphore", "BoundedSemaphore", "Barrier"),
    }.items()
    for name in names
)


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
    name = value.get_name() if isinstance(value, asyncio.Task) or hasattr(value, "get_name") else None
    if value.cancelled():
        return ("finished", "cancelled", (None, name))
    if (error := value.exception()) is not None:
        return ("finished", "failed", (error, name))
    return ("finished", "done", (value.result(), name))


def take_idle(value: object, *, own: bool) -> Taken | None:
    """A queue, lock or event of asyncio that nobody waits at, taken apart; None: the value is none.

    Raises:
        NotStorable: Somebody waits at it: their tasks can't be stored. Or it is not one call's own: whoever put
            something into a copy would wait in vain for others to find it there.
    """
    cls = type(value)
    if not is_idle_class(cls):
        return None
    if not own:
        raise NotStorable("it is for the tasks of one call, and no agent's variable")
    held = {name: part for name, part in vars(value).items() if name != "_loop"}
    if any(held.get(name) for name in ("_waiters", "_getters", "_putters")):
        raise NotStorable("somebody waits at it")
    return ("instance", ("object", tuple(held)), (cls, None, *held.values()))


def is_idle_class(cls: type) -> bool:
    """Whether a class is asyncio's own, of queues, locks and events."""
    module, qualname = getattr(cls, "__module__", ""), cls.__qualname__
    return (module, qualname) in _IDLE and vars(sys.modules.get(module, sys)).get(qualname) is cls


def make() -> Any:
    """A future to be filled; a placeholder where no loop runs."""
    import asyncio

    class Task(asyncio.Future[Any]):
        """A task that is over: what may be asked of one then, besides what a future tells."""

        name: str | None = None

        def get_name(self) -> str | None:
            return self.name

        def uncancel(self) -> int:
            return 0

        def cancelling(self) -> int:
            return 0

    try:
        return Task(loop=asyncio.get_running_loop())
    except RuntimeError:
        return Placeholder(Lost("Task", "", "", "there is one only while a program runs"))


def fill(made: Any, how: str, values: list[Any]) -> None:
    """Finishes a future as the stored one was finished."""
    if type(made) is Placeholder:
        return
    made.name = values[1] if len(values) > 1 else None
    if how == "cancelled":
        made.cancel()
    elif how == "done":
        made.set_result(values[0])
    else:
        error = values[0]
        made.set_exception(error if isinstance(error, BaseException) else LostError(type(error).__name__))
        made.exception()  # else asyncio complains that nobody asked for it
