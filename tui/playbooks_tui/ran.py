"""How long a session ran, from its checkpoints: the time in which some agent worked on one.

Apart because nobody writes it down: a run that is killed could not. What counts is what agents needed for their
checkpoints, each moment once, however many worked in it; so neither a pause, nor the person's thinking, nor the days
between two runs are in it.
"""

from __future__ import annotations

from collections.abc import Iterable

from playbooks.checkpoints.record import Header


def ran(headers: Iterable[Header], *, since: float = 0.0) -> float:
    """Seconds.

    Args:
        headers: In sequence order.
        since: What was done before this time does not count.
    """
    spans: list[tuple[float, float]] = []
    """When somebody worked: apart, in order."""
    for header in headers:
        begin, end = max(header.time - header.took, since), header.time
        while spans and spans[-1][1] >= begin:
            first, last = spans.pop()
            begin, end = min(begin, first), max(end, last)
        spans.append((begin, end))
    return sum(end - begin for begin, end in spans)
