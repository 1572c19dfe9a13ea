"""How a run ended, in the program's own words."""

from __future__ import annotations

from typing import Final

from playbooks_tui.record import HUMAN, Record

_LAST_WORDS: Final = 40
"""In how many of the last checkpoints the ending is looked for."""


def ending(record: Record) -> str:
    """How the program ended, in its own words."""
    return ending_of(record, record.branch)


def ending_of(record: Record, name: str) -> str:
    """How a branch ended, in its own words: what the program returned last or told the person.

    Args:
        record: Of the session.
        name: The branch.
    """
    branch = record.branches.get(name)
    if branch is None or not branch.ended:
        return ""
    for index in reversed(branch.rows[-_LAST_WORDS:]):
        header = record.headers[index]
        if header.kind == "end" and header.text and header.ends_program:
            return header.text
        if header.kind == "return" and header.text:
            return header.text
        if header.kind == "say" and header.peer == HUMAN:
            return record.text(index)
    return record.headers[branch.rows[-1]].text
