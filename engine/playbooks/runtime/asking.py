"""Asks the model for a frame's next response and lets it stream in.

Apart from the player because a call outlives the statement that needed it: it is drained while statements run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from playbooks.models.base import ModelRequest, Retry, Text, Usage
from playbooks.runtime.context import prompt_hash
from playbooks.runtime.frame import Frame
from playbooks.runtime.notices import ModelAnswered, ModelCalled, ModelRetried, Writing
from playbooks.runtime.recorded import RecordedCall
from playbooks.runtime.replay import NEW
from playbooks.runtime.response import Response
from playbooks.state import events as e
from playbooks.state.rows import AskedRow
from playbooks.words import counted

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class CallUnderWay(msgspec.Struct, frozen=True):
    """A model call that has not ended, as it is just now."""

    agent: str
    call: int
    """Counts the session's calls, from 1."""
    model: str
    seconds: float
    """Since it began."""
    sent: int
    """Characters of its prompt."""
    received: int
    """Characters of its response so far."""


class Asking:
    """The part of a runtime that calls models."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._under_way: dict[int, Callable[[], CallUnderWay]] = {}
        """By call: looked at when somebody asks, so that a token costs nothing."""
        self._untold: dict[int, tuple[int, Callable[[], Usage]]] = {}
        """Of the same calls, the frame and what it took as far as it is known, until that is in the state."""

    def under_way(self) -> tuple[CallUnderWay, ...]:
        """The calls that have not ended; from any thread."""
        return tuple(look() for look in tuple(self._under_way.values()))

    def drop(self) -> None:
        """The calls under way are given up: what they took is put into the state."""
        for call in tuple(self._untold):
            frame, took = self._untold.pop(call)
            usage = took()
            self._runtime.emit(e.CallDropped(frame, usage.input_tokens, usage.output_tokens, usage.cost))

    async def ask(self, frame: Frame, response: Response | None) -> Response:
        """Begins a call: for the frame's next response, or for the rest of one that was cut off.

        Returns:
            The response, filling.
        """
        runtime, state = self._runtime, self._runtime.state
        turn = state.progress_of(frame.id).turn
        asked = state.asked_of(frame.id)
        in_flight = asked is not None and asked.turn == turn
        if not runtime.replay.over:
            await runtime.replay.go_live(asked.tick if asked and in_flight else NEW)
        if runtime.control.holds:
            await runtime.control.gate_model(frame)
        if runtime.stopping:
            await runtime.never()
        call = int(state.count.get("call", 0)) + 1
        if call > runtime.settings.max_llm_calls:
            on = " and go on with --resume" if runtime.durable else ""
            limit = runtime.settings.max_llm_calls
            runtime.fail(
                f"the limit of {counted(limit, 'model call')} is reached; raise max_llm_calls in playbooks.toml{on}"
            )
            await runtime.never()
        received = response.text if response else ""
        executed = response.code[: response.end_of(state.progress_of(frame.id).offset)] if response else ""
        if runtime.durable:
            runtime.intents.model_asked(call)
        prompt = runtime.context.prompt(frame, executed)
        hash = prompt_hash(prompt)
        model = runtime.model
        runtime.emit(e.ModelAsked(frame.id, call, turn, runtime.tick(), hash, model.name, bool(received)))
        request = ModelRequest(
            agent=state.agents[frame.agent][0],
            agent_id=frame.agent,
            playbook=frame.playbook.name,
            arguments=runtime.values.copy(frame.arguments),
            turn=turn,
            variables=runtime.context.variables(frame),
            messages=runtime.context.messages(frame.agent),
            agents={id: row[0] for id, row in state.agents.items() if id != "human"},
            executed=executed,
            prompt=prompt,
            settings=runtime.model_settings,
            received=received,
        )
        response = response or Response(plain=frame.playbook.mode == "raw")
        known = self._recorded(frame, asked if in_flight else None, received, hash)
        if known is not None and known.ended:  # of one that was cut off there the model is asked for all that is left
            self._serve(frame, response, known)
            return response
        runtime.notify(ModelCalled(frame.agent, call, model.name, sum(len(m["content"]) for m in prompt) // 4))
        response.task = runtime.spawn(self._drain(frame, response, request, call))
        return response

    def _recorded(self, frame: Frame, asked: AskedRow | None, received: str, hash: str) -> RecordedCall | None:
        """What the branch that this one left from was answered, while what produced it is unchanged."""
        recorded = self._runtime.recorded
        if recorded is None:
            return None
        if asked is not None and (known := recorded.rest(asked.call, received)) is not None:
            return known
        return recorded.take(frame.agent, hash) if not received else None

    def _serve(self, frame: Frame, response: Response, known: RecordedCall) -> None:
        """The recorded rest of a response, at once; nobody is asked."""
        response.feed(known.text[len(response.text) :])
        response.close()
        response.changed.set()
        frame.response = response
        self.flush(frame)
        usage = known.usage
        ended = e.ResponseEnded(frame.id, usage.input_tokens, usage.output_tokens, usage.cost, True)
        self._runtime.emit(ended)

    def _called(self, frame: Frame, target: str) -> str:
        """A target as its row will name it: a bare `meeting` is the one that the frame is in."""
        first = target.partition(",")[0].strip()
        inside = self._runtime.meetings.of(frame) if first.lower() == "meeting" else ""
        return f"meeting {inside}" if inside else first if first.lower().startswith("meeting ") else target

    async def _drain(self, frame: Frame, response: Response, request: ModelRequest, call: int) -> None:
        runtime = self._runtime
        usage: Usage | None = None
        now = asyncio.get_running_loop().time
        began, before = now(), response.length
        sent = sum(len(message.get("content") or "") for message in request.prompt)
        self._under_way[call] = lambda: CallUnderWay(
            frame.agent, call, runtime.model.name, now() - began, sent, response.length - before
        )

        given_up: Callable[[int, int], Usage] = getattr(runtime.model, "given_up", lambda asked, received: Usage())

        def took() -> Usage:
            return given_up(sent, response.length - before) if usage is None else usage

        self._untold[call] = frame.id, took

        def tell(piece: Text | Retry | Usage) -> None:
            nonlocal usage
            runtime.effects.activity += 1
            if isinstance(piece, Text):
                if runtime.listeners and response.scan() and response.writing:
                    target, text = response.writing
                    runtime.notify(Writing(frame.agent, self._called(frame, target), text))
            elif isinstance(piece, Retry):
                runtime.notify(ModelRetried(frame.agent, piece.attempt, piece.delay_s, piece.reason))
            else:
                usage = piece

        runtime.effects.working += 1
        try:
            await response.drain(runtime.model.stream(request), tell)
        finally:
            del self._under_way[call]
            runtime.effects.working -= 1
            runtime.effects.activity += 1
            self.flush(frame)
            told, used = self._untold.pop(call, None) is None, took()
            if response.ended and frame.response is response:
                own = Usage(0, 0, 0.0) if told else used
                runtime.emit(e.ResponseEnded(frame.id, own.input_tokens, own.output_tokens, own.cost))
            elif not told:
                runtime.emit(e.CallDropped(frame.id, used.input_tokens, used.output_tokens, used.cost))
            runtime.notify(
                ModelAnswered(
                    frame.agent,
                    call,
                    used.input_tokens,
                    used.output_tokens,
                    used.cost,
                    now() - began,
                    str(response.error or ""),
                )
            )
            runtime.standstill.poke()

    def flush(self, frame: Frame) -> None:
        """Puts what was received since the last time into the state."""
        response = frame.response
        if response is not None and response.emitted < response.length:
            text, response.emitted = response.text[response.emitted :], response.length
            self._runtime.emit(e.ResponseReceived(frame.id, text))
