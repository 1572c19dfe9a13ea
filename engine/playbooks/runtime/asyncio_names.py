"""`asyncio` as programs see it: timers are effects, and `wait_for` cancels in the very step that recorded its timer.

Apart because its file name tells `effects` that a coroutine is a combinator: replay runs it again.
"""

from __future__ import annotations

import asyncio
import itertools
import types
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from playbooks.runtime.stand_in import StandIn, stands


class InOrder(set[Any]):
    """A set of tasks that is walked in the order in which they were given: that of a set is another in each process.

    Args:
        tasks: In order.
    """

    def __init__(self, tasks: Iterable[Any] = ()) -> None:
        self.order = list(tasks)
        super().__init__(self.order)

    def __iter__(self) -> Iterator[Any]:
        held, self.order = self.order, [task for task in self.order if task in self]
        if len(self.order) < len(self):
            self.order += [task for task in set.__iter__(self) if task not in held]
        return iter(self.order)

    def pop(self) -> Any:
        found = next(iter(self), None)
        if found is None:
            raise KeyError("pop from an empty set")
        self.discard(found)
        return found


_made: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""The tasks of programs, numbered as they were made."""
_next_number = itertools.count(1).__next__


def note_made(task: asyncio.Task[Any]) -> None:
    """A program made a task."""
    _made[task] = _next_number()


def _in_order(awaitables: Iterable[Any]) -> list[Any]:
    """As given; those of a set as they were made."""
    found = list(awaitables)
    return sorted(found, key=lambda task: _made.get(task, 0)) if type(awaitables) in (set, frozenset) else found


class ProgramLoop:
    """The running loop as a program has it, one object: its clock is recorded as others are, and it can be kept.

    Args:
        sync: See `program_asyncio`.
    """

    def __init__(self, sync: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._sync = sync
        self._loop: asyncio.AbstractEventLoop | None = None

    def running(self) -> ProgramLoop:
        """This object, once it is known which loop runs: another thread may ask it something."""
        self._own()
        return self

    def time(self) -> Any:
        return self._sync("loop.time", self._own().time)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own(), name)

    def _own(self) -> asyncio.AbstractEventLoop:
        self._loop = self._loop or asyncio.get_running_loop()
        return self._loop


def _own(loop: Any) -> Any:
    """A loop as asyncio knows it: one of its futures is of no other."""
    return loop._own() if type(loop) is ProgramLoop else loop


def _ensure_future(awaitable: Any, *, loop: Any = None) -> Any:
    return asyncio.ensure_future(awaitable, loop=_own(loop))


class _Future(asyncio.Future[Any], metaclass=StandIn):
    def __new__(cls, *arguments: Any, loop: Any = None, **named: Any) -> Any:
        return asyncio.Future(*arguments, loop=_own(loop)) if stands(cls) else super().__new__(cls)

    def __init__(self, *, loop: Any = None) -> None:  # of a program's subclass
        super().__init__(loop=_own(loop))


def program_asyncio(
    timer: Callable[..., Awaitable[Any]], sync: Callable[[str, Callable[[], Any]], Any]
) -> types.ModuleType:
    """The names of `asyncio` that a program may use.

    Args:
        timer: `asyncio.sleep` as an effect.
        sync: Makes a synchronous effect: a label, and what makes the value.
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

    async def wait_until(tasks: list[Any], return_when: str, timeout: float) -> Container[Any]:  # noqa: ASYNC109
        """What is done by then; a wait that is cancelled leaves its tasks as they are."""
        work = asyncio.ensure_future(asyncio.wait(tasks, return_when=return_when))

        async def watch() -> None:
            await timer(timeout)
            work.cancel()

        watcher = asyncio.ensure_future(watch())
        try:
            await asyncio.wait([work])
        finally:
            watcher.cancel()
            work.cancel()
        return [task for task in tasks if task.done()] if work.cancelled() else work.result()[0]

    def as_completed(awaitables: Iterable[Awaitable[Any]], *, timeout: float | None = None) -> Iterator[Any]:
        """In the order given, not in that of a set: a replay finds each task at the place it had."""
        tasks = [asyncio.ensure_future(awaitable) for awaitable in dict.fromkeys(_in_order(awaitables))]
        done: asyncio.Queue[asyncio.Future[Any] | None] = asyncio.Queue()
        for task in tasks:
            task.add_done_callback(done.put_nowait)

        async def late() -> None:
            assert timeout is not None
            await timer(timeout)
            for task in tasks:
                task.remove_done_callback(done.put_nowait)
                if not task.done():
                    done.put_nowait(None)

        watcher = asyncio.ensure_future(late()) if timeout is not None else None
        left = len(tasks)

        async def next_one() -> Any:
            nonlocal left
            found = await done.get()
            left -= 1
            if watcher is not None and not left:
                watcher.cancel()
            if found is None:
                raise TimeoutError
            return found.result()

        for given in range(1, len(tasks) + 1):
            try:
                yield next_one()
            except GeneratorExit:  # the loop was left, and what it gave has been awaited
                if watcher is not None and given == len(tasks) - left:
                    watcher.cancel()
                raise

    async def wait(
        awaitables: Iterable[asyncio.Future[Any]],
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        return_when: str = asyncio.ALL_COMPLETED,
    ) -> tuple[set[Any], set[Any]]:
        tasks = list(dict.fromkeys(_in_order(awaitables)))
        if timeout is None:
            done: Container[Any] = (await asyncio.wait(tasks, return_when=return_when))[0]
        else:
            done = await wait_until(tasks, return_when, timeout)
        # How many more were done by the time it woke up is a matter of rounds of the loop.
        ended = set(sync("asyncio.wait", lambda: [place for place, task in enumerate(tasks) if task in done]))
        if late := [tasks[place] for place in ended if not tasks[place].done()]:
            await asyncio.wait(late)
        first = InOrder(task for place, task in enumerate(tasks) if place in ended)
        return first, InOrder(task for place, task in enumerate(tasks) if place not in ended)

    loop = ProgramLoop(sync)

    def unsupported(*_: object, **__: object) -> None:
        raise NotImplementedError("asyncio.timeout can't be replayed: use asyncio.wait_for")

    names: dict[str, Any] = {name: value for name, value in vars(asyncio).items() if not name.startswith("_")}
    replaced: dict[str, Any] = {
        "sleep": timer,
        "wait_for": wait_for,
        "wait": wait,
        "as_completed": as_completed,
        "ensure_future": _ensure_future,
        "Future": _Future,
        "get_running_loop": loop.running,
        "get_event_loop": loop.running,
        "the running loop": loop,
        "timeout": unsupported,
        "timeout_at": unsupported,
    }
    names |= replaced
    module = types.ModuleType("asyncio", asyncio.__doc__)
    vars(module).update(names)
    return module
