"""What a playbook is called with, as its model is told: the arguments, and the description resolved.

Apart from the player because it is a unit of its own, before the first statement: an expression may call playbooks, so
it is recorded and replayed as a statement is.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from playbooks.checkpoints import describe
from playbooks.language.placeholders import ExpressionPart, TextPart, split_description
from playbooks.runtime.call import Call
from playbooks.runtime.place import Place, here
from playbooks.runtime.source import MODEL, compile_statement
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.frame import Frame
    from playbooks.runtime.runtime import Runtime

CALLED = "called"
"""The kind of the note that a call begins a transcript with."""
SHOWN = 400
"""Characters of a value, wherever a model reads one."""


class BadDescription(Exception):
    """An expression in a raw prompt failed: what would be sent is not what was meant. An ordinary error of the call."""


def has_expressions(frame: Frame) -> bool:
    """Whether the description of a frame's playbook is to be resolved."""
    return any(isinstance(part, ExpressionPart) for part in split_description(frame.playbook.description))


def is_called(runtime: Runtime, frame: Frame) -> bool:
    """Whether the call is in its transcript already."""
    return any(kind == CALLED for kind, _ in runtime.state.transcript.get(frame.id, {}).values())


def note_call(runtime: Runtime, frame: Frame, description: str) -> None:
    """Puts the call into its transcript."""
    playbook, state = frame.playbook, runtime.state
    if playbook.mode == "raw":
        runtime.emit(e.Noted(frame.id, CALLED, description))
        return
    signature = ", ".join(f"{name}={describe.show(value, SHOWN)}" for name, value in frame.arguments.items())
    caller = state.frames[frame.parent][0] if frame.parent else frame.agent
    by = f", which {runtime.agents.title(caller)} asks for" if caller != frame.agent else ""
    text = f"Carry out {playbook.name}({signature}){by}."
    in_program = runtime.agents.class_of(frame.agent).playbook(playbook.name) is not None
    if description and (description != playbook.description or not in_program):
        text += f"\n\n{description}"
    runtime.emit(e.Noted(frame.id, CALLED, text))


async def resolve(runtime: Runtime, frame: Frame) -> str:
    """The description with the value of each expression in its place; playbooks among them are called and awaited.

    What fails stands there as its error, so that the model knows what it lacks.

    Raises:
        BadDescription: An expression of a raw prompt failed.
    """
    here.set(Place(runtime, frame))
    texts: list[str] = []
    for part in split_description(frame.playbook.description):
        if isinstance(part, TextPart):
            texts.append(part.text)
            continue
        try:
            value = await _value(runtime, frame, part)
            texts.append(value if isinstance(value, str) else describe.show(value))
        except Exception as error:
            told = f"{part.source}: {type(error).__name__}: {error}"
            if frame.playbook.mode == "raw":
                raise BadDescription(f"{{{told}}} in the prompt {frame.playbook.name}") from error
            runtime.output(frame.agent, f"{frame.playbook.name}: {{{told}}}", "warning")
            texts.append(f"{{{told}}}")
    return "".join(texts)


async def _value(runtime: Runtime, frame: Frame, part: ExpressionPart) -> Any:
    names = frame.names
    assert names is not None
    filename, source = f"{MODEL} {frame.playbook.name} description>", f"__value__ = ({part.source}\n)"
    runtime.positions.add(filename, 1, source)
    waits = eval(compile_statement(source, None, filename=filename, line=1), names)
    if waits is not None:
        await waits
    value = dict.pop(names, "__value__")
    if isinstance(value, Call) or inspect.isawaitable(value):
        return await runtime.effects.awaited(value)
    return value
