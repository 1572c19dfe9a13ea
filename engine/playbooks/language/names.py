"""Headings as names: what is written `# Travel Agent` is called `TravelAgent` in Python.

The rule, for agents and playbooks alike:

- A heading that is already an identifier stays as written: `Seller`, `process_countries`.
- Otherwise apostrophes fall away, every run of letters, digits and underscores is a word, each word gets a capital
  first letter, and they are joined: `Ask for name` is `AskForName`, `Tic-tac-toe host` is `TicTacToeHost`.
- What is no identifier even then (`3 ways`, `!`), a word of Python (`None`) or a builtin of the engine (`Say`) is
  refused.
"""

from __future__ import annotations

import keyword
import re
import unicodedata

RESERVED_NAMES = frozenset(
    [
        "Say",
        "Yld",
        "Step",
        "Return",
        "Var",
        "Artifact",
        "LoadArtifact",
        "SaveArtifact",
        "Trigger",
        "CreateAgent",
        "InviteToMeeting",
        "EndProgram",
        "Exit",
        "Loadfile",
        "asyncio",
        "meeting",
        "playbook",
        "self",
    ]
)
"""What the engine itself offers: a playbook of that name could never be called."""

_APOSTROPHE = re.compile("['’`]")
_WORD = re.compile(r"\w+")


def identifier(title: str) -> str:
    """The name of an agent or a playbook.

    Args:
        title: The heading's words.

    Returns:
        A Python identifier; empty when the words make none.
    """
    title = unicodedata.normalize("NFKC", title.strip())
    if not title.isidentifier():
        words = _WORD.findall(_APOSTROPHE.sub("", title))
        title = unicodedata.normalize("NFKC", "".join(word[:1].upper() + word[1:] for word in words))
    return title if title.isidentifier() else ""


def refusal(name: str) -> str:
    """Why an identifier can't name an agent or a playbook; empty when it can."""
    if keyword.iskeyword(name):
        return f"{name} is a word of Python"
    if name in RESERVED_NAMES:
        return f"{name} is a builtin of the engine"
    return ""
