"""What a model is shown: the live call stack, deterministic, so that any past prompt can be built again and its hash
compared.

A playbook that returned leaves only its result, in its caller's transcript. All of it comes from the state and the
program;
nothing is kept on the side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbooks.checkpoints import describe
from playbooks.checkpoints.codec import decode
from playbooks.language import compile_program
from playbooks.language.model import AgentClass, Program
from playbooks.language.placeholders import ExpressionPart, TextPart, split_description
from playbooks.models.prompt import continued, system_prompt
from playbooks.runtime.frame import Frame
from playbooks.runtime.source import compile_statement
from playbooks.state import ProgramState
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

SHOWN = 400
"""Characters of a value in the prompt."""


class Context:
    """The part of a runtime that tells models where they are."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._programs: dict[str, str] = {}

    def called(self, frame: Frame) -> None:
        """Notes a call in the frame's transcript, with the expressions of its description resolved; once."""
        runtime = self._runtime
        if frame.id in runtime.state.transcript:
            return
        signature = ", ".join(f"{name}={show(value)}" for name, value in frame.arguments.items())
        text = f"Carry out {frame.playbook.name}({signature})."
        resolved = self._resolve(frame)
        if resolved != frame.playbook.description:
            text += f"\n\n{resolved}"
        runtime.emit(e.Noted(frame.id, "called", text))

    def _resolve(self, frame: Frame) -> str:
        parts = []
        for part in split_description(frame.playbook.description):
            if isinstance(part, TextPart):
                parts.append(part.text)
            elif isinstance(part, ExpressionPart):
                try:
                    code = compile_statement(
                        f"__value__ = ({part.source})", None, filename="<model description>", line=1
                    )
                    names = frame.names
                    assert names is not None
                    eval(code, names)
                    parts.append(str(dict.pop(names, "__value__", "")))
                except Exception as error:
                    parts.append(f"{{{part.source}: {type(error).__name__}: {error}}}")
        return "".join(parts)

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
        state = self._runtime.state
        row = state.agent(frame.agent)
        cls = self._runtime.program.agent(row.class_name)
        assert cls
        found = [{"role": "system", "content": f"{system_prompt()}\n\n{self._agent(cls, frame.agent)}"}]
        for id in state.stack(frame.id):
            found += _transcript(state, id, current=id == frame.id)
        ask = [self._now(frame)]
        if executed:
            ask.append(continued(executed))
        return _joined([*found, {"role": "user", "content": "\n\n".join(ask)}])

    def _agent(self, cls: AgentClass, agent: str) -> str:
        text = self._programs.get(cls.name)
        if text is None:
            program = self._runtime.program
            text = f"# The program of this agent\n\n{compile_program(Program((cls,), ()))}"
            others = [
                f"- {other.name}.{playbook.name}({', '.join(p.name for p in playbook.parameters)})"
                for other in program.agents
                if other is not cls
                for playbook in other.playbooks
                if playbook.public
            ]
            classes = [f"- {other.name}" for other in program.agents if other is not cls and other.kind == "AI"]
            if classes:
                text += "\n\n# Other agent classes\n\n" + "\n".join(classes)
            if others:
                text += "\n\n# Public playbooks of others\n\n" + "\n".join(others)
            self._programs[cls.name] = text
        return f"{text}\n\nYou are agent {agent}, a {cls.name}."

    def _now(self, frame: Frame) -> str:
        state = self._runtime.state
        lines = [f"You are in {state.step.get(frame.id) or frame.playbook.name}."]
        variables = state.variables.get(frame.agent, {})
        if variables:
            lines.append("The agent's variables:")
            lines += [f"    ${name} = {show(decode(data))}" for name, data in sorted(variables.items())]
        if frame.names is not None:
            own = {n: v for n, v in frame.names.own().items() if n[:2] != "__" and n.isidentifier()}
            if own:
                lines.append("This call's own:")
                lines += [f"    {name} = {show(value)}" for name, value in sorted(own.items())]
        others = [f"agent {id} ({row[0]})" for id, row in state.agents.items() if id not in (frame.agent, "human")]
        if others:
            lines.append("Other agents: " + ", ".join(others))
        lines.append("Write the code that comes next.")
        return "\n".join(lines)


def _transcript(state: ProgramState, frame: int, *, current: bool) -> list[dict[str, str]]:
    """A frame's turns: each response, then what came of it."""
    found: list[dict[str, str]] = []
    notes: list[str] = []
    for _, (kind, text) in sorted(state.transcript.get(frame, {}).items()):
        if kind == "called":
            found.append({"role": "user", "content": text})
        elif kind == "response":
            found.append({"role": "assistant", "content": text})
            if notes:
                found.append({"role": "user", "content": "\n".join(notes)})
                notes = []
        else:
            notes.append(text)
    if not current and (said := state.response.get(frame)):
        found.append({"role": "assistant", "content": said})
    if notes:
        found.append({"role": "user", "content": "\n".join(notes)})
    return found


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
