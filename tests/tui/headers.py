"""Records made by hand: what was told, in a few words a row."""

from __future__ import annotations

from typing import Any

from playbooks.checkpoints.record import Header
from playbooks.runtime.notices import AgentChanged, AgentView, Committed
from playbooks_tui.record import Record
from playbooks_tui.told import Told

NAMES = {"human": "User", "1000": "Seller", "1001": "Buyer", "1002": "Boss"}


def header(agent: str, number: int, kind: str, text: str = "", peer: str = "", **other: Any) -> Header:
    """A checkpoint's header; what is not named is empty."""
    given: dict[str, Any] = {
        "id": f"{agent}_ckpt_{number}",
        "session": "s1",
        "sequence": 0,
        "parent": "",
        "branch": "main",
        "depth": 0,
        "statement": f"await {kind}()",
        "playbook": "Main",
        **other,
    }
    return Header(agent=agent, number=number, kind=kind, text=text, peer=peer, **given)  # type: ignore[arg-type]


def record(*headers: Header, names: dict[str, str] | None = None) -> Record:
    """A record that was told of these checkpoints, and of an agent before its first."""
    names = names or NAMES
    told: list[Told] = [AgentChanged(AgentView("human", "User", "idle"))]
    for one in headers:
        told.append(AgentChanged(AgentView(one.agent, names[one.agent], "running")))
        told.append(Committed(one))
        if one.kind == "create":
            told.append(AgentChanged(AgentView(one.peer, names[one.peer], "idle")))
    made = Record()
    made.take(told)
    return made


HAGGLE = (
    header("human", 1, "start", "negotiation.pb"),
    header("1000", 1, "step", "Main:01:EXE"),
    header("1000", 2, "create", "Buyer 1001", "1001"),
    header("1000", 3, "create", "Boss 1002", "1002"),
    header("1000", 4, "say", "This pen is $100.", "1001", took=0.9),
    header("1001", 1, "heard", "This pen is $100.", "1000", took=0.02),
    header("1001", 2, "say", "Would you take 60?", "1000", took=1.1),
    header("1000", 5, "tool", "Counter(60) = 95", took=0.2),
    header("1000", 6, "say", "75?", "1002", took=0.8),
    header("1002", 1, "heard", "75?", "1000", degraded=("$result.conn",)),
    header("1000", 7, "end", "sold at 80", statement="await EndProgram()"),
)
