"""Which message a row is about, where its header holds only the beginning of what was said.

Apart because a record that was pruned has fewer rows than messages: their order alone does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from playbooks.checkpoints.record import Header
from playbooks.runtime.journal import TEXT_LIMIT
from playbooks.runtime.notices import MessageView

CUT: Final = "…"
"""The end of a header's text that is not all of it."""


def long_texts(says: Sequence[tuple[int, Header]], messages: Iterable[MessageView]) -> dict[int, str]:
    """What was said in full, for the rows whose headers do not hold all of it.

    Args:
        says: Rows in which something was said, each with its header, oldest first.
        messages: All that was said, oldest first.

    Returns:
        Row → text. Of messages of one sender that begin alike the newest ones are taken: those are kept the longest.
    """
    unused: dict[tuple[str, str], list[str]] = {}
    for message in messages:
        if len(message.text) > TEXT_LIMIT:
            unused.setdefault((message.sender, message.text[: TEXT_LIMIT - 1]), []).append(message.text)
    found: dict[int, str] = {}
    for row, header in reversed(says):
        texts = unused.get((header.agent, header.text[: TEXT_LIMIT - 1]))
        if texts and header.text.endswith(CUT):
            found[row] = texts.pop()
    return found
