"""Lines for a pipe or a file: no colour, nothing that moves, each written when it is final.

Apart from the terminal's console so that a pipe never loads what draws there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from playbooks.console.transcript import Line, Transcript
from playbooks.runtime.notices import Notice

INDENT = "    "


class PlainConsole:
    """Writes what is said to stdout and what is wrong to stderr.

    Args:
        transcript: Decides what is shown.
        out: Where lines go.
        err: Where warnings, errors and log lines go.
        on_closed: Called once when nobody reads any more (`| head`) or nothing can be written any more (a full disk);
            what comes after is dropped.
    """

    def __init__(
        self,
        transcript: Transcript,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._transcript = transcript
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._on_closed = on_closed
        self.closed = False
        self.lost: OSError | None = None
        """Why nothing can be written any more, unless the reader has just left."""

    def listen(self, notice: Notice) -> None:
        """Shows a notice of the session."""
        for line in self._transcript.lines(notice):
            self.show(line)

    def show(self, line: Line) -> None:
        """Writes one line."""
        aside = line.kind in ("warning", "error", "log")
        self._write(self._shaped(line), self._err if aside else self._out)

    def tell(self, lines: Sequence[str]) -> None:
        """Writes words of our own."""
        if not self._transcript.taste.quiet:
            for text in lines:
                self._write(text, self._out)

    def ask(self, name: str, question: str = "") -> None:
        """Somebody waits for the person: a pipe needs no prompt."""

    def answered(self, text: str) -> None:
        """A line of the person's was taken: it is shown as a message like any other."""

    def end(self) -> None:
        """Nothing is kept back, so there is nothing to end."""

    def _shaped(self, line: Line) -> str:
        if self._transcript.taste.quiet and line.kind == "said":
            return line.text
        text = line.text.replace("\n", "\n" + INDENT)
        return f"{INDENT}{line.head} {text}" if line.kind == "act" else f"{line.head}: {text}"

    def _write(self, text: str, stream: TextIO) -> None:
        if self.closed and stream is self._out:
            return
        try:
            stream.write(text + "\n")
            stream.flush()
        except (OSError, ValueError) as error:
            if stream is self._out:
                self.closed = True
                self.lost = error if isinstance(error, OSError) and not isinstance(error, BrokenPipeError) else None
                self._on_closed()
