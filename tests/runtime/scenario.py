"""Programs given as Python data, run whole and resumed at each of their checkpoints.

A resumed run must end as the one that never stopped: per agent the same messages, results, variables and statements.
"""

from __future__ import annotations

import asyncio
import enum
import itertools
import os
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.memory_store import MemoryStore
from runtime.virtual_time import VirtualTime

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.record import Header
from playbooks.language.model import AgentClass, Parameter, Playbook, Program, PythonBlock, Trigger
from playbooks.models.base import ModelError, ModelRequest, Text
from playbooks.runtime.call import Call, Running
from playbooks.runtime.journal import Journal
from playbooks.runtime.notices import Asked, Committed, Notice
from playbooks.runtime.replay import Replay
from playbooks.runtime.runtime import RunSettings, Runtime
from playbooks.runtime.signals import Diverged
from playbooks.state import ProgramState
from playbooks.state import events as e


@dataclass(frozen=True)
class Part:
    """A playbook: the turns its model answers with, or its Python source."""

    parameters: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    python: str = ""


def model(*turns: str) -> dict[str, Part]:
    """A program of one playbook, `Main`."""
    return {"Main": Part(turns=turns)}


@dataclass(frozen=True)
class Scenario:
    """A program: its playbooks, shared by all agents, and which of them each agent begins with."""

    parts: Mapping[str, Part]
    begins: tuple[str, ...] = ("Main",)
    person: tuple[str, ...] = ()
    """What the person answers, in order."""
    chunk: int = 7
    settings: RunSettings = field(default_factory=RunSettings)
    together: int = 1
    """How many must wait for the person before the first answer comes."""

    def program(self) -> Program:
        agents = []
        for place, begin in enumerate(self.begins):
            playbooks = [
                Playbook(
                    name,
                    tuple(Parameter(parameter) for parameter in part.parameters or _parameters(part.python)),
                    mode="python" if part.python else "playbook",
                    triggers=(Trigger(name, "T1", "BGN", "When the program starts"),) if name == begin else (),
                    public=True,
                    file="scenario.pb",
                )
                for name, part in self.parts.items()
            ]
            blocks = tuple(
                PythonBlock(f"@playbook\n{part.python.strip()}\n", f"{name}.pb", 1)
                for name, part in self.parts.items()
                if part.python
            )
            agents.append(AgentClass(f"Agent{place}", playbooks=tuple(playbooks), python=blocks))
        return Program(tuple(agents), ())

    def answer(self, request: ModelRequest) -> str | Broken:
        """What the model says to a request; the same to the same one, or a resume would be another run."""
        turns = self.parts[request.playbook].turns
        return turns[min(request.turn, len(turns) - 1)]


@dataclass(frozen=True)
class Broken:
    """A response that breaks off after `text`."""

    text: str
    error: ModelError


def _parameters(python: str) -> list[str]:
    found = re.search(r"def \w+\((.*?)\)", python)
    return [name.strip() for name in found[1].split(",") if name.strip()] if found else []


class Turns:
    """A model that answers from the scenario, in small pieces."""

    name = "scenario"

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.asked: list[tuple[str, int, str]] = []
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Text]:
        self.asked.append((request.playbook, request.turn, request.received))
        self.requests.append(request)
        answer = self._scenario.answer(request)
        text = answer.text if isinstance(answer, Broken) else answer
        rest = text[len(request.received) :] if text.startswith(request.received) else text
        for start in range(0, len(rest), self._scenario.chunk):
            yield Text(rest[start : start + self._scenario.chunk])
            await asyncio.sleep(0)
        if isinstance(answer, Broken):
            raise answer.error


@dataclass
class Run:
    """One run, and what it left."""

    scenario: Scenario
    store: MemoryStore
    runtime: Runtime
    model: Turns
    headers: list[Header] = field(default_factory=list)
    witnesses: dict[str, Any] = field(default_factory=dict)
    results: dict[str, list[str]] = field(default_factory=dict)
    ended: str = ""
    error: str = ""
    answered: int = 0
    at: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Results by the checkpoint they were there at."""
    notices: list[Notice] = field(default_factory=list)

    def outcome(self, ordered: bool = True) -> Any:
        """What must be the same after a resume."""
        state = self.runtime.state
        messages: dict[str, list[str]] = {}
        for id in sorted(state.messages):
            row = state.message(id)
            messages.setdefault(row.sender, []).append(f"{row.receivers} {row.text}")
        variables = {
            agent: {name: plain(self.runtime.values.decode(data)) for name, data in sorted(held.items())}
            for agent, held in state.variables.items()
        }
        parts = (self.ended, self.error, *(sorted(part.items()) for part in (messages, self.results, variables)))
        if ordered:
            return repr(parts)
        return [sorted(re.findall(r"\d+", repr(part))) for part in parts]

    def statements(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for header in self.headers:
            if header.kind != "start":
                found.setdefault(header.agent, []).append(f"{header.kind} {header.statement} {header.text}")
        return found


def start(scenario: Scenario, *, durable: bool = True, message: str = "", in_virtual_time: bool = False) -> Run:
    """A run from the beginning; without checkpoints when it is not to be durable; with what the person says first."""
    store = MemoryStore()
    program, turns = scenario.program(), Turns(scenario)
    journal = Journal(ProgramState(), store if durable else None, itertools.count(1).__next__)
    journal.emit(e.SessionStarted(program.hash, program.roots, (), "scenario"))
    runtime = Runtime(program, turns, journal, scenario.settings)
    if message:
        runtime.messages.person_says(message)
    return _run(Run(scenario, store, runtime, turns), loop=VirtualTime if in_virtual_time else None)


def resume(run: Run, id: str, *, witness: bool = True, change: Callable[[ProgramState], None] | None = None) -> Run:
    """The run gone on with from one of its checkpoints, in a runtime of its own, over a copy of the store."""
    store = run.store.copy()
    path = set()
    at: str = id
    while at:
        path.add(at)
        at = store.read(at).header.parent
    store.held = {key: value for key, value in store.held.items() if key in path}
    folded = fold(store.read, id)
    program, turns = run.scenario.program(), Turns(run.scenario)
    journal = Journal(folded.state, store, itertools.count(1000).__next__)
    journal.go_on(folded.header, folded.windows, folded.header.sequence, "main")
    runtime = Runtime(program, turns, journal, run.scenario.settings)
    headers = [header for header in run.headers if header.id in path]
    resumed = Run(run.scenario, store, runtime, turns, headers)
    resumed.at, resumed.witnesses = dict(run.at), dict(run.witnesses)
    resumed.results = {agent: list(values) for agent, values in run.at.get(id, {}).items()}
    resumed.answered = sum(1 for row in folded.state.messages.values() if row[0] == "human")
    # A `Return` leaves nothing of its frame to replay: the last end that is served then is an earlier one.
    comparable = witness and folded.header.kind not in ("return", "end", "error")
    return _run(resumed, run.witnesses.get(id) if comparable else None)


def _run(run: Run, witness: Any = None, loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> Run:
    runtime = run.runtime

    def told(notice: Notice) -> None:
        run.notices.append(notice)
        if isinstance(notice, Committed):
            run.headers.append(notice.header)
            run.at[notice.header.id] = {agent: list(values) for agent, values in run.results.items()}
            run.witnesses[notice.header.id] = seen(runtime)
            if notice.header.kind != "start" and _VERIFY and runtime.durable:
                assert fold(run.store.read, notice.header.id).state == runtime.state
            if len(run.headers) > 400:
                raise OverflowError("too long")
        elif isinstance(notice, Asked) and len(notice.agents) >= max(1, run.scenario.together - run.answered):
            if run.answered < len(run.scenario.person):
                run.answered += 1
                runtime.messages.person_says(run.scenario.person[run.answered - 1])
            else:
                runtime.close_input()  # nobody is there to answer: the run ends

    runtime.listeners.append(told)
    shared = runtime.namespace.shared
    shared["Wait"] = lambda turns, value=None: wait(runtime, turns, value)
    shared["Ask"] = lambda agent, name, *arguments: runtime.builtins.playbook_call(agent, name, arguments, {})
    emit = runtime.journal.emit

    def capture(event: e.Event) -> None:
        if isinstance(event, e.FrameReturned) and runtime.state.frames[event.frame][3] == 0:
            run.results.setdefault(runtime.state.frames[event.frame][0], []).append(
                plain(runtime.values.decode(event.value))
            )
        emit(event)

    runtime.journal.emit = capture  # type: ignore[method-assign]
    runtime.prepare()
    if witness is not None:

        def caught_up() -> Diverged | None:
            now, then = seen(runtime), witness
            same = all(now[0].get(id, names) == names for id, names in then[0].items()) and now[1] == then[1]
            return None if same else Diverged(f"at the cut\n{then}\nnow\n{now}")

        runtime.replay = Replay(runtime.state, None, caught_up)

    async def main() -> None:
        run.ended = await asyncio.wait_for(runtime.run(), 60)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
    run.error = runtime.error
    if runtime.crash is not None and os.environ.get("SHOW"):
        import traceback

        traceback.print_exception(runtime.crash)
    return run


_VERIFY = True


def wait(runtime: Runtime, turns: int, value: Any = None) -> Call:
    """Stands for a tool that takes its time: so many rounds of the loop."""

    async def run(running: Running) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns if value is None else value

    return Call(runtime, f"Wait({turns})", "tool", (turns, value), run)


def seen(runtime: Runtime) -> tuple[dict[int, Any], list[Any]]:
    """Every variable, in a form that does not depend on hash order: what a replay must have when it has caught up."""
    frames = {
        id: {
            name: plain(value)
            for name, value in sorted(frame.names.items())
            if isinstance(value, PLAIN) and name[:2] != "__"
        }
        for id, frame in runtime.frames.live.items()
        if frame.names is not None and id not in runtime.state.returned and (id, frame.unit) in runtime.state.record
    }
    agents = [
        (agent, sorted((name, plain(runtime.values.decode(data))) for name, data in held.items()))
        for agent, held in sorted(runtime.state.variables.items())
    ]
    return frames, agents


PLAIN = (int, str, float, bytes, type(None), list, tuple, dict, set, frozenset)


def plain(value: Any, within: tuple[int, ...] = ()) -> Any:
    """A value that compares without hash order; one that holds itself ends there."""
    if id(value) in within:
        return "…"
    inner = (*within, id(value))
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, dict):
        return [(plain(key, inner), plain(item, inner)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [plain(item, inner) for item in value]
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, asyncio.Future):
        return "task"  # one that is finished comes back as a bare future
    if isinstance(value, int | str | float | bytes):
        return value if type(value) in PLAIN or isinstance(value, bool) else f"{type(value).__name__} {value}"
    return value if value is None else type(value).__name__


def check(
    scenario: Scenario, *, ordered: bool = True, again: int = 0, seed: int = 0, race: bool = False
) -> tuple[int, list[str], int]:
    """Resumes a run at each of its checkpoints, and `again` times also a resume of that resume at a random cut.

    Returns:
        How many checkpoints, what ended otherwise, and how many resumes of resumes.
    """
    whole = start(scenario)
    want = whole.outcome(ordered)
    wrong: list[str] = []
    pick, second = random.Random(seed), 0
    for header in whole.headers[1:-1]:
        source, id = whole, header.id
        for round in range(1 + again):
            try:
                resumed = resume(source, id)
                ended = resumed.outcome(ordered)
            except Exception as error:
                wrong.append(f"{id} round {round}: {error!r}")
                break
            if ended != want and not (race and resumed.ended == whole.ended):
                wrong.append(f"{id} round {round}: {resumed.ended} {resumed.error} {ended}\nwant {want}")
                break
            later = [later.id for later in resumed.headers if later.sequence > header.sequence][:-1]
            if not later:
                break
            source, id = resumed, pick.choice(later)
            second += round < again
    return len(whole.headers), wrong, second


def replaced(scenario: Scenario, change: Callable[[str], str]) -> Scenario:
    """The scenario with all its code changed."""
    parts = {
        name: Part(part.parameters, tuple(map(change, part.turns)), change(part.python))
        for name, part in scenario.parts.items()
    }
    return replace(scenario, parts=parts)
