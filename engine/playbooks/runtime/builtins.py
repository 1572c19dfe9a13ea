"""The names that the engine gives to code: `Say`, `Yld`, playbooks, other agents, and the hooks that code is compiled
to.

Each builtin is an effect: what it does stands in `run`, what others may see of it in `publish`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbooks.checkpoints import describe
from playbooks.runtime.call import Call, Running
from playbooks.runtime.effects import Segmented
from playbooks.runtime.notices import Question
from playbooks.runtime.place import current
from playbooks.runtime.results import brief, brief_call, note_result
from playbooks.runtime.signals import NeverAwaited, ProgramEnded, Returned, UnknownTarget
from playbooks.runtime.source import MODEL
from playbooks.runtime.targets import HUMAN, resolve
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

_Generated = contextlib._AsyncGeneratorContextManager
"""What a function under `asynccontextmanager` gives."""

_LOADED = 20_000
"""Characters of what is no text, of an artifact that was loaded to be read."""


class Builtins:
    """The engine's names, for one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.calls = frozenset[str]()
        """The names of builtins whose call is an engine call."""

    def names(self) -> dict[str, Any]:
        """Name → what code finds under it; the same for all agents."""
        public = (
            self.Say, self.Yld, self.Step, self.Return, self.Var, self.SaveArtifact, self.LoadArtifact, self.Trigger,
            self.CreateAgent, self.InviteToMeeting, self.EndProgram, self.Exit, self.Loadfile,
        )  # fmt: skip
        names: dict[str, Any] = {method.__name__: _function(method) for method in public}
        names["Artifact"] = names["SaveArtifact"]
        self.calls = frozenset(names)
        effects = self._runtime.effects
        names |= {
            "__await__": effects.awaited,
            "__put__": self._put,
            "__dropped__": self._dropped,
            "__late__": self._late,
            "__replayable__": self._replayable,
        }
        return names

    def _call(self, label: str, kind: Any, arguments: tuple[Any, ...], run: Any, **options: Any) -> Call:
        return Call(self._runtime, label, kind, arguments, run, **options)

    # -- talking -------------------------------------------------------------------------------------------------------

    def Say(self, target: Any, text: Any) -> Call:  # noqa: N802
        runtime, agent = self._runtime, current().frame.agent
        meeting = runtime.meetings.of(current().frame)
        words = text if isinstance(text, str) else str(text)
        sent: list[e.MessageSent] = []

        async def run(running: Running) -> None:
            whom = resolve(target, runtime.state, runtime.program, meeting)
            if agent in whom.agents:
                raise UnknownTarget(f"{target} is this agent itself: what it says is for others to hear")
            if whom.meeting:
                runtime.meetings.must_be_in(whom.meeting, agent)
            receivers = runtime.meetings.hearers(whom.meeting, agent, whom.agents) if whom.meeting else whom.agents
            running.text = words
            running.peer = f"meeting {whom.meeting}" if whom.meeting else receivers[0]

            def finish() -> None:
                message = e.MessageSent(runtime.messages.next_id(), agent, receivers, words, whom.meeting)
                sent.append(message)
                running.events.append(message)

            running.finish = finish

        asks = words if str(target).strip().lower() in ("user", HUMAN) else ""
        return self._call(
            "Say", "say", (str(target), words), run, publish=lambda _: runtime.messages.sent(sent[0]), asks=asks
        )

    def Yld(self, target: Any = "user") -> Call:  # noqa: N802
        runtime, frame = self._runtime, current().frame
        words = str(target).strip()
        kind = words.lower()
        if kind in ("call", "return", ""):

            async def at_once(running: Running) -> None:
                pass

            return self._call("Yld", "await", (words,), at_once)
        if kind == "exit":
            return self._exit("Yld", (words,))
        agent, inside = frame.agent, runtime.meetings.of(frame)

        async def run(running: Running) -> str:
            whom = resolve(target, runtime.state, runtime.program, inside)
            if whom.meeting:
                runtime.meetings.must_be_in(whom.meeting, agent, to_listen=True)
                ids = await runtime.meetings.hear(agent, whom.meeting, running.tick)
                peer = f"meeting {whom.meeting}"
            else:
                sender = whom.agents[0]
                if sender == agent:
                    raise UnknownTarget(f"{words} is this agent itself: it can't wait for what it says")
                person = sender == HUMAN

                def accepts(id: int) -> bool:
                    row = runtime.state.messages[id]
                    return bool(row[0] == sender and not (row[3] and not person))

                question = Question(frame.playbook.name, frame.question(running.path)) if person else None
                ids = await runtime.mailbox.take(
                    agent, "user" if person else f"agent {sender}", running.tick, accepts, question=question
                )
                peer = sender
            rows = [runtime.state.message(id) for id in ids]
            running.kind = "heard"
            running.peer = peer
            if whom.meeting:
                said = "\n".join(f"{runtime.agents.title(row.sender)}: {row.text}" for row in rows)
                text = said or f"{peer} has ended"
                running.note = ("heard", f"In {peer}:\n{text}")
            else:
                text = "\n".join(row.text for row in rows)
                running.note = ("heard", f"{runtime.agents.title(peer)} said: {text}")
            running.text = text
            if ids:
                running.events.append(e.MessagesTaken(agent, ids))
                runtime.messages.taking(agent, ids, running)
            return text

        return self._call("Yld", "heard", (words,), run, waits=True)

    def _exit(self, label: str, arguments: tuple[Any, ...]) -> Call:
        async def run(running: Running) -> None:
            running.text = str(arguments[0]) if label != "Yld" and arguments and arguments[0] is not None else ""
            running.finish = self._runtime.asking.drop  # nothing is kept after it

        return self._call(label, "end", arguments, run, then=ProgramEnded())

    def EndProgram(self, value: Any = None) -> Call:  # noqa: N802
        return self._exit("EndProgram", (value,) if value is not None else ())

    def Exit(self, value: Any = None) -> Call:  # noqa: N802
        return self._exit("Exit", (value,) if value is not None else ())

    # -- steps, variables, results -------------------------------------------------------------------------------------

    def Step(self, label: Any) -> Call:  # noqa: N802
        runtime, frame, words = self._runtime, current().frame, str(label)

        async def run(running: Running) -> None:
            running.text = words
            running.events.append(e.StepReached(frame.id, words))
            frame.step = words
            runtime.agent_changed(frame.agent)

        return self._call("Step", "step", (words,), run)

    def Trigger(self, label: Any) -> Call:  # noqa: N802
        frame, words = current().frame, str(label)

        async def run(running: Running) -> None:
            running.text = f"trigger {words}"
            running.events.append(e.TriggerRecorded(frame.agent, words))

        return self._call("Trigger", "await", (words,), run)

    def Return(self, value: Any = None) -> Call:  # noqa: N802
        runtime, frame = self._runtime, current().frame
        here = current()

        async def run(running: Running) -> None:
            others = [task for task in frame.tasks if not task.done() and task is not asyncio.current_task()]
            if others:
                await asyncio.wait(others)
            if frame.unbegun:
                dropped = ", ".join(sorted(call.label for call in frame.unbegun))
                raise NeverAwaited(f"{dropped}: called, never awaited; put await before it")
            here.flush()
            data = runtime.values.kept(value, "$return")
            running.events.append(e.FrameReturned(frame.id, data))
            running.text = "" if value is None else brief(value)
            if frame.parent == 0:
                running.kind = "end"

        return self._call("Return", "return", (value,), run, then=Returned())

    def Var(self, name: Any, value: Any) -> Call:  # noqa: N802
        runtime, agent, words = self._runtime, current().frame.agent, str(name).lstrip("$")

        async def run(running: Running) -> None:
            running.text = f"${words} = {brief(value)}"
            running.events.append(e.VariableWritten(agent, words, runtime.values.kept(value, f"${words}")))

        return self._call("Var", "await", (words, value), run)

    def SaveArtifact(self, name: Any, summary: Any, content: Any = None) -> Call:  # noqa: N802
        runtime, agent, words = self._runtime, current().frame.agent, str(name)
        if content is None:
            summary, content = "", summary

        async def run(running: Running) -> str:
            running.text = f"artifact {words}: {summary}"
            data = runtime.values.kept(content, f"artifact {words}")
            running.events.append(e.ArtifactSaved(agent, words, str(summary), data))
            running.note = ("result", f"Artifact {words} is saved: {summary}")
            return words

        return self._call("SaveArtifact", "await", (words, summary, content), run)

    def LoadArtifact(self, name: Any) -> Call:  # noqa: N802
        runtime, agent, words = self._runtime, current().frame.agent, str(name)

        async def run(running: Running) -> Any:
            held = runtime.state.artifacts.get(agent, {}).get(words)
            if held is None:
                there = ", ".join(runtime.state.artifacts.get(agent, ())) or "none"
                raise LookupError(f"there is no artifact {words}; there are: {there}")
            running.text = f"artifact {words}: {held[0]}"
            value = runtime.values.decode(held[1])
            held_text = value if isinstance(value, str) else describe.show(value, _LOADED)
            running.note = ("result", f"Artifact {words} holds: {held_text}")
            return value

        return self._call("LoadArtifact", "await", (words,), run)

    def Loadfile(self, path: Any, inline: bool = False, silent: bool = False) -> Call:  # noqa: N802
        runtime = self._runtime

        async def run(running: Running) -> str:
            running.text = f"Loadfile({path})"
            text = await asyncio.to_thread(Path(str(path)).read_text, "utf-8")
            note_result(runtime, running, "Loadfile", f"Loadfile({path})", text)
            return text

        return self._call("Loadfile", "tool", (str(path),), run)

    # -- agents --------------------------------------------------------------------------------------------------------

    def CreateAgent(self, class_name: Any, **arguments: Any) -> Call:  # noqa: N802
        runtime, creator = self._runtime, current().frame.agent
        words = str(class_name).strip()
        made: list[str] = []

        async def run(running: Running) -> str:
            cls = runtime.program.agent(words)
            if cls is None:
                known = ", ".join(c.name for c in runtime.program.agents if c.kind == "AI")
                raise UnknownTarget(f"there is no agent class {words}; there are: {known}")
            if cls.kind != "AI":
                raise UnknownTarget(f"{words} is a {cls.kind} agent: only AI agents can be made")

            def finish() -> str:
                agent, events = runtime.agents.new(cls, creator, arguments)
                running.events += events
                running.text, running.peer = f"{cls.name} {agent}", agent
                made.append(agent)
                running.note = ("result", f"CreateAgent made agent {agent}, a {cls.name}")
                return f"agent {agent}"

            running.finish = finish
            return ""

        return self._call(
            "CreateAgent", "create", (words, arguments), run, publish=lambda _: runtime.agents.made(made[0])
        )

    def InviteToMeeting(self, meeting: Any, attendees: Any = ()) -> Call:  # noqa: N802
        runtime, agent = self._runtime, current().frame.agent
        inside = runtime.meetings.of(current().frame)
        named = [attendees] if isinstance(attendees, str) else list(attendees)

        async def run(running: Running) -> None:
            words = str(meeting).strip()
            words = f"meeting {words}" if words.isdigit() else words
            whom = resolve(words, runtime.state, runtime.program, inside)
            if not whom.meeting:
                raise UnknownTarget(f"{meeting} is no meeting")
            runtime.meetings.must_be_in(whom.meeting, agent)
            joined = runtime.meetings.invite(whom.meeting, named)
            running.text = f"meeting {whom.meeting}: {', '.join(map(runtime.agents.title, joined)) or 'nobody new'}"

        return self._call("InviteToMeeting", "await", (str(meeting), *map(str, named)), run)

    # -- playbooks -----------------------------------------------------------------------------------------------------

    def playbook_call(self, agent: str | None, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Call:
        """A call of a playbook; of another agent's when `agent` is given and not the caller's own.

        Raises:
            TypeError: The arguments do not fit its parameters.
        """
        runtime, caller = self._runtime, current().frame
        whose = agent or caller.agent
        playbook = runtime.agents.playbook_of(whose, name)
        bound = runtime.agents.bind(playbook, whose, arguments, named)
        shown = brief_call(playbook, bound)

        async def run(running: Running) -> Any:
            running.text = shown
            if whose != caller.agent:
                running.peer = whose
            value = await runtime.frames.call(running, whose, playbook, bound)
            told(running, value)
            return value

        def told(running: Running, value: Any) -> None:
            running.text = shown if value is None else f"{shown} = {brief(value)}"
            note_result(runtime, running, name, shown, value)

        python = playbook.mode == "python"
        kind = "tool" if python else "call"
        options: dict[str, Any] = {"tool": True, "shown": shown, "given": told} if python else {}
        return self._call(name, kind, tuple(bound.items()), run, waits=True, playbook=True, **options)

    def caller(self, agent: str | None, name: str) -> Callable[..., Call]:
        """A playbook as a name that can be called."""

        def call(*arguments: Any, **named: Any) -> Call:
            return self.playbook_call(agent, name, arguments, named)

        call.__name__ = call.__qualname__ = name
        return call

    # -- hooks of compiled code ----------------------------------------------------------------------------------------

    def _put(self, name: str, value: Any) -> Any:
        current().put(name, value)
        return value

    def _dropped(self, value: Any) -> Any:
        if isinstance(value, Call) or inspect.iscoroutine(value):
            if isinstance(value, Call):
                current().frame.unbegun.discard(value)
                label = value.label
            else:
                value.close()
                label = value.__qualname__
            raise NeverAwaited(f"{label}: called, never awaited; write await {label}(…)")
        return value

    @staticmethod
    def _late(function: Callable[[], Any], /, *arguments: Any, **named: Any) -> Any:
        return function()(*arguments, **named)

    def _replayable(self, value: Any) -> Any:
        if isinstance(value, asyncio.TaskGroup | asyncio.Lock | asyncio.Semaphore | asyncio.Condition):
            return Segmented(self._runtime.effects, value)
        if not _is_models(value):
            raise NotImplementedError(
                f"async with and async for over {type(value).__name__} can't be replayed:"
                " await a Python playbook that does it"
            )
        return value


def _is_models(value: Any) -> bool:
    """Whether what `async with` and `async for` call of it is model code: the awaits in it are the engine's."""
    if isinstance(value, _Generated):
        value = value.gen
    code = getattr(value, "ag_code", None)
    if code is None:
        own = (getattr(type(value), name, None) for name in ("__aenter__", "__anext__", "__aiter__"))
        code = next((found.__code__ for found in own if isinstance(found, types.FunctionType)), None)
    return code is not None and code.co_filename.startswith(MODEL)


def _function(method: Callable[..., Call]) -> Callable[..., Call]:
    """A builtin as a plain function: one that is kept in a variable is stored by its name."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def call(*arguments: Any, **named: Any) -> Call:
        try:
            return method(*arguments, **named)
        except TypeError:
            try:
                signature.bind(*arguments, **named)
            except TypeError as error:
                wanted = ", ".join(map(_as_written, signature.parameters.values())) or "nothing"
                raise TypeError(f"{method.__name__}: {error}; it takes {wanted}") from None
            raise

    return call


def _as_written(parameter: inspect.Parameter) -> str:
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
    return f"{stars}{parameter.name}{default}"
