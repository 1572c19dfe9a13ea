"""A session that plays a list of notices: the command line's tests need no engine, and can say what happens when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playbooks.config import Config
from playbooks.errors import ExitStatus
from playbooks.runtime.notices import AgentView, Asked, Listener, MessageSent, MessageView, Notice, RunStatus
from playbooks.session.resume import FailedAgent, Resumed, ResumedAgent

SELLER = AgentView("1000", "Seller", "running")
BUYER = AgentView("1001", "Buyer", "waiting", waits_for="agent 1000")


def found(*agents: ResumedAgent, **more: Any) -> Resumed:
    """What a resume of `pen.pb` found."""
    return Resumed("s1", "main", "1000_ckpt_7", agents, program="pen.pb", **more)


@dataclass(frozen=True)
class Row:
    id: str


@dataclass
class FakeSession:
    """Gives each notice of `script` in turn; a callable there is awaited, so a test can act in the middle."""

    script: Sequence[Notice | Callable[[FakeSession], Any]] = ()
    id: str = ""
    exit_status: ExitStatus = ExitStatus.FINISHED
    error: str = ""
    resumed: Resumed | None = None
    agents: dict[str, AgentView] = field(default_factory=lambda: {"1000": SELLER, "1001": BUYER})
    timeline: Sequence[Row] = ()
    failed: Sequence[FailedAgent] = ()
    heard: list[tuple[str, str | None]] = field(default_factory=list)
    interrupts: int = 0
    input_closed: bool = False
    durable: bool = False
    taken_away: bool = False
    config: Config = field(default_factory=lambda: Config.load(env={}))

    def __post_init__(self) -> None:
        self._listeners: list[Listener] = []
        self._stirred = asyncio.Event()

    async def __aenter__(self) -> FakeSession:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def notify(self, notice: Notice) -> None:
        for listener in list(self._listeners):
            listener(notice)

    async def run(self) -> RunStatus:
        self._loop = asyncio.get_running_loop()
        for step in self.script:
            if callable(step):
                await step(self)
            else:
                self.notify(step)
            if self.interrupts:
                self.exit_status = ExitStatus.INTERRUPTED
                return "interrupted"
        return "finished"

    def interrupt(self) -> None:
        self.interrupts += 1
        self._loop.call_soon_threadsafe(self._stirred.set)  # a signal alone does not wake a loop

    def say(self, text: str, to: str | None = None) -> None:
        self.heard.append((text, to))
        self.notify(MessageSent(said("human", to or "1000", text)))
        self._stirred.set()

    def close_input(self) -> None:
        self.input_closed = True
        self.exit_status = ExitStatus.NO_INPUT
        self._stirred.set()


def said(sender: str, receiver: str, text: str, meeting: str = "") -> MessageView:
    return MessageView(1, sender, (receiver,), text, meeting)


def ask(*agents: str) -> Callable[[FakeSession], Any]:
    """Agents ask the person; goes on when an answer, the end of the input or an interrupt has come."""

    async def asking(session: FakeSession) -> None:
        session._stirred.clear()
        session.notify(Asked(agents))
        await session._stirred.wait()
        session.notify(Asked(()))

    return asking
