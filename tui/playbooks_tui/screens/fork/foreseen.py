"""What a fork will do, in short rows: what the record gives, what goes on live, tools, the model, and what stays.

Pure: from the engine's plan, whose sentences are longer, to rows that fit the dialog; it decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from playbooks.session.moment import Moment
from playbooks.session.planning import ForkPlan
from playbooks.words import counted
from playbooks_tui.record import HUMAN
from playbooks_tui.spans import money


class Later(msgspec.Struct, frozen=True):
    """What the branch that is left did from there on."""

    branch: str
    checkpoints: int
    calls: int
    cost: float | None


Rows = tuple[tuple[str, str], ...]
NAMES = ("record", "live", "tools", "model", "stays", "keeps")
OFTEN_EMPTY = "keeps"
"""A row that is there only when it says something."""
_SOURCE = re.compile(r"(, line \d+)?(?:: .*)?, starts again")
"""The statement's source, which the dialog has no room for: the code is beside it."""
_PLACE = re.compile(r"(.+?)(?:: |, )(lines? \d.*)")
"""`Seller Haggle: line 7 as recorded`, `Seller Haggle, line 6 again …`: the call, and what is said of it."""
_LIVE = (
    ("on", "goes on", "go on"),
    ("wakes", "wakes with its message", "wake with their messages"),
    ("waits", "waits", "wait"),
    ("idle", "has nothing to do", "have nothing to do"),
)
"""What an agent does first, of one and of several."""


def foreseen(plan: ForkPlan, moment: Moment, later: Later, title: Callable[[str], str], *, asks: str = "") -> Rows:
    """Rows of a word and what it says, of each of `NAMES`; one of them may say nothing.

    Args:
        plan: The engine's.
        moment: Where it leaves.
        later: What the branch that is left did from there on.
        title: Agent's id → what people call it.
        asks: What the model is asked for at once, `all that comes next`; empty: what a differing prompt asks for.
    """
    said: dict[str, list[str]] = {name: [] for name in NAMES}
    for word, text in plan.happens:
        said.setdefault(word, []).append(_named(text, moment, title))
    again = [_SOURCE.sub(r"\1 again", text) for text in said["record"]]
    record = sorted(again, key=lambda text: not text.endswith("as recorded"))
    own = f" of {title(moment.header.agent)} was under way"
    tools = [text.replace(own, " was under way") for text in said["tools"]]
    return (
        ("record", _gathered(record)),
        ("live", _live(moment, title)),
        ("tools", "; ".join(tools) or "none repeats"),
        ("model", _model(later, asks)),
        ("stays", "; ".join(said["stays"])),
        ("keeps", _keeps(said["keeps"], said.get("lacks", ()))),
    )


def _gathered(texts: Sequence[str]) -> str:
    """What is said of the same call of a playbook, under its name once."""
    found: dict[str, list[str]] = {}
    for text in texts:
        place = _PLACE.fullmatch(text)
        found.setdefault(place[1] if place else "", []).append(place[2] if place else text)
    return "; ".join(f"{name}: {'; '.join(said)}" if name else "; ".join(said) for name, said in found.items())


def _named(text: str, moment: Moment, title: Callable[[str], str]) -> str:
    """Agents as the screen calls them, where the plan tells class and id."""
    for id, view in moment.agents.items():
        text = text.replace(f"{view.class_name} {id}", title(id))
    return text


def _live(moment: Moment, title: Callable[[str], str]) -> str:
    """What each agent does first; those that do the same are named together."""
    mail = {
        receiver for message in moment.messages for receiver in message.receivers if receiver not in message.delivered
    }
    found: dict[str, list[str]] = {}
    for id, view in moment.agents.items():
        if id == HUMAN:
            continue
        if view.status == "waiting":
            what = "wakes" if id in mail else "waits"
        else:
            what = "on" if view.status == "running" else "idle"
        found.setdefault(what, []).append(title(id))
    parts = []
    for what, one, many in _LIVE:
        names = found.get(what, [])
        if names:
            who = " and ".join(names) if len(names) < 3 else f"{len(names)} agents"
            parts.append(f"{who} {one if len(names) == 1 else many}")
    return "; ".join(parts)


def _keeps(keeps: Sequence[str], lacks: Sequence[str]) -> str:
    """Of data that another program's text says otherwise; the dialog has the field that changes it."""
    kept = [
        text.removesuffix("; --set changes it").replace(", though the program says", "; the text says")
        for text in keeps
    ]
    return "; ".join([*kept, *(f"no {text.removesuffix('; --set makes it')}" for text in lacks)])


def _model(later: Later, asks: str) -> str:
    spent = f"{later.branch} took {counted(later.calls, 'call')}, {money(later.cost)} from here" if later.calls else ""
    when = f"asked for {asks}" if asks else "asked where a prompt differs" if spent else "asked for what comes next"
    return "; ".join(part for part in (when, spent) if part)
