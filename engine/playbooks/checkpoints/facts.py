"""What a session's small facts add up to: its program, the status of its branches, its labels.

Apart from the stores because each keeps the facts elsewhere, and all must read the same out of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, Final

from playbooks.checkpoints.record import BranchInfo, Header, SessionInfo
from playbooks.checkpoints.store import Note

SIGNATURE_DIGITS: Final = 32
INTENTS: Final = "intents"
"""The kind of fact that tells what was about to begin: `after` is the id of the newest checkpoint then."""
STATUS: Final = "status"
"""The kind of fact that tells how a branch ended; the first, that it runs, follows a session's first statement."""


def to_text(data: Mapping[str, Any]) -> str:
    """A fact as one line of JSON."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which a program may say and UTF-8 can't
        return json.dumps(data, separators=(",", ":"))
    return text


def sign(key: bytes | None, session: str, kind: str, text: str) -> str:
    """The signature of a fact; zeros without a key."""
    if key is None:
        return "0" * SIGNATURE_DIGITS
    signed = f"{session}\0{kind}\0{text}".encode("utf-8", "surrogatepass")
    return blake2b(signed, key=key, digest_size=SIGNATURE_DIGITS // 2).hexdigest()


def to_note(key: bytes | None, session: str, kind: str, text: str, signature: str) -> Note | None:
    """A stored fact, told whether this user's engine wrote it; None: it is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if type(data) is not dict:
        return None
    return Note(kind, data, key is not None and compare_digest(signature, sign(key, session, kind, text)))


def statuses(told: Sequence[Note], is_open: bool) -> dict[str, str]:
    """The status of each branch that told one.

    Args:
        told: The facts of kind `status`, oldest first.
        is_open: Whether a living process has the session: what none is running any more was interrupted, whatever it
            last said.
    """
    found = {str(note.data.get("branch")): str(note.data.get("status")) for note in told}
    if is_open:
        return found
    return {branch: "interrupted" if status == "running" else status for branch, status in found.items()}


def labels(told: Sequence[Note]) -> dict[str, str]:
    """Labels by id, from the facts of kind `label`, oldest first."""
    found = {str(note.data.get("id")): str(note.data.get("text", "")) for note in told}
    return {id: text for id, text in found.items() if text}


def branches(session: str, headers: Sequence[Header], statuses: Mapping[str, str]) -> list[BranchInfo]:
    """The branches of a session, in the order they began.

    Args:
        session: Its id.
        headers: In sequence order; of each branch at least its first and its newest.
        statuses: By branch.
    """
    ends: dict[str, tuple[Header, Header]] = {}
    for header in headers:
        ends[header.branch] = (ends.get(header.branch, (header,))[0], header)
    return [
        BranchInfo(session, name, last.id, first.parent, statuses.get(name, "interrupted"))
        for name, (first, last) in ends.items()
    ]


def session_info(
    session: str,
    first: Header,
    last: Header,
    checkpoints: int,
    about: Sequence[Note],
    statuses: Mapping[str, str],
    label: str,
) -> SessionInfo:
    """A session as the list shows it.

    Args:
        session: Its id.
        first: Its first checkpoint.
        last: Its newest.
        checkpoints: How many there are.
        about: The facts of kind `session`: the first names the program.
        statuses: By branch.
        label: Its own.
    """
    program = about[0].data if about else {}
    return SessionInfo(
        session,
        str(program.get("program", "")),
        str(program.get("program_hash", "")),
        last.branch,
        statuses.get(last.branch, "interrupted"),
        checkpoints,
        first.time,
        last.time,
        label,
    )


def is_nothing(headers: Sequence[Header], notes: Callable[[str, str], Sequence[Note]]) -> bool:
    """Whether a session is neither kept nor offered: it has no checkpoint, or a start whose first statement never ended
    and after which nothing began outside. (A first statement that ended and is damaged now is told by the status, which
    is noted after it.)

    Args:
        headers: Of all its whole checkpoints, or of the ends of its branches.
        notes: Gives a session's facts of one kind.
    """
    if not headers:
        return True
    start = headers[0]
    if len(headers) > 1 or start.kind != "start" or start.parent:
        return False
    begun = any(note.data.get("after") == start.id for note in notes(start.session, INTENTS))
    return not begun and not notes(start.session, STATUS)
