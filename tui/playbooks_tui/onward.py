"""Forward through the record as the step keys mean it: over, into, out, any agent. Nothing here runs anything.

Apart because it reads rows as the engine makes them: a call's row comes after the rows of what it called.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

from playbooks_tui.record import HUMAN, Record

How = Literal["over", "into", "out", "any"]


def onward(record: Record, row: int, how: How) -> int | None:
    """Where a step from a row leads to in the record; None: nothing came after it on its branch.

    Args:
        record: Of the session.
        row: Where the person looks.
        how: `over` stays in the agent's call or leaves it, `into` takes its next row, `out` leaves the call, `any`
            takes the next row of any agent. When the branch holds no such row, its newest is meant.
    """
    header = record.headers[row]
    shown = record.branches[header.branch].shown
    place = bisect_right(shown, row)
    if place == len(shown):
        return None
    if how == "any" or header.agent == HUMAN:
        return shown[place]
    calls, leaving = [header.playbook], header.kind == "return"
    for next_row in shown[place:]:
        following = record.headers[next_row]
        if following.agent != header.agent:
            continue
        if how == "into":
            return next_row
        if leaving:
            calls.pop()
        if not calls:  # left the call that the row is of
            return next_row
        if following.playbook in calls:
            del calls[calls.index(following.playbook) + 1 :]
        else:
            calls.append(following.playbook)
        leaving = following.kind == "return"
        if how == "over" and len(calls) == 1:
            return next_row
    return shown[-1]
