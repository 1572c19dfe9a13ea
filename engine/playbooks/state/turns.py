"""Turns of a loop that no effect lies between, as one event: a program may count to millions before its next await.

Each turn ends a unit. What it read is served to a replay only while it is not complete, and of what it set only the
last value counts, so the turns before leave nothing but their number.
"""

from __future__ import annotations

from playbooks.state import events as e

_OF_A_UNIT = (e.VariableRead, e.SyncDone)
"""Forgotten when their unit ends."""


def take_up(pending: list[e.Event], event: e.Event) -> None:
    """Adds an event to those of the next checkpoint; the end of a turn joins the one before, if nothing else happened.

    Folding the events comes to the same state either way.

    Args:
        pending: Events since the last checkpoint, oldest first; changed in place.
        event: What happened.
    """
    if not isinstance(event, e.UnitEnded) or event.stage != "turn" or (at := _turn_before(pending, event)) < 0:
        pending.append(event)
        return
    before = pending[at]
    assert isinstance(before, e.UnitEnded)
    written = [later for later in pending[at + 1 :] if isinstance(later, e.VariableWritten)]
    del pending[at:]
    for later in written:
        _write(pending, later)
    units = (before.units if isinstance(before, e.UnitsEnded) else 1) + 1
    names = {**dict(before.names), **dict(event.names)}
    pending.append(e.UnitsEnded(event.frame, event.offset, event.stage, tuple(names.items()), units))


def _turn_before(pending: list[e.Event], event: e.UnitEnded) -> int:
    """Where the end of the turn before is, if all since then belongs to this one; −1: it does not."""
    for at in range(len(pending) - 1, -1, -1):
        found = pending[at]
        if isinstance(found, e.UnitEnded):
            same = (found.frame, found.offset, found.stage) == (event.frame, event.offset, event.stage)
            return at if same else -1
        if not isinstance(found, e.VariableWritten) and not (
            isinstance(found, _OF_A_UNIT) and found.frame == event.frame
        ):
            return -1
    return -1


def _write(pending: list[e.Event], written: e.VariableWritten) -> None:
    """Takes the place of an earlier value that nothing but other values and reads came after."""
    for at in range(len(pending) - 1, -1, -1):
        found = pending[at]
        if isinstance(found, e.VariableWritten):
            if (found.agent, found.name) == (written.agent, written.name):
                pending[at] = written
                return
        elif not isinstance(found, _OF_A_UNIT):
            break
    pending.append(written)
