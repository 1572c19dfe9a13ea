"""A text that is being written, in lines: only what is new is wrapped.

Apart from `spans.wrapped`, which it always agrees with, because it keeps what it has found. A long message is drawn at
each frame, for each agent that writes: wrapping all of it again would cost milliseconds.
"""

from __future__ import annotations

from playbooks_tui.spans import wrapped_paragraph


class GrowingText:
    """The lines of one text after another: each that goes on from the one before is wrapped from there."""

    def __init__(self) -> None:
        self._start_over("", 0)

    def _start_over(self, text: str, width: int) -> None:
        self._text, self._width = text, width
        self._settled: list[str] = []
        """Lines that stay as they are."""
        self._whole = 0
        """How many of them are of whole paragraphs."""
        self._paragraph = self._place = 0
        """Where the last paragraph begins in the text, and the line after `_settled`."""

    def lines(self, text: str, width: int) -> list[str]:
        """What `spans.wrapped` makes of a text."""
        text, width = text.rstrip(), max(1, width)
        if width != self._width or not text.startswith(self._text):
            self._start_over(text, width)
        self._text = text
        while (end := text.find("\n", self._paragraph)) >= 0:
            self._settled[self._whole :] = wrapped_paragraph(text[self._paragraph : end], width)
            self._whole, self._paragraph = len(self._settled), end + 1
            self._place = self._paragraph
        plain = text[self._place :].isprintable()
        if not plain:  # tabs and escapes need their whole paragraph
            del self._settled[self._whole :]
            self._place = self._paragraph
        open = wrapped_paragraph(text[self._place :], width)
        found = self._settled + open
        if plain:
            self._settle(open[:-1])
        return found

    def _settle(self, lines: list[str]) -> None:
        """Keeps lines that more words can't change, as long as it is clear where the next one begins."""
        for line in lines:
            after = self._place + len(line) + 1
            if not self._text.startswith(f"{line} ", self._place) or self._text[after] == " ":
                return
            self._settled.append(line)
            self._place = after
