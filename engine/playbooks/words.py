"""Numbers as people read them.

Apart because the same number is told in a terminal, in a plan and on the screen.
"""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
