"""One awaited call of something outside the code itself: recorded, committed, published, and served on replay.

The order inside one effect is the promise of this module: run, commit in one step that nothing interleaves, and only
then publish and return. An effect's own events wait in its buffer until the commit, so no other checkpoint holds half
of it.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from playbooks.checkpoints.record import Kind
from playbooks.runtime import asyncio_names
from playbooks.runtime.breaking import Broken
from playbooks.runtime.call import Call, Running
from playbooks.runtime.digest import digest
from playbooks.runtime.place import Place, current, here
from playbooks.runtime.replay import NEW, TURNS
from playbooks.runtime.signals import ExitRaised, ProgramEnded, Returned
from playbooks.runtime.source import MODEL
from playbooks.runtime.witness import differing
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.frame import Frame
    from playbooks.runtime.runtime import Runtime

COMBINATORS = {asyncio_names.__file__} | {
    module.__file__ for module in (asyncio.tasks, asyncio.locks, asyncio.queues, asyncio.taskgroups)
}
_EMPTY: dict[tuple[Any, ...], Any] = {}


class Segmented:
    """A task group or lock in `async with`: its two hidden awaits end a segment as every await does."""

    def __init__(self, effects: Effects, manager: Any) -> None:
        self._effects, self._manager = effects, manager

    async def __aenter__(self) -> Any:
        current().next_segment()
        return await self._effects.resumed(self._manager.__aenter__())

    async def __aexit__(self, *error: Any) -> Any:
        current().next_segment()
        return await self._effects.resumed(self._manager.__aexit__(*error))


class Effects:
    """The runtime's way of making calls."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.in_flight: dict[Running, Call] = {}
        self.working = 0
        """Calls that will come back by themselves: timers, tools, models; not those that wait for other agents."""
        self.activity = 0
        """Grows with everything that happens: two equal readings with only ready callbacks between mean nothing did."""

    # -- what `await` in code is compiled to ---------------------------------------------------------------------------

    async def awaited(self, value: Any) -> Any:
        """`await value`, in model code and Python blocks.

        The code's own coroutines and asyncio's combinators are no effects: replay runs them again over the recorded
        effects inside, since what they change would be lost if they were served.
        """
        current().next_segment()
        if isinstance(value, Call):
            return await self.effect(value)
        code = getattr(value, "cr_code", None)
        if asyncio.isfuture(value) or (code is not None and code.co_filename in COMBINATORS):
            return await self.resumed(value)
        if code is not None and code.co_filename.startswith(MODEL):
            return await value
        if not inspect.isawaitable(value):
            raise TypeError(
                f"{type(value).__name__} can't be awaited: only calls of playbooks, tools and coroutines can"
            )

        async def run(running: Running) -> Any:
            return await value

        try:
            return await self.effect(
                Call(self._runtime, getattr(value, "__qualname__", type(value).__name__), "await", (), run, tool=True)
            )
        finally:
            if code is not None:
                value.close()  # type: ignore[attr-defined]  # served: it was never started

    async def resumed(self, combinator: Any) -> Any:
        """That a combinator wakes its caller is an event too: it takes rounds of the loop, in which others may
        commit.
        """
        place = current()
        n = place.calls
        foreign = asyncio.isfuture(combinator) and not isinstance(combinator, asyncio.Task | _GATHERING)
        self.working += foreign
        cancelled = False
        try:
            return await combinator
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            self.working -= foreign
            if not cancelled:
                await self.happened(place, "resumes", n)

    # -- effects -------------------------------------------------------------------------------------------------------

    async def effect(self, call: Call) -> Any:
        """Makes the call, or serves its recorded outcome.

        Raises:
            Diverged: Another callee or other arguments were recorded here.
            Exception: Whatever the call raised.
        """
        runtime, place = self._runtime, current()
        frame, path, n, unit = place.frame, place.path, place.calls, place.frame.unit
        place.next_segment()
        frame.unbegun.discard(call)
        call.frame.unbegun.discard(call)
        self.activity += 1
        if call.asks:
            frame.asks(path, call.asks)
        if runtime.stopping:
            await runtime.never()
        if frame.id in runtime.state.returned:  # a `finally` after `Return`: a resume would not come to it
            raise Returned
        state, durable = runtime.state, runtime.durable
        record = state.record.get((frame.id, unit), _EMPTY)
        key = ("begun", path, n)
        recorded = record.get(key)
        mark = digest(call.arguments) if durable else ""
        if recorded is not None:
            if recorded[1] != call.label or recorded[2] != mark:
                was = "other arguments were" if recorded[1] == call.label else f"{recorded[1]} was"
                raise runtime.diverged(f"the replay of {frame.describe()} calls {call.label} where {was} recorded")
            tick = recorded[0]
            runtime.replay.happens((frame.id, key))
            ended = record.get(("ended", path, n))
            if ended is not None:
                await runtime.replay.serve((frame.id, key))
                self._compare(call, frame, unit, path, n)
                # Read again: a fork's edit may have changed it meanwhile.
                _, ok, data = state.record[frame.id, unit]["ended", path, n]
                return self._served(call, ok, data)
        else:
            tick = runtime.tick()
            if durable:
                runtime.emit(e.EffectBegan(frame.id, unit, path, n, tick, call.label, mark, _waits_for(call)))
        running = Running(frame, unit, path, n, tick, call)
        now = runtime.worked
        came = now()
        try:
            child = record.get(("child", path, n))
            anew = child is None or (call.tool and runtime.intents.begins_anew(child))
            if anew:
                if not runtime.replay.over:
                    await runtime.replay.go_live(tick)
                if runtime.control.holds:
                    await runtime.control.gate(running, call)
                if runtime.stopping:
                    await runtime.never()
            began, outcome = now(), None
            wrote = came - frame.since  # the model, or the code between two awaits
            frame.since += began - came  # to be held is nobody's time
            if durable:
                if call.tool and anew:
                    outcome = await runtime.intents.begin(call, running, mark)
                    frame.since += now() - began  # nor is what the person took to decide
                    began = now()
                if frame.tool and recorded is None:
                    frame.tool = False
                    runtime.intents.awaits(running)
            if outcome is None:
                ok, value = await self._run(call, running)
            else:
                ok, value = outcome
                if ok and call.given:
                    call.given(running, value)
            if not runtime.replay.over:  # it was in flight at the cut: nothing that is recorded waits for its end
                await runtime.replay.go_live(tick)
        except BaseException:  # cancelled by wait_for or a task group: leaves no record and no frame
            if runtime.journal.sealed:
                await runtime.never()
            if durable:
                runtime.emit(e.EffectCancelled(frame.id, unit, path, n))
            self._drop_child(frame.id, unit, path, n)
            raise
        try:
            took = 0.0  # of a step, which only marks a place, and of a wait: others took that time
            if running.kind != "step":
                frame.since = now()
                took = 0.0 if running.kind == "heard" else wrote + frame.since - began
            return self._complete(call, running, ok, value, took)
        finally:
            if runtime.stopping:  # committed, or it could not be: it does not return
                await runtime.never()

    def _compare(self, call: Call, frame: Frame, unit: int, path: tuple[int, ...], n: int) -> None:
        """Whether the variables are those that the frame had as this effect ended; a fork's edits are meant.

        Raises:
            Diverged: They are not.
        """
        record = self._runtime.state.record[frame.id, unit]
        if frame.names is None or record.get(("witness",)) != (path, n):
            return
        edited = {key[2] for key in record if key[0] == "edit"}
        recorded = ((key[1], value[0]) for key, value in record.items() if key[0] == "seen" and key[1] not in edited)
        if found := differing(frame.names, recorded):
            raise self._runtime.diverged(
                f"the replay of {frame.describe()} comes to the end of {call.label} with another value of"
                f" {', '.join(found)} than was recorded"
            )

    async def _run(self, call: Call, running: Running) -> tuple[bool, Any]:
        self.in_flight[running] = call
        self.working += not call.waits
        token = here.set(None)  # tasks that a library makes inside are its own, not the frame's
        try:
            return True, await call.run(running)
        except SystemExit as error:
            return False, ExitRaised(error)
        except Exception as error:
            return False, error
        finally:
            here.reset(token)
            self.working -= not call.waits
            del self.in_flight[running]
            self.activity += 1

    def _complete(self, call: Call, running: Running, ok: bool, value: Any, took: float) -> Any:
        """Commits the effect, publishes it and gives its value. Not a coroutine: nothing comes between."""
        runtime, frame = self._runtime, running.frame
        events = running.events
        if ok and running.finish:
            try:
                value = running.finish()
            except Exception as error:
                ok, value = False, error
        if not ok:
            events.clear()
            running.note = None
        child = runtime.state.record.get((frame.id, running.unit), _EMPTY).get(("child", running.path, running.n))
        data, degraded = b"", tuple[str, ...]()
        if runtime.durable:
            data, degraded = runtime.values.outcome(value, "$result")
            events.append(e.EffectEnded(frame.id, running.unit, running.path, running.n, runtime.tick(), ok, data))
            if frame.names is not None and frame.witness is not None and (seen := frame.witness.changes(frame.names)):
                events.append(e.VariablesSeen(frame.id, running.unit, running.path, running.n, seen))
        if child is not None:
            events += [*runtime.meetings.left_by(child[0]), e.FrameDropped(child[0])]
        kind: Kind = running.kind if ok else "error"
        if not ok:
            running.text = f"{call.label}: {type(value).__name__}: {value}".strip()
        if running.note:
            events.append(e.Noted(frame.id, *running.note))
        statement, line = runtime.positions.statement(call.code, call.instruction, call.line)
        runtime.commit(
            frame,
            kind,
            statement or f"await {call.label}()",
            events,
            text=running.text,
            peer=running.peer,
            took=took,
            line=line,
            degraded=degraded,
            again=running.again,
        )
        if call.publish and ok:
            call.publish(value)
        if child is not None:
            runtime.meetings.wake()
        if runtime.stopping:
            return None
        if not ok:
            raise value
        call.frame.done.append((call.code, call.instruction, call.line, call.label))
        if call.then is not None:
            self._leave(call.then)
        return runtime.values.decode(data) if runtime.durable else runtime.values.copy(value)

    def _served(self, call: Call, ok: bool, data: bytes) -> Any:
        """A recorded outcome: by copy, live as on replay."""
        value = self._runtime.values.decode(data)
        if not ok:
            raise value
        call.frame.done.append((call.code, call.instruction, call.line, call.label))
        if call.then is not None:
            self._leave(call.then)
        return value

    def _leave(self, how: BaseException) -> NoReturn:
        if isinstance(how, ProgramEnded):
            self._runtime.end()  # before any `finally` that it unwinds through
        raise how

    def _drop_child(self, frame: int, unit: int, path: tuple[int, ...], n: int) -> None:
        child = self._runtime.state.record.get((frame, unit), _EMPTY).get(("child", path, n))
        if child is not None:
            for event in (*self._runtime.meetings.left_by(child[0]), e.FrameDropped(child[0])):
                self._runtime.emit(event)
            self._runtime.meetings.wake()

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def task_factory(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any] | Call, **options: Any
    ) -> asyncio.Task[Any]:
        """A task made in model code knows its place among its siblings, and its end is an event.

        Raises:
            TypeError: Of what is neither a coroutine nor a call no task can be made.
        """
        if isinstance(coroutine, Call):
            coroutine.frame.unbegun.discard(coroutine)  # its task is what is waited for now
            coroutine = self.effect(coroutine)
        parent = here.get()
        if parent is None or not asyncio.iscoroutine(coroutine):
            return asyncio.Task(coroutine, loop=loop, **options)
        context = options.pop("context", None) or contextvars.copy_context()
        child = parent.child()
        context.run(here.set, child)

        async def run() -> Any:
            try:
                await self.happened(child, "starts", 0)
                return await coroutine
            except SystemExit as error:  # the loop would stop for it
                raise ExitRaised(error) from None
            except Broken:  # it has not ended
                await self._runtime.never()
            finally:
                child.flush()  # before anybody else reads
                await self.happened(child, "ends", 0)

        task = asyncio.Task(run(), loop=loop, context=context, **options)
        task.add_done_callback(lambda _: coroutine.close())  # cancelled before its first step it was never started
        parent.frame.tasks.add(task)
        asyncio_names.note_made(task)
        return task

    async def happened(self, place: Place, what: str, n: int) -> None:
        """Numbers an event of a task: its start or end, a wake-up, the next statement of its unit."""
        runtime, frame = self._runtime, place.frame
        self.activity += 1
        if not runtime.durable:
            return
        key = ("task", place.path, what, n)
        recorded = key in runtime.state.record.get((frame.id, frame.unit), _EMPTY)
        if recorded and what in TURNS:
            await runtime.replay.serve((frame.id, key))
            return
        if not recorded:
            if not runtime.replay.over:  # it had not happened at the cut
                await runtime.replay.go_live(NEW)
            runtime.emit(e.TaskHappened(frame.id, frame.unit, place.path, what, n, runtime.tick()))
        runtime.replay.happens((frame.id, key))

    # -- synchronous effects -------------------------------------------------------------------------------------------

    def sync(self, label: str, make: Callable[[], Any]) -> Any:
        """A clock, a random number: complete when made, in the next checkpoint whoever commits it, served alike on
        replay.
        """
        runtime, place = self._runtime, here.get()
        if place is None or not runtime.durable:
            return make()
        frame, index = place.frame, place.syncs
        place.syncs += 1
        record = runtime.state.record.get((frame.id, frame.unit), _EMPTY)
        recorded = record.get(("sync", place.path, place.calls, index))
        if recorded is not None:
            if recorded[0] != label:
                raise runtime.diverged(
                    f"the replay of {frame.describe()} calls {label} where {recorded[0]} was recorded"
                )
            return runtime.values.decode(recorded[1])
        value = make()
        data, _ = runtime.values.outcome(value, f"${label}")
        runtime.emit(e.SyncDone(frame.id, frame.unit, place.path, place.calls, index, label, data))
        return value


_GATHERING = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]


def _waits_for(call: Call) -> str:
    return str(call.arguments[0]) if call.waits and call.label == "Yld" and call.arguments else ""
