"""A fork's change of a variable, made where the replay has come to it.

Apart from `replay`, which knows when, because whose variable it is depends on the frames that live by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


def make_edit(runtime: Runtime, frame: int, unit: int, tick: float, name: str) -> None:
    """A fork's change of a variable: in the innermost live frame that has it, else the agent's.

    The frame that owns it keeps the edit, which is made again as long as that frame's unit is replayed; an agent's
    needs none, since what was read by then is in the record.
    """
    data = runtime.state.record[frame, unit]["edit", tick, name][0]
    agent, owner = runtime.state.frames[frame][0], frame
    while owner and runtime.state.frames[owner][0] == agent:
        live = runtime.frames.live.get(owner)
        if live is not None and live.names is not None and name in live.names:
            break
        owner = runtime.state.frames[owner][3]
    else:
        owner = 0
    if owner != frame:
        runtime.emit(e.EditTaken(frame, unit, tick, name))
    if not owner:
        runtime.emit(e.VariableWritten(agent, name, data))
        return
    live = runtime.frames.live[owner]
    if owner != frame:
        runtime.emit(e.EditPlaced(owner, live.unit, tick, name, data))
    assert live.names is not None
    with runtime.values.defined_in(live.names):
        dict.__setitem__(live.names, name, runtime.values.decode(data))
