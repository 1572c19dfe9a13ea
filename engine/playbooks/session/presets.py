"""Variables given before the first statement: `--set NAME=VALUE` of `run` and `debug`.

Apart from edits of a fork, which know by the record what is set and when: here nothing has run, so a name is known if
the program's Python made it or its text mentions it as `$name`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from playbooks.errors import UserError
from playbooks.language import RESERVED_NAMES
from playbooks.language.model import Program
from playbooks.runtime.runtime import Runtime
from playbooks.state import events as e

_MENTIONED = re.compile(r"\$([^\W\d]\w*)")
_CLOSE = 0.75
"""How alike an unknown name is to a known one to be a slip of the finger."""


def preset(runtime: Runtime, program: Program, given: Mapping[str, Any]) -> None:
    """Sets them, each in its agent.

    Args:
        runtime: Prepared, and not begun.
        program: What it runs.
        given: Values by `NAME` (of agent 1000) or `1001.NAME`; with a `$` before it any name is taken.

    Raises:
        UserError: There is no such agent at the start, the name is the engine's, or it looks like a slip.
    """
    for name, value in given.items():
        agent, dot, rest = name.partition(".")
        agent, rest = (agent, rest) if dot else ("1000", name)
        if agent not in runtime.state.agents:
            raise UserError(f"--set {name}: there is no agent {agent} at the start")
        plain = rest.lstrip("$")
        if plain in RESERVED_NAMES:
            raise UserError(f"--set {name}: {plain} is what every agent has, and can't be set", "take another name")
        if plain == rest:
            known = {*runtime.state.variables.get(agent, ())}
            for file in program.files:
                known.update(_MENTIONED.findall(file.text))
            close = difflib.get_close_matches(plain, known, n=1, cutoff=_CLOSE)
            if plain not in known and close:
                what = f"--set {name}: agent {agent} has no variable {plain}"
                raise UserError(what, f"did you mean {close[0]}? (${plain} would make a new one)")
        runtime.emit(e.VariableWritten(agent, plain, runtime.values.encode(value)))
