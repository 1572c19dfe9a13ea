"""Who waits for whom, and who gets a message that arrives.

Messages are in the state from their sender's checkpoint on, and leave the inbox with their receiver's; what is here
is only who stands waiting in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from playbooks.runtime.notices import Question
from playbooks.runtime.targets import HUMAN

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

Predicate = Callable[[int], bool]


class Waiter(msgspec.Struct, eq=False):
    """A `Yld` that waits."""

    agent: str
    target: str
    """As shown: `user`, `agent 1001`, `meeting 101`."""
    tick: int
    accepts: Predicate
    question: Question | None = None
    """Of one who asks the person, and so takes one message at a time: what they say goes to one who asked."""
    more: bool = False
    """Has got something and waits a moment for more: it asks nobody for it."""
    ready: asyncio.Future[tuple[int, ...]] = msgspec.field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Mailbox:
    """The inboxes' waiting side."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.waiters: list[Waiter] = []
        self._reserved: set[tuple[str, int]] = set()
        """(agent, message): what is said in a meeting is in several inboxes, and each gives it out by itself."""

    async def take(
        self,
        agent: str,
        target: str,
        tick: int,
        accepts: Predicate,
        *,
        question: Question | None = None,
        more: bool = False,
    ) -> tuple[int, ...]:
        """Ids of messages for the agent, as soon as there are any; they are this caller's alone."""
        waiter = Waiter(agent, target, tick, accepts, question, more)
        self.waiters.append(waiter)
        self.waiters.sort(key=lambda waiting: waiting.tick)
        try:
            self._serve(agent)
            if not waiter.ready.done():
                self._runtime.waits_changed(agent)
                self._runtime.standstill.poke()
            ids = await waiter.ready
            if self._runtime.control.held:
                await self._runtime.control.gate_message(agent, tick)
            return ids
        except asyncio.CancelledError:
            if waiter.ready.done() and not waiter.ready.cancelled():
                self.release(agent, waiter.ready.result())
                self._serve(agent)
            raise
        finally:
            if waiter in self.waiters:
                self.waiters.remove(waiter)
            self._runtime.waits_changed(agent)

    def asking(self) -> list[Waiter]:
        """Those whom the person can answer: who waits for them, then who waits in a meeting that they take part in."""
        state = self._runtime.state

        def with_person(waiter: Waiter) -> bool:
            id = waiter.target.removeprefix("meeting ")
            return not waiter.more and id != waiter.target and HUMAN in state.meeting(id).attendees

        person = [waiter for waiter in self.waiters if waiter.target == "user"]
        return [*person, *filter(with_person, self.waiters)]

    def arrived(self, agent: str) -> None:
        """There is something new in the agent's inbox."""
        self._serve(agent)

    def release(self, agent: str, ids: tuple[int, ...]) -> None:
        """These were taken from the agent's inbox: the state says so now."""
        self._reserved.difference_update((agent, id) for id in ids)

    def wake(self, agent: str, target: str) -> None:
        """Ends waits that nothing can answer any more (a meeting is over) with no message."""
        for waiter in [w for w in self.waiters if w.agent == agent and w.target == target]:
            if not waiter.ready.done():
                waiter.ready.set_result(())
                self.waiters.remove(waiter)

    def _serve(self, agent: str) -> None:
        inbox = self._runtime.state.inbox.get(agent)
        if not inbox:
            return
        for waiter in [waiting for waiting in self.waiters if waiting.agent == agent]:
            found = tuple(id for id in sorted(inbox) if (agent, id) not in self._reserved and waiter.accepts(id))
            if found and not waiter.ready.done():
                found = found[:1] if waiter.question else found
                self._reserved.update((agent, id) for id in found)
                waiter.ready.set_result(found)
                self.waiters.remove(waiter)
