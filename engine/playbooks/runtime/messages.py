"""Messages on their way: numbered, published once they are durable, taken; and what the person says.

Apart from `mailbox`, where their receivers wait, because sending needs nobody who waits.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from playbooks.runtime.call import Running
from playbooks.runtime.notices import MessageHeard, MessageSent, MessageView
from playbooks.runtime.signals import Sealed
from playbooks.runtime.targets import HUMAN
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class Messages:
    """All messages of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._said: list[tuple[str, str]] = []
        """By the person, before anybody could hear it."""

    def next_id(self) -> int:
        """Of the message that is sent next; to be asked for in the step of its commit."""
        return int(self._runtime.state.count.get("message", 0)) + 1

    def view(self, id: int) -> MessageView:
        """A message as notices show it, right after its commit."""
        row = self._runtime.state.message(id)
        delivered = tuple(agent for agent in row.receivers if id not in self._runtime.state.inbox.get(agent, ()))
        head = self._runtime.journal.head
        made_by = head.id if head and head.kind == "say" else ""
        return MessageView(id, row.sender, row.receivers, row.text, row.meeting, delivered, made_by)

    def sent(self, event: e.MessageSent) -> None:
        """A message is durable: its receivers may have it."""
        self._runtime.notify(MessageSent(self.view(event.id)))
        for agent in event.receivers:
            if agent != HUMAN:
                self._runtime.mailbox.arrived(agent)
                self._runtime.wake(agent)

    def taking(self, agent: str, ids: tuple[int, ...], running: Running) -> None:
        """Messages leave the inbox with the commit that follows at once."""

        def finish() -> Any:
            self._runtime.mailbox.release(agent, ids)
            self._runtime.notify(MessageHeard(agent, ids))
            return running_value

        running_value = running.text
        running.finish = finish

    def person_says(self, text: str, to: str = "") -> None:
        """What the person says: a checkpoint of `human`, then in the inbox of whom it is for.

        Before the run, and while it replays, it is kept for `deliver`.

        Args:
            text: What is said.
            to: Id of an agent; who asked first when empty, else the first agent.
        """
        runtime = self._runtime
        if not runtime.under_way or not runtime.replay.over:
            self._said.append((text, to))
            return
        asked = next((waiter for waiter in runtime.mailbox.asking() if to in ("", waiter.agent)), None)
        agents = [agent for agent in runtime.state.agents if agent != HUMAN]
        receiver = to or (asked.agent if asked else agents[0] if agents else "")
        if not receiver or runtime.stopping:
            return
        receivers: tuple[str, ...] = (receiver,)
        meeting, target = "", f"agent {receiver}"
        if asked is not None and asked.target != "user":
            target, meeting = asked.target, asked.target.removeprefix("meeting ")
            receivers = runtime.meetings.hearers(meeting, HUMAN, ())
        message = e.MessageSent(self.next_id(), HUMAN, receivers, text, meeting)
        statement = f'Say("{target}", {json.dumps(text, ensure_ascii=False)})'
        with contextlib.suppress(Sealed):
            peer = target if meeting else receiver
            runtime.commit_agent(HUMAN, "say", statement, [message], text=text, peer=peer)
            self.sent(message)

    def deliver(self) -> bool:
        """Says what the person said before it could be heard; whether there was anything."""
        said, self._said = self._said, []
        for text, to in said:
            self.person_says(text, to)
        return bool(said)
