"""What ids look like, and in which order they stand.

Apart because every store takes ids from outside and must tell one from a path or a query before it uses it.
"""

from __future__ import annotations

import re
from typing import Final

ID: Final = re.compile(r"(?P<agent>[A-Za-z0-9][A-Za-z0-9_.-]*)_ckpt_(?P<number>[1-9][0-9]{0,17})")
"""Of a checkpoint: `1000_ckpt_12`."""
SESSION: Final = re.compile(r"s[1-9][0-9]{0,8}")
"""Of a session: `s1`."""


def session_order(session: str) -> tuple[int, str]:
    """A key to sort sessions by: by number, and what is no session's id last."""
    return (int(session[1:]), "") if SESSION.fullmatch(session) else (1 << 31, session)


def agent_of(id: str) -> str:
    """The agent of a checkpoint's id; empty when it is none."""
    found = ID.fullmatch(id)
    return found["agent"] if found else ""
