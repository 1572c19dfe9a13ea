"""Calls and what they gave, as rows show them and as the caller's model is told.

Apart from the builtins because a playbook, a tool and a loaded file tell their results alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbooks.checkpoints import describe
from playbooks.language.model import Playbook
from playbooks.runtime.arguments import Default
from playbooks.runtime.call import Running
from playbooks.state import events as e
from playbooks.words import counted

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

_BRIEF = 120
"""Characters of a value in a row."""


def brief(value: Any) -> str:
    """A value for a row."""
    return describe.show(value, _BRIEF) if not isinstance(value, str) else value


def brief_call(playbook: Playbook, arguments: dict[str, Any]) -> str:
    """`Haggle("pen")`, for a row."""
    return f"{playbook.name}({', '.join(map(_shown, arguments.values()))})"


def note_result(runtime: Runtime, running: Running, name: str, shown: str, value: Any) -> None:
    """Tells the caller's model what a call gave; a long text becomes an artifact."""
    if value is None:
        return
    text = value if isinstance(value, str) else describe.show(value, 4000)
    if len(text) <= runtime.settings.artifact_result_threshold:
        running.note = ("result", f"{shown} returned {describe.show(value, 1000)}")
        return

    def finish() -> Any:  # in the step of the commit: two calls at the same time take two numbers
        held = runtime.state.artifacts.get(running.frame.agent, {})
        number = len(held) + 1
        while (artifact := f"{name}_result_{number}") in held:
            number += 1
        summary = f"what {shown} gave, {counted(len(text), 'character')}"
        data = runtime.values.kept(value, "$result")
        running.events.append(e.ArtifactSaved(running.frame.agent, artifact, summary, data))
        running.note = ("result", f"{shown} gave a long result, kept as artifact {artifact}: {text[:100]}…")
        return value

    running.finish = finish


def _shown(argument: Any) -> str:
    return argument.source if isinstance(argument, Default) else describe.show(argument, 40)
