"""Runs a frame of model code: its response statement by statement, a loop by the turn.

A completed unit never runs again; that is what `UnitEnded` says, and it is emitted at the first statement end where
all that the unit began has ended.
"""

from __future__ import annotations

import ast
import asyncio
from typing import TYPE_CHECKING, Any

from playbooks.models.base import ModelError
from playbooks.runtime import describing
from playbooks.runtime.cursor import cursor
from playbooks.runtime.excerpt import fold
from playbooks.runtime.failures import explain
from playbooks.runtime.frame import Frame
from playbooks.runtime.names import Names
from playbooks.runtime.place import Place, here
from playbooks.runtime.replay import NEW
from playbooks.runtime.response import Response
from playbooks.runtime.signals import ExitRaised, NeverAwaited, PlaybookFailed, Returned
from playbooks.runtime.source import MODEL, compile_call, compile_statement, loop_of
from playbooks.runtime.statements import Statement
from playbooks.runtime.stored_names import StoredNames
from playbooks.runtime.witness import Witness
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

_LOOP = ("__cursor__", "__item__", "__next__", "__turns__")
"""Where a top-level loop under way keeps its place, among the frame's names."""


_BREATH = 16
"""Units of a frame after which others get a turn: its calls may all be done without ever waiting."""


_NOTHING = "Your answer held no code: nothing was done. Write the code that comes next, or await Return() at the end."


class BadStatement(Exception):
    """A response holds what is not Python."""


class Player:
    """The part of a runtime that runs model code."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def begin(self, frame: Frame) -> Names:
        """Gives a frame its names, and tells the model of the call unless it was told."""
        names = self._names(frame)
        await self._called(frame, names)
        return names

    def _names(self, frame: Frame) -> Names:
        runtime = self._runtime
        held = runtime.state.names.get(frame.id, {})
        names = frame.names = Names({}, runtime.namespace.of(frame.agent), frame.parameters)
        frame.stored = StoredNames(runtime.values, held)
        with runtime.values.defined_in(names):
            for name, value in (StoredNames.load(held, runtime.values.decode) if held else frame.arguments).items():
                dict.__setitem__(names, name, value)
        if runtime.durable:
            record = runtime.state.record.get((frame.id, frame.unit), {})
            frame.witness = Witness(names, ((key[1], number[0]) for key, number in record.items() if key[0] == "seen"))
        return names

    async def _called(self, frame: Frame, names: Names) -> None:
        """The call is told to the model; resolving the expressions of its description is a unit."""
        runtime = self._runtime
        if describing.is_called(runtime, frame):
            return
        description = frame.playbook.description
        if describing.has_expressions(frame):
            if (frame.id, frame.unit) not in runtime.state.record:
                await self._live()
            description = await describing.resolve(runtime, frame)
            frame.unbegun.clear()
            place = here.get()
            assert place
            self._end_unit(frame, names, place, 0, None, "the description")
        describing.note_call(runtime, frame, description)

    async def raw(self, frame: Frame) -> str:
        """One call, whose prompt is the description and nothing else; the response's text is the result."""
        runtime, state = self._runtime, self._runtime.state
        while not state.progress_of(frame.id).ended:
            if state.response.get(frame.id):  # cut off: half a text is of no use
                runtime.emit(e.ResponseReceived(frame.id, "", replace=True))
            response = frame.response = await runtime.asking.ask(frame, None)
            await response.all_received()
            if error := response.error:
                await self._model_failed(frame, error)
        return state.response.get(frame.id, "").strip()

    async def play(self, frame: Frame, names: Names) -> Any:
        """Runs a frame from where its state is; gives what the playbook returns.

        Raises:
            PlaybookFailed: Too many of its turns failed in a row.
        """
        runtime, state = self._runtime, self._runtime.state
        text = state.response.get(frame.id, "")
        progress = state.progress_of(frame.id)
        if text:
            response = Response(text, state.whole.get(frame.id, 0), progress.ended)
            if not progress.ended:
                response = response.cut_off()
                runtime.emit(e.ResponseReceived(frame.id, response.text, replace=True))
            frame.response = response
            response.filename = self._filename(frame)
        while frame.id not in state.returned:
            progress = state.progress_of(frame.id)
            if frame.response is not None and progress.offset < len(frame.response.statements):
                statement: Statement | None = frame.response.statements[progress.offset]
            else:
                statement = await self._statement(frame, progress.offset)
            if statement is None and not (frame.response and frame.response.statements):
                frame.response = None
                await self._count_failure(frame, _NOTHING, "the response held no code", turn_ends=True)
            elif statement is None:
                await self._live()
                runtime.emit(e.TurnEnded(frame.id))
                frame.response = None
            else:
                await self._unit(frame, names, statement, progress.offset, progress.stage)
        return runtime.values.decode(state.returned[frame.id])

    def _filename(self, frame: Frame) -> str:
        return f"{MODEL} {frame.agent} response {frame.id}.{self._runtime.state.progress_of(frame.id).turn + 1}>"

    async def _live(self) -> None:
        if not self._runtime.replay.over:
            await self._runtime.replay.go_live(NEW)

    async def _statement(self, frame: Frame, offset: int) -> Statement | None:
        """The next statement; asks the model when what it said so far does not reach. None at the end of the
        response.
        """
        while True:
            response = frame.response
            if response is None or (
                offset >= len(response.statements) and not response.ended and response.task is None
            ):
                response = frame.response = await self._runtime.asking.ask(frame, response)
                response.filename = self._filename(frame)
            statement = await response.statement(offset)
            if statement is not None or response.ended:
                return statement
            error, response.error, response.task = response.error, None, None
            assert error
            await self._model_failed(frame, error)

    async def _model_failed(self, frame: Frame, error: ModelError) -> None:
        """A call broke off: what was received stays, and the model is asked to go on from there.

        Where that does not help the run stops, and can be resumed. An outage that lasts is such a case: it is nobody's
        mistake, and an agent that is given up stays so.
        """
        runtime = self._runtime
        failures = runtime.state.progress_of(frame.id).failures + 1
        if error.fatal or (error.outage and failures >= runtime.settings.max_failures):
            runtime.fail(str(error))
            await runtime.never()
        response = frame.response
        assert response
        response = frame.response = response.cut_off()
        runtime.emit(e.ResponseReceived(frame.id, response.text, replace=True))
        await self._count_failure(frame, f"the model's response broke off: {error}", str(error), turn_ends=False)

    async def _unit(self, frame: Frame, names: Names, statement: Statement, offset: int, stage: str | None) -> None:
        runtime = self._runtime
        if runtime.stopping:
            await runtime.never()
        if frame.unit % _BREATH == _BREATH - 1:  # by number, not by time: a resume then yields where the run did
            runtime.effects.activity += 1  # it does not stand still
            await asyncio.sleep(0)
        if not runtime.replay.over and (frame.id, frame.unit) not in runtime.state.record:  # not begun at the cut
            await self._live()
        place = Place(runtime, frame)
        here.set(place)
        response = frame.response
        assert response
        try:
            while True:
                offset, stage = await self._step(frame, names, statement, offset, stage)
                if not self._pending(frame):
                    break
                # A task or a call kept in a variable prolongs the unit. Waiting for the model is as good as an await:
                # others may commit meanwhile, no checkpoint may hold half a segment, and a replay must not run ahead
                # of it.
                place.next_segment()
                following = await self._statement(frame, offset)
                if following is None:
                    await self.settle(frame)
                    break
                await runtime.effects.happened(place, "goes on", place.calls)
                statement = following
        except Returned:
            return
        except SystemExit as error:
            await self._statement_failed(frame, names, place, statement, ExitRaised(error), offset)
            return
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and runtime.is_cancelling():
                raise
            await self._statement_failed(frame, names, place, statement, error, offset)
            return
        self._end_unit(frame, names, place, offset, stage, statement.source)

    def _end_unit(self, frame: Frame, names: Names, place: Place, offset: int, stage: str | None, made_by: str) -> None:
        runtime = self._runtime
        place.flush()
        changed: tuple[tuple[str, bytes | None], ...] = ()
        if runtime.durable:
            assert frame.stored
            changed = frame.stored.changes(names.own(), fold(made_by))
            runtime.committing.degraded += frame.stored.degraded
            if changed and frame.witness is not None:
                frame.witness.changes(names)  # stored as they are: nothing to compare with on a replay
        runtime.emit(e.UnitEnded(frame.id, offset, stage, changed))
        frame.unit += 1
        if frame.tasks:
            frame.tasks = {task for task in frame.tasks if not task.done()}

    async def _step(
        self, frame: Frame, names: Names, statement: Statement, offset: int, stage: str | None
    ) -> tuple[int, str | None]:
        """One statement, or one stage of a top-level loop; returns what comes next."""
        if statement.error:
            raise BadStatement(statement.error)
        source, response = statement.source, frame.response
        assert response
        frame.done.clear()
        filename = response.filename
        runtime = self._runtime
        runtime.positions.add(filename, statement.line, source)
        if statement.call and statement.call not in names and runtime.namespace.is_call(frame.agent, statement.call):
            await eval(compile_call(source, filename=filename, line=statement.line), names)
            return offset + 1, None

        async def run(stage: Any) -> None:
            code = statement.code if stage is None else None
            if code is None:
                code = compile_statement(source, stage, filename=filename, line=statement.line)
            result = eval(code, names)
            if result is not None:
                await result

        node = loop_of(source)
        if node is None:
            await run(None)
            return offset + 1, None
        if isinstance(node, ast.For) and stage is None:
            await run("head")
            if (place := cursor(names["__iterable__"])) is not None:
                dict.__setitem__(names, "__cursor__", place)
                dict.__delitem__(names, "__iterable__")
                return offset, "turn"
            await run("whole")
            dict.pop(names, "__iterable__", None)
            return offset + 1, None
        if stage != "else":
            try:
                if isinstance(node, ast.For):
                    dict.__setitem__(names, "__item__", next(names["__cursor__"]))
                await run("turn")
                stage = dict.pop(names, "__next__")
            except StopIteration:
                stage = "else"
            dict.__setitem__(names, "__turns__", dict.get(names, "__turns__", 0) + (stage == "turn"))
            if stage == "turn" or (stage == "else" and node.orelse):
                return offset, stage
        else:
            await run("else")
        for name in _LOOP:
            dict.pop(names, name, None)
        return offset + 1, None

    def _pending(self, frame: Frame) -> bool:
        """Whether the unit goes on. A replayed one goes as far as it had come: a cancelled task may be done sooner
        now.
        """
        if frame.unbegun or (frame.tasks and any(not task.done() for task in frame.tasks)):
            return True
        replay = self._runtime.replay
        return replay.scripted and replay.awaits(frame.id)

    async def settle(self, frame: Frame) -> None:
        """The last statement that can wait for its tasks and calls: tasks are waited for, calls it dropped are an
        error.
        """
        if tasks := [task for task in frame.tasks if not task.done()]:
            await asyncio.wait(tasks)
        for task in frame.tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) and isinstance(error, Exception):
                self._runtime.output(frame.agent, f"a task ended with {type(error).__name__}: {error}", "warning")
        frame.tasks.clear()
        if frame.unbegun:
            dropped = ", ".join(sorted(call.label for call in frame.unbegun))
            frame.unbegun.clear()
            raise NeverAwaited(f"{dropped}: called, never awaited; put await before it")

    # -- failures ------------------------------------------------------------------------------------------------------

    async def _statement_failed(
        self,
        frame: Frame,
        names: Names,
        place: Place,
        statement: Statement,
        error: Exception | asyncio.CancelledError,
        offset: int,
    ) -> None:
        """The model is told what failed, where, and what already ran; the rest of its response is dropped."""
        for task in [task for task in frame.tasks if not task.done()]:
            task.cancel()
        if frame.tasks:
            await asyncio.wait(frame.tasks)
        frame.tasks.clear()
        frame.unbegun.clear()
        self._runtime.replay.came_to(" ".join(f"{type(error).__name__}: {error}".split()))
        await self._live()
        response = frame.response
        assert response
        if response.task:
            response.task.cancel()
        done = self._done(frame, names)
        for name in (*_LOOP, "__iterable__"):
            dict.pop(names, name, None)
        self._end_unit(frame, names, place, offset, None, statement.source)
        told, short, line = explain(error, statement, response.code, response.filename, done)
        # What was received beyond depends on how the text was chunked, and none of it runs.
        self._runtime.emit(e.ResponseReceived(frame.id, response.code[: statement.end], replace=True))
        frame.response = None
        await self._count_failure(frame, told, short, turn_ends=True, statement=statement, line=line)

    def _done(self, frame: Frame, names: Names) -> str:
        """What of the statement that failed had happened: turns of its loop, and calls of the last one; a line each."""
        turns = dict.get(names, "__turns__", 0)
        lines = [f"# {turns} {'turn' if turns == 1 else 'turns'} of the loop"] if turns else []
        for code, instruction, at, label in frame.done:
            source, _ = self._runtime.positions.statement(code, instruction, at)
            lines.append(source or f"await {label}(…)")
        return "\n".join(lines)

    async def _count_failure(
        self,
        frame: Frame,
        told: str,
        short: str,
        *,
        turn_ends: bool,
        statement: Statement | None = None,
        line: int = 0,
    ) -> None:
        runtime = self._runtime
        await self._live()
        failures = runtime.state.progress_of(frame.id).failures + 1
        if failures >= runtime.settings.max_failures:  # told by the caller's checkpoint, which drops this frame
            runtime.writing_dropped(frame.agent)
            often = "once" if failures == 1 else f"{failures} times in a row"
            raise PlaybookFailed(f"{frame.playbook.name} failed {often} and was given up; the last time: {short}")
        events: list[e.Event] = [e.Noted(frame.id, "error", told), e.Failed(frame.id, failures)]
        if turn_ends:
            events.append(e.TurnEnded(frame.id, failures))
        source = fold(statement.source) if statement else "model call"
        runtime.commit(frame, "error", source, events, text=short, line=line)
        runtime.writing_dropped(frame.agent)
