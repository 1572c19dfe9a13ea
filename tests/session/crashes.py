"""Programs of a test's own, run on files, crashed at a moment and gone on with.

A crash is a copy of the storage, taken at that moment while the run goes on: a kill leaves the same files. So one run
gives both the end that a resume must come to and the files to resume from.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playbooks import DebugSession
from playbooks.checkpoints.record import Header
from playbooks.config import Config
from playbooks.runtime.notices import Asked, Committed, ModelCalled, Notice, Output
from playbooks.session.resume import Resumed, branch_path

CRASHED = "crashed"
"""Where the copy lies."""
DEADLINE_S = 120
SCRIPT = """\
import json
from pathlib import Path

TURNS = {turns!r}


def respond(request):
    turns = TURNS.get(f"{{request.agent}}.{{request.playbook}}") or TURNS[request.playbook]
    with open({asked!r}, "a") as file:
        file.write(json.dumps([request.agent_id, request.playbook, request.turn, request.executed]) + "\\n")
    return turns[min(request.turn, len(turns) - 1)]
"""
MAIN = """
    # Clerk
    ```python
    {python}
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""
TEAM = """
    # Lead
    ```python
    {python}
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    # Worker
    ```python
    {python}
    ```
    ## Work
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Quote($what)
    public: true
    ### Steps
    - Go
"""
DID = '''
from pathlib import Path


def note(what):
    """Written outside, where no checkpoint undoes it."""
    with open({did!r}, "a") as file:
        file.write(f"{{what}}\\n")


@playbook
async def do(what):
    note(what)
    return what
'''

Moment = Callable[[Notice], bool]


@dataclass(frozen=True)
class Ending:
    """What must be the same after a resume."""

    status: str
    error: str
    messages: Sequence[tuple[str, str, str]]
    """(sender, receivers, text), by sender."""
    statements: Mapping[str, Sequence[str]]
    variables: Mapping[str, Mapping[str, Any]]
    counts: Mapping[str, int]


@dataclass
class Played:
    """One run, and what it came to."""

    ending: Ending
    resumed: Resumed | None
    notices: list[Notice] = field(default_factory=list)
    asked: list[list[Any]] = field(default_factory=list)
    """What the model was asked: agent, playbook, turn, code that had run."""
    did: list[str] = field(default_factory=list)
    """What happened outside."""
    headers: list[Header] = field(default_factory=list)
    id: str = ""

    @property
    def said(self) -> list[str]:
        """What the person was told and said, in this run and before."""
        return [text for sender, receivers, text in self.ending.messages if "human" in (sender, receivers)]

    @property
    def warnings(self) -> list[str]:
        return [n.text for n in self.notices if isinstance(n, Output) and n.kind in ("warning", "error")]


class Bench:
    """A folder with one program in it.

    Args:
        turns: What the model answers, by `Playbook` or `Agent.Playbook`: a response for each turn, the last again.
        program: The `.pb` text; an agent with `Main` and the Python block when None.
        python: The block of that agent; `do` and `note`, which write into a file outside, are always there.
        person: What the person answers, in order.
        name: Of the program's file.
        settings: Laid over the configuration.
    """

    def __init__(
        self,
        turns: Mapping[str, str | Sequence[str]],
        program: str | None = None,
        *,
        python: str = "",
        person: Iterable[str] = (),
        name: str = "program",
        settings: Mapping[str, Any] | None = None,
        script: str | None = None,
    ) -> None:
        self.file, self._person = f"{name}.pb", list(person)
        self._asked, self._did = Path(f"{name}.asked"), Path(f"{name}.did")
        self._settings = dict(settings or {})
        python = f"{DID.format(did=str(self._did))}\n{textwrap.dedent(python)}"
        if program is None:
            text = textwrap.dedent(MAIN).replace("{python}", python.strip())
        else:
            text = textwrap.dedent(program).replace("{python}", python.strip())
        Path(self.file).write_text(f"---\nmodel: script:{name}_model.py\n---\n{text.lstrip()}", "utf-8")
        given = {
            key: [textwrap.dedent(turn).lstrip("\n") for turn in ((value,) if isinstance(value, str) else value)]
            for key, value in turns.items()
        }
        script = textwrap.dedent(script) if script else SCRIPT.format(turns=given, asked=str(self._asked))
        Path(f"{name}_model.py").write_text(script, "utf-8")

    def config(self, storage: str) -> Config:
        settings: dict[str, Any] = {
            "durability": {"enabled": True, "keep_last_n": 0, "storage_path": storage},
            "model": {"token_delay_s": 0},
            "message_batch_timeout": 0.02,
        }
        return Config.load(env={}, overrides={**settings, **self._settings})

    def opened(self, storage: str = ".checkpoints", resume: str | bool | None = None, **options: Any) -> DebugSession:
        """The session, to be entered."""
        programs = [] if isinstance(resume, str) else [self.file]
        options.setdefault("verify", True)
        return DebugSession.open(*programs, config=self.config(storage), resume=resume, **options)

    def play(
        self,
        *,
        storage: str = ".checkpoints",
        resume: str | bool | None = None,
        crash: Moment | None = None,
        copy: str = CRASHED,
        interrupt: Moment | None = None,
        begin: Callable[[DebugSession], Any] | None = None,
        together: int = 1,
        **options: Any,
    ) -> Played:
        """Runs to the end; the person answers what is still to be answered.

        Args:
            storage: Where checkpoints are.
            resume: As `DebugSession.open`.
            crash: At the first notice for which this holds, the storage is copied to `copy`.
            copy: Where to.
            interrupt: At the first notice for which this holds, Ctrl+C.
            begin: Called before the run, such as to fork; may be a coroutine function.
            together: So many must wait for the person at once before the first is answered.
        """
        notices: list[Notice] = []
        for log in (self._asked, self._did):
            log.unlink(missing_ok=True)

        async def playing() -> tuple[Ending, Resumed | None, list[Header], str]:
            crashed = stopped = False
            async with self.opened(storage, resume, **options) as session:
                if begin is not None:
                    made = begin(session)
                    if asyncio.iscoroutine(made):
                        await made
                left = self._person[sum(1 for message in session.messages if message.sender == "human") :]
                alone = len(self._person) - len(left)

                def told(notice: Notice) -> None:
                    nonlocal crashed, stopped, alone
                    notices.append(notice)
                    if crash is not None and not crashed and crash(notice):
                        crashed = True
                        shutil.copytree(storage, copy)
                    if interrupt is not None and not stopped and interrupt(notice):
                        stopped = True
                        session.interrupt()
                    elif isinstance(notice, Asked) and notice.agents and not stopped:
                        if len(notice.agents) < together - alone:
                            return
                        alone += 1
                        session.say(left.pop(0), notice.agents[0]) if left else session.close_input()

                session.subscribe(told)
                async with asyncio.timeout(DEADLINE_S):
                    await session.run()
                assert crashed or crash is None, "the moment never came"
                return _ending(session), session.resumed, list(session.timeline), session.id

        ending, resumed, headers, id = asyncio.run(playing())
        asked = [json.loads(line) for line in _lines(self._asked)]
        return Played(ending, resumed, notices, asked, _lines(self._did), headers, id)

    def crashed_and_resumed(self, crash: Moment, **options: Any) -> tuple[Played, Played]:
        """The run that nobody stopped, and the resume of what a crash at that moment left; both end alike."""
        whole = self.play(crash=crash, **options)
        resumed = self.play(storage=CRASHED, resume=True, **options)
        assert resumed.ending == whole.ending
        return whole, resumed


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


def _ending(session: DebugSession) -> Ending:
    runtime = session.runtime
    state = runtime.state
    rows = [state.message(id) for id in sorted(state.messages)]
    messages = [(row.sender, ", ".join(row.receivers), row.text) for row in rows]
    statements: dict[str, list[str]] = {}
    for header in branch_path(session.timeline, session.timeline[-1].id) if session.timeline else []:
        if header.kind not in ("start", "interrupt", "fork"):
            statements.setdefault(header.agent, []).append(f"{header.kind} {header.statement} {header.text}")
    variables = {
        agent: {name: repr(runtime.values.decode(data)) for name, data in sorted(held.items())}
        for agent, held in state.variables.items()
    }
    counts = {name: int(state.count.get(name, 0)) for name in ("frame", "message", "agent", "meeting")}
    messages.sort(key=lambda message: message[0])
    return Ending(session.status, session.error, messages, statements, variables, counts)


def committed(kind: str, text: str = "", agent: str = "") -> Moment:
    """The moment at which a checkpoint of this kind, of this agent, whose text holds `text`, is durable."""

    def holds(notice: Notice) -> bool:
        return (
            isinstance(notice, Committed)
            and notice.header.kind == kind
            and text in notice.header.text
            and agent in ("", notice.header.agent)
        )

    return holds


def nth(count: int, moment: Moment) -> Moment:
    """The nth time that a moment comes."""
    left = count

    def holds(notice: Notice) -> bool:
        nonlocal left
        left -= moment(notice)
        return left == 0 and moment(notice)

    return holds


def waits_for_person(agents: int = 1) -> Moment:
    """The moment at which this many agents wait for the person."""
    return lambda notice: isinstance(notice, Asked) and len(notice.agents) == agents


def model_called(call: int) -> Moment:
    """The moment at which the model is asked for the nth time."""
    return lambda notice: isinstance(notice, ModelCalled) and notice.call == call
