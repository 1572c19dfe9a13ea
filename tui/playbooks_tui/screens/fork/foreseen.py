"""What a fork will do, in five rows: what the record serves, what goes on live, tools, the model, and what stays.

Pure: from the engine's plan to words; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playbooks.session.forking import ForkPlan
from playbooks.session.moment import Moment
from playbooks_tui.record import HUMAN
from playbooks_tui.spans import counted, money


@dataclass(frozen=True, slots=True)
class Later:
    """What the branch that is left did from there on."""

    branch: str
    checkpoints: int
    calls: int
    cost: float | None


Rows = tuple[tuple[str, str], ...]
NAMES = ("record", "live", "tools", "model", "stays")


def foreseen(plan: ForkPlan, moment: Moment, later: Later, title: Callable[[str], str], *, asks: str = "") -> Rows:
    """Five rows of a word and what it says.

    Args:
        plan: The engine's.
        moment: Where it leaves.
        later: What the branch that is left did from there on.
        title: Agent's id → what people call it.
        asks: Why the model is asked from the start, `another model`; empty: only where a prompt differs.
    """
    return (
        ("record", _record(plan, title, asks)),
        ("live", _live(moment, title)),
        ("tools", _tools(plan, title)),
        ("model", _model(plan, later, asks)),
        ("stays", _stays(later)),
    )


def _record(plan: ForkPlan, title: Callable[[str], str], asks: str) -> str:
    parts: dict[str, int] = {}
    for again in plan.again:
        if again.served:
            parts[title(again.agent)] = parts.get(title(again.agent), 0) + again.served
    taken = _list([f"{counted(count, 'result')} of {name}" for name, count in parts.items()])
    rest = "" if asks or not plan.recorded else "responses while their prompts are the same"
    return "; ".join(part for part in (taken, rest) if part) or "nothing of it is taken"


def _live(moment: Moment, title: Callable[[str], str]) -> str:
    """What each agent does first; those that do the same are named together."""
    waiting = {
        receiver for message in moment.messages for receiver in message.receivers if receiver not in message.delivered
    }
    found: dict[str, list[str]] = {}
    for id, view in moment.agents.items():
        if id == HUMAN:
            continue
        if view.status == "running":
            what = "on"
        elif view.status == "waiting":
            what = "wakes" if id in waiting else "waits"
        else:
            what = "idle"
        found.setdefault(what, []).append(title(id))
    says = {
        "on": ("goes on", "go on"),
        "wakes": ("wakes with its message", "wake with their messages"),
        "waits": ("waits", "wait"),
        "idle": ("has nothing to do", "have nothing to do"),
    }
    parts = []
    for what, (one, many) in says.items():
        names = found.get(what, [])
        if names:
            who = _list(names) if len(names) < 3 else f"{len(names)} agents"
            parts.append(f"{who} {one if len(names) == 1 else many}")
    return "; ".join(parts)


def _tools(plan: ForkPlan, title: Callable[[str], str]) -> str:
    names = []
    for tool in plan.repeated_tools:
        name, _, agent = tool.partition(" of ")
        names.append(f"{name} of {title(agent)}" if agent else name)
    return f"{_list(names)} may have run, and will run again" if names else "none repeats"


def _model(plan: ForkPlan, later: Later, asks: str) -> str:
    spent = f"{later.branch} took {counted(later.calls, 'call')}, {money(later.cost)} from here" if later.calls else ""
    if asks:
        when = f"asked from here on: {asks}"
    elif plan.recorded:
        when = "asked where a prompt differs"
    else:
        when = "asked for what comes next"
    return "; ".join(part for part in (when, spent) if part)


def _stays(later: Later) -> str:
    if not later.checkpoints:
        return f"{later.branch}, as it is"
    return f"{later.branch}, with its {counted(later.checkpoints, 'later checkpoint')}"


def _list(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
