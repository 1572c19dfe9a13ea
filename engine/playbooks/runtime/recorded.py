"""Responses that a session already has: a fork is served them again while what produced them is unchanged.

Found by the call's number for a response that was under way at the cut, and by the agent and the prompt's hash for
later ones. Nothing is served twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from playbooks.models.base import Usage
from playbooks.state import Event, ProgramState
from playbooks.state import events as e


class RecordedCall(msgspec.Struct):
    """One model call of the record."""

    call: int
    agent: str
    prompt_hash: str
    text: str
    """Of the whole turn, what was received before this call included."""
    ended: bool = False
    """All of the response was received."""
    over: bool = False
    """The record has no more of it."""
    done: bool = False
    """All of it has run, or `failed`."""
    failed: bool = False
    usage: Usage = msgspec.field(default_factory=Usage)


class RecordedCalls:
    """The calls of a branch after the moment a fork left it, read on as far as needed.

    Args:
        state: At that moment: which calls were under way.
        events: Of the branch after it, in order.
        without: Frames whose response under way is not to be served: another takes its place. Their agents are not
            served what failed either.
    """

    def __init__(
        self, state: ProgramState | None = None, events: Iterable[Event] = (), without: Collection[int] = ()
    ) -> None:
        self._events = iter(events)
        self._by_hash: dict[tuple[str, str], list[RecordedCall]] = {}
        self._by_call: dict[int, RecordedCall] = {}
        """Those under way at that moment; later ones may get other numbers on another branch."""
        self._agents: dict[int, str] = {}
        self._texts: dict[int, str] = {}
        self._under_way: dict[int, RecordedCall] = {}
        self._anew: set[str] = set()
        if state is not None:
            self._agents = {frame: row[0] for frame, row in state.frames.items()}
            self._texts = dict(state.response)
            self._anew = {self._agents[frame] for frame in without}
            for frame in state.asked:
                asked = state.asked_of(frame)
                progress = state.progress_of(frame)
                if asked and asked.turn == progress.turn and not progress.ended and frame not in without:
                    text = self._texts.get(frame, "")
                    call = RecordedCall(asked.call, self._agents.get(frame, ""), asked.prompt_hash, text)
                    self._under_way[frame] = self._by_call[asked.call] = call

    def rest(self, call: int, received: str) -> RecordedCall | None:
        """The call that was under way, when the record has more of it than was received."""
        known = self._by_call.get(call)
        if known is None:
            return None
        while not known.over and self._read_on():
            pass
        if not known.text.startswith(received):
            return None
        return known if len(known.text) > len(received) or known.ended else None

    def take(self, agent: str, prompt_hash: str) -> RecordedCall | None:
        """A recorded answer to this very prompt; each is given once."""
        while not self._by_hash.get((agent, prompt_hash)):
            if not self._read_on():
                return None
        call = self._by_hash[agent, prompt_hash].pop(0)
        if agent not in self._anew:
            while not call.over and self._read_on():
                pass
            return call
        while not call.done and self._read_on():
            pass
        return None if call.failed else call

    def _read_on(self) -> bool:
        event = next(self._events, None)
        if event is None:
            return False
        if isinstance(event, e.FrameEntered):
            self._agents[event.frame] = event.agent
        elif isinstance(event, e.ModelAsked) and event.continues and event.frame in self._under_way:
            pass  # a resume had it go on: what follows is the rest of the same response
        elif isinstance(event, e.ModelAsked):
            text = self._texts.get(event.frame, "")
            call = RecordedCall(event.call, self._agents.get(event.frame, ""), event.prompt_hash, text)
            self._under_way[event.frame] = call
            self._by_hash.setdefault((call.agent, call.prompt_hash), []).append(call)
        elif isinstance(event, e.ResponseReceived):
            text = event.text if event.replace else self._texts.get(event.frame, "") + event.text
            self._texts[event.frame] = text
            if (known := self._under_way.get(event.frame)) is not None:
                if not event.replace:
                    known.text = text
                elif not known.text.startswith(text):  # written by hand for a fork, whose record this is
                    self._set_aside(event.frame)
        elif isinstance(event, e.ResponseCut):
            self._set_aside(event.frame)
        elif isinstance(event, e.ResponseEnded):
            if (known := self._under_way.get(event.frame)) is not None:
                known.ended = known.over = True
                known.usage = Usage(event.input_tokens, event.output_tokens, event.cost)
        elif isinstance(event, e.Failed):
            if (known := self._under_way.get(event.frame)) is not None:
                known.failed = True
        elif isinstance(event, e.TurnEnded | e.FrameReturned | e.FrameDropped):
            self._texts.pop(event.frame, None)
            if (known := self._under_way.pop(event.frame, None)) is not None:
                known.over = known.done = True
        return True

    def _set_aside(self, frame: int) -> None:
        """What follows was not the model's answer to what is asked here."""
        if (known := self._under_way.pop(frame, None)) is not None:
            known.over = known.done = True
