"""What models were asked and what it cost: at one checkpoint, on a branch, since a moment.

Apart because three places show it, and unknown must stay unknown in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from playbooks.errors import UserError
from playbooks.session.record.reader import Reader
from playbooks.state import Event, ProgramState
from playbooks.state import events as e


class Spent(msgspec.Struct, frozen=True):
    """Model calls with their tokens and cost, and time."""

    calls: int
    """Asked; a response served from the record is none, other than in `max_llm_calls`."""
    input_tokens: int | None
    """None: unknown."""
    output_tokens: int | None
    cost: float | None
    """US dollars; None: unknown."""
    seconds: float
    """Of a checkpoint, what its agent needed for it; else from the first checkpoint to the last."""
    checkpoints: int = 1
    ended: int = 0
    """Of a checkpoint, calls that were over by then: what they took is told then, wherever they were asked."""


def spent_at(reader: Reader, checkpoint: str) -> Spent:
    """What was asked and answered between the checkpoint before one and it.

    Raises:
        UserError: It can't be read.
    """
    header = reader.header(checkpoint)
    return _sum(reader.events(checkpoint), header.took)


def spent_between(reader: Reader, since: str, to: str) -> Spent:
    """What was spent from one checkpoint to a later one on the way from it; an empty `since` is the start.

    Raises:
        UserError: One can't be read.
    """
    after = reader.moment(to)
    before = reader.moment(since) if since else None
    first = before.header if before else reader.path(to)[0]
    then = before.state if before else ProgramState()
    return Spent(
        after.state.calls - then.calls,
        _whole(_more(then, after.state, "input_tokens")),
        _whole(_more(then, after.state, "output_tokens")),
        _more(then, after.state, "cost"),
        max(0.0, after.header.time - first.time),
        after.header.depth - (first.depth if before else -1),
    )


def spent_on(reader: Reader, branch: str) -> Spent:
    """What was spent on a branch since it left another; on `main`, since the start.

    Raises:
        UserError: There is no such branch, or it can't be read.
    """
    own = [header for header in list(reader.headers) if header.branch == branch]
    if not own:
        raise UserError(f"there is no branch {branch}")
    return spent_between(reader, own[0].parent, own[-1].id)


def _more(before: ProgramState, after: ProgramState, name: str) -> float | None:
    was, now = before.count.get(name, 0), after.count.get(name, 0)
    return None if now < 0 or was < 0 else float(now - was)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _sum(events: Iterable[Event], seconds: float) -> Spent:
    calls = ended = 0
    totals: list[float | None] = [0, 0, 0]
    for event in events:
        calls += isinstance(event, e.ModelAsked)
        if isinstance(event, e.ResponseEnded) and event.served:
            calls -= 1  # it was asked for in the same breath
        elif isinstance(event, e.ResponseEnded | e.CallDropped):
            ended += 1
            new = (event.input_tokens, event.output_tokens, event.cost)
            totals = [
                None if total is None or more is None else total + more
                for total, more in zip(totals, new, strict=True)
            ]  # fmt: skip
    return Spent(calls, _whole(totals[0]), _whole(totals[1]), totals[2], seconds, ended=ended)
