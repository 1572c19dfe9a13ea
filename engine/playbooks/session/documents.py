"""What `--json` prints: sessions, timelines, moments and differences as documents of plain data.

Apart because scripts rely on these shapes: a key is added, never renamed or taken away. What there is none of is null;
`degraded` lists the paths to what could not be stored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header, SessionInfo
from playbooks.runtime.notices import MessageView
from playbooks.session.differences import CodeChange, Differences
from playbooks.session.library import Look, Timeline
from playbooks.session.moment import Moment
from playbooks.session.variables import described, shown_variables

Document = dict[str, Any]
LONGEST = 1_000_000
"""Characters after which a value is cut: a script wants it whole, and a gigabyte still must not be printed."""


def to_json(document: Any) -> str:
    """A document as text, in ASCII so that any pipe and any value can carry it."""
    return json.dumps(document, indent=2, allow_nan=False, default=show)


def sessions_document(sessions: Sequence[SessionInfo]) -> list[Document]:
    """The sessions of a storage path, oldest first; `time` is that of the newest checkpoint."""
    return [
        {
            "id": session.id,
            "program": session.program,
            "status": session.status,
            "branch": session.branch,
            "checkpoints": session.checkpoints,
            "created": _time(session.created),
            "time": _time(session.updated),
            "label": session.label or None,
        }
        for session in sessions
    ]


def timeline_document(timeline: Timeline) -> Document:
    """A session's branches and its checkpoints, in sequence order."""
    return {
        "session": timeline.session.id,
        "program": timeline.session.program,
        "status": timeline.session.status,
        "branches": [
            {
                "name": branch.name,
                "head": branch.head,
                "forked_from": branch.forked_from or None,
                "status": branch.status,
            }
            for branch in timeline.branches
        ],
        "checkpoints": [checkpoint_document(header, timeline.labels.get(header.id)) for header in timeline.headers],
    }


def checkpoint_document(header: Header, label: str | None) -> Document:
    """One row of a timeline."""
    return {
        "id": header.id,
        "agent": header.agent,
        "number": header.number,
        "sequence": header.sequence,
        "parent": header.parent or None,
        "branch": header.branch,
        "statement": header.statement,
        "step": header.step,
        "playbook": header.playbook,
        "kind": header.kind,
        "degraded": [str(path) for path in header.degraded],
        "time": _time(header.time),
        "label": label or None,
    }


def look_document(look: Look) -> Document:
    """A checkpoint with the state at it."""
    moment = look.moment
    agents = [agent for agent in moment.agents if agent != "human"]
    return {
        **checkpoint_document(look.header, look.label),
        "session": look.header.session,
        "variables": {agent: shown_variables(moment, agent, LONGEST) for agent in agents},
        "call_stack": {agent: _call_stack(moment, agent) for agent in agents},
        "messages": [message_document(message) for message in moment.messages],
        "llm_response": look.response,
    }


def _call_stack(moment: Moment, agent: str) -> list[Document]:
    """Outermost first; `line` is where the call goes on in its response, null in Python and before a response."""
    return [
        {
            "playbook": frame.playbook,
            "step": frame.step,
            "line": frame.line or None,
            "arguments": described(frame.arguments, LONGEST),
            "variables": described(moment.frame_variables(frame.id), LONGEST),
        }
        for frame in moment.call_stack(agent)
    ]


def message_document(message: MessageView) -> Document:
    """A message; `delivered` when all that it is for have taken it."""
    return {
        "id": message.id,
        "from": message.sender,
        "to": list(message.receivers),
        "text": message.text,
        "delivered": set(message.delivered) >= set(message.receivers),
    }


def differences_document(found: Differences) -> Document:
    """What differs between two checkpoints; a side is null where there is no such thing."""
    variables: dict[str, dict[str, Document]] = {}
    for change in found.variables:
        variables.setdefault(change.agent, {})[change.name] = {"a": change.a, "b": change.b}
    return {
        "a": found.a.id,
        "b": found.b.id,
        "ancestor": found.ancestor.id if found.ancestor else None,
        "variables": variables,
        "messages": [
            {
                "id": change.id,
                "a": message_document(change.a) if change.a else None,
                "b": message_document(change.b) if change.b else None,
            }
            for change in found.messages
        ],
        "code": {
            "responses": _sides(change for change in found.code if change.agent),
            "program": _sides(change for change in found.code if change.file),
        },
    }


def _sides(changes: Any) -> Mapping[str, Document]:
    def sides(change: CodeChange) -> Document:
        return {"a": change.a, "b": change.b}

    return {change.agent or change.file: sides(change) for change in changes}


def _time(seconds: float) -> float | None:
    """Seconds since 1970; null for what a foreign file holds instead."""
    return seconds if math.isfinite(seconds) else None
