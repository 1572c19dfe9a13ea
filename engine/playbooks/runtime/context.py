"""What a model is shown: the live call stack, deterministic, so that any past prompt can be built again and its hash
compared.

A playbook that returned leaves only its result, in its caller's transcript. All of it comes from the state and the
program; nothing is kept on the side.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbooks.checkpoints import describe
from playbooks.checkpoints.codec import decode
from playbooks.checkpoints.look import Described
from playbooks.language import compile_program
from playbooks.language.model import AgentClass, Program
from playbooks.models.prompt import continued, system_prompt
from playbooks.runtime.call import Call
from playbooks.runtime.describing import CALLED, SHOWN
from playbooks.runtime.frame import Frame
from playbooks.runtime.response import Response
from playbooks.runtime.stored_names import StoredNames
from playbooks.runtime.targets import HUMAN, named
from playbooks.state import ProgramState

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

_PLANNED = (
    "It has no steps that must be kept to: think what its goal needs, in a comment, do the next thing, look at what"
    " came of it, and go on until the goal is reached; then Return what it asks for."
)


class Context:
    """The part of a runtime that tells models where they are."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._programs: dict[str, str] = {}

    def variables(self, frame: Frame) -> dict[str, Any]:
        """The agent's variables and the frame's, by copy; the frame's win."""
        values = self._runtime.values
        found = {name: values.decode(data) for name, data in self._runtime.state.variables.get(frame.agent, {}).items()}
        if frame.names is not None:
            own = {name: value for name, value in frame.names.own().items() if name[:2] != "__"}
            found.update(values.copy(own))
        return found

    def messages(self, agent: str) -> list[tuple[str, str]]:
        """All that this agent sent or was sent, oldest first."""
        rows = self._runtime.state.messages
        return [(row[0], row[2]) for _, row in sorted(rows.items()) if row[0] == agent or agent in row[1]]

    def prompt(self, frame: Frame, executed: str = "") -> list[dict[str, str]]:
        """The messages that ask for the frame's next response."""
        runtime = self._runtime
        stack = runtime.state.stack(frame.id)
        for id in stack[:-1]:
            if (live := runtime.frames.live.get(id)) is not None:
                runtime.asking.flush(live)  # the statement it stands at may have come after the last checkpoint
        own = None if runtime.durable or frame.names is None else frame.names.own()
        return prompt_of(runtime.program, runtime.state, frame.id, executed, own, self._programs)


_DEEP = 20
"""Lists in lists that calls are looked for in."""


def prompt_of(
    program: Program,
    state: ProgramState,
    frame: int,
    executed: str = "",
    own: Mapping[str, Any] | None = None,
    programs: dict[str, str] | None = None,
) -> list[dict[str, str]]:
    """The messages that ask for a frame's next response, from the state alone: the same whenever they are made.

    Args:
        program: What runs.
        state: As it was when the model was asked.
        frame: The one the response is for.
        executed: Code of this turn that already ran, when a response is being continued.
        own: The frame's variables, where the state keeps none.
        programs: Listings by class name, kept between calls.
    """
    row = state.frame(frame)
    cls = program.agent(state.agent(row.agent).class_name)
    assert cls
    playbook = cls.playbook(row.playbook)
    if playbook is not None and playbook.mode == "raw":
        return [{"role": "user", "content": _called(state, frame)}]
    listings = {} if programs is None else programs
    if cls.name not in listings:
        listings[cls.name] = _listing(program, cls)
    about = f"{system_prompt()}\n\n{listings[cls.name]}\n\nYou are agent {row.agent}, a {cls.name}."
    found = [{"role": "system", "content": about}]
    for id in state.stack(frame):
        found += _transcript(state, cls, id, current=id == frame)
    ask = [_now(state, cls, frame, own)]
    if executed:
        ask.append(continued(executed))
    return _joined([*found, {"role": "user", "content": "\n\n".join(ask)}])


def prompt_hash(prompt: list[dict[str, str]]) -> str:
    """What a recorded call names its prompt by."""
    text = "\0".join(f"{message['role']}\1{message['content']}" for message in prompt)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _listing(program: Program, cls: AgentClass) -> str:
    """What an agent is and who else there may be. Hidden playbooks show only when one is called."""
    shown = replace(cls, playbooks=tuple(playbook for playbook in cls.playbooks if not playbook.hidden))
    text = f"# The program of this agent\n\n{compile_program(Program((shown,), ()))}"
    others = [other for other in program.agents if other is not cls and other.kind == "AI"]
    public = [
        f"- {other.name}.{playbook.name}({', '.join(p.name for p in playbook.parameters)})"
        for other in others
        for playbook in other.playbooks
        if playbook.public and not playbook.hidden
    ]
    if others:
        text += "\n\n# Other agent classes\n\n" + "\n".join(f"- {other.name}" for other in others)
    if public:
        text += "\n\n# Public playbooks of others\n\n" + "\n".join(public)
    return text


def _now(state: ProgramState, cls: AgentClass, frame: int, own: Mapping[str, Any] | None) -> str:
    row = state.frame(frame)
    lines = [f"You are in {state.step.get(frame) or row.playbook}."]
    playbook = cls.playbook(row.playbook)
    if playbook is not None and playbook.mode == "react":
        lines.append(_PLANNED)
    if meeting := meeting_of(state, frame):
        held = state.meeting(meeting)
        there = ", ".join(named(agent, state) for agent in held.attendees if agent != row.agent) or "nobody else"
        lines.append(
            f"Meeting {meeting}, about {held.topic}, has ended."
            if held.ended
            else f"You are in meeting {meeting}, about {held.topic}, with {there}."
        )
    if variables := state.variables.get(row.agent):
        lines.append("The agent's variables:")
        lines += [f"    ${name} = {show(decode(data))}" for name, data in sorted(variables.items())]
    names = _own(state, frame) if own is None else own
    shown = {n: value for n, value in names.items() if n[:2] != "__" and n.isidentifier() and not _spent(value)}
    if shown:
        lines.append("This call's own:")
        lines += [f"    {name} = {show(value)}" for name, value in sorted(shown.items())]
    if artifacts := state.artifacts.get(row.agent):
        lines.append("The agent's artifacts:")
        lines += [f"    {name}: {summary}" for name, (summary, _) in sorted(artifacts.items())]
    others = [named(id, state) for id in _acquainted(state, row.agent)]
    if others:
        lines.append("Other agents: " + ", ".join(others))
    lines.append("Write the code that comes next.")
    return "\n".join(lines)


def _spent(value: object, within: tuple[int, ...] = ()) -> bool:
    """Whether a value is nothing but calls and coroutines: once their statement is over they are of no use."""
    if type(value) is Described:
        return value.lost in ("Call", "coroutine")
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        if id(value) in within or len(within) > _DEEP:
            return False
        return bool(value) and all(_spent(part, (*within, id(value))) for part in value)
    return isinstance(value, Call) or inspect.iscoroutine(value)


def _acquainted(state: ProgramState, agent: str) -> list[str]:
    """The agents that an agent knows of: there from the start, its maker, those it made or exchanged a message with.

    Not simply all there are: whom another agent has made by now is a race, and a prompt must not depend on one.
    """
    known = {id for id, row in state.agents.items() if not row[1] or row[1] == agent}
    known.add(state.agents[agent][1])
    for sender, receivers, *_ in state.messages.values():
        if sender == agent:
            known.update(receivers)
        elif agent in receivers:
            known.add(sender)
    return [id for id in state.agents if id in known and id not in (agent, HUMAN)]


def meeting_of(state: ProgramState, frame: int) -> str:
    """The meeting that a frame, or one of the same agent's that called it, leads or takes part in; empty for none."""
    agent, id = state.frames[frame][0], frame
    while id and state.frames[id][0] == agent:
        row = state.frame(id)
        if row.meeting:
            return row.meeting
        id = row.parent
    return ""


def _own(state: ProgramState, frame: int) -> dict[str, Any]:
    if held := state.names.get(frame):
        return StoredNames.load(held, decode)
    arguments = state.frame(frame).arguments
    return dict(decode(arguments)) if arguments else {}


def _called(state: ProgramState, frame: int) -> str:
    notes = sorted(state.transcript.get(frame, {}).items())
    return next((text for _, (kind, text) in notes if kind == CALLED), "")


def _transcript(state: ProgramState, cls: AgentClass, frame: int, *, current: bool) -> list[dict[str, str]]:
    """A frame's turns: each response, then what came of it."""
    found: list[dict[str, str]] = []
    notes: list[str] = []
    playbook = cls.playbook(state.frames[frame][1])
    if playbook is not None and playbook.mode == "python":
        found.append({"role": "user", "content": f"{playbook.name}, which is written in Python, runs."})
    for _, (kind, text) in sorted(state.transcript.get(frame, {}).items()):
        if kind == CALLED:
            if playbook is not None and playbook.hidden:
                text += f"\n\n{compile_program(Program((AgentClass(cls.name, playbooks=(playbook,)),), ()))}"
            heard, notes = notes, []  # what was said to an agent that did nothing; not what its description called
            found.append({"role": "user", "content": "\n\n".join([*heard, text]) if playbook is None else text})
        elif kind == "response":
            found.append({"role": "assistant", "content": text})
            if notes:
                found.append({"role": "user", "content": "\n".join(notes)})
                notes = []
        else:
            notes.append(text)
    if not current and (said := _ran(state, frame)):
        found.append({"role": "assistant", "content": said})
    if notes:
        found.append({"role": "user", "content": "\n".join(notes)})
    return found


def _ran(state: ProgramState, frame: int) -> str:
    """The code of a frame's response up to the statement it stands at; what follows depends on how it was chunked."""
    text = state.response.get(frame)
    if not text:
        return ""
    response = Response(text, state.whole.get(frame, 0), ended=True)
    return response.code[: response.end_of(state.progress_of(frame).offset + 1)]


def _joined(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Messages of one role after another as one: providers want them to alternate."""
    joined: list[dict[str, str]] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1] = {"role": message["role"], "content": f"{joined[-1]['content']}\n\n{message['content']}"}
        else:
            joined.append(message)
    return joined


def show(value: object) -> str:
    """A value on one line, cut; never through its own `__repr__`, so it holds no address."""
    return describe.show(value, SHOWN)
