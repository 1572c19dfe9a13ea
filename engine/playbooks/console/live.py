"""The conversation in a terminal: what is final scrolls by, what is being written grows below it.

Apart from the plain console because only here rich is loaded, and only here something on the screen is taken back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from playbooks.console.drawing import LANES
from playbooks.console.transcript import PERSON, Line, Transcript
from playbooks.runtime.notices import MessageSent, Notice, Writing, WritingDropped

STYLES = {"act": "dim", "print": "", "warning": "yellow", "error": "red", "log": "dim"}
WIDEST_HEAD = 28
PROMPT = "you › "
REDRAW_S = 1 / 15
"""Between two drawings of what is moving."""


class LiveConsole:
    """Draws with rich; `end` gives the terminal back as it was.

    Args:
        transcript: Decides what is shown.
        echo: Whether the terminal itself shows what the person types.
        console: Of rich; one on stdout when None.
    """

    def __init__(self, transcript: Transcript, *, echo: bool = True, console: Console | None = None) -> None:
        self._transcript = transcript
        self._console = console or Console(highlight=False, markup=False, emoji=False)
        self._aside = Console(stderr=True, highlight=False, markup=False, emoji=False) if console is None else console
        self._echo = echo
        self._writing: dict[str, Line] = {}
        self._typed: list[str] = []
        self._head_width = 0
        self._lanes: dict[str, str] = {PERSON: "bold"}
        self._prompting = ""
        self._question = ""
        """Which of several it was told that the line answers."""
        self._above = False
        """Whether that stands right above the prompt: nothing was printed since."""
        self._live: Live | None = None
        self._redrawn = 0.0
        self._due: asyncio.TimerHandle | None = None
        self.closed = False
        self.lost: OSError | None = None

    def listen(self, notice: Notice) -> None:
        """Shows a notice of the session."""
        match notice:
            case Writing(agent=agent):
                line = self._transcript.writing(notice)
                if line is not None:
                    self._writing[agent] = line
            case WritingDropped(agent=agent):
                self._writing.pop(agent, None)
            case MessageSent(message=message):
                if self._writing.pop(message.sender, None) is not None:
                    self._redraw()  # before it is printed for good, not beside it
                if message.sender == PERSON and message.text in self._typed:
                    self._typed.remove(message.text)
                    return
        for line in self._transcript.lines(notice):
            self.show(line)
        self._refresh()

    def show(self, line: Line) -> None:
        """Prints one line for good."""
        aside = line.kind in ("warning", "error", "log")
        self._print(self._drawn(line), self._aside if aside else self._console)

    def tell(self, lines: Sequence[str]) -> None:
        """Prints words of our own."""
        if not self._transcript.taste.quiet:
            for text in lines:
                self._print(Text(text), self._console)

    def ask(self, name: str, question: str = "") -> None:
        """Waits for what the person types: nothing moves below the prompt meanwhile.

        Args:
            name: Who gets it; empty: there is only one.
            question: Which of several that wait it answers, `“Which order?”`; empty: there is only one.
        """
        asked = f"{name} asks {question}" if question else ""
        if asked and (asked != self._question or not self._above):
            self._print(Text(asked, style="bold"), self._console)
            self._above = True
        self._question = asked
        if not self._prompting:
            self._stop()
            self._prompting = PROMPT if not name else f"{PROMPT[:-2]}→ {name} › "
            self._prompt()

    def answered(self, text: str) -> None:
        """A line of the person's was taken."""
        self._prompting = self._question = ""
        if self._echo and text:
            self._typed.append(text)

    def end(self) -> None:
        """Clears what was not final and shows the cursor again."""
        self._writing.clear()
        if self._prompting:
            self._prompting = ""
            self._console.print()
        self._stop()

    def _refresh(self) -> None:
        """Shows what is being written and what goes on, unless the person is typing."""
        if self._prompting or (self._transcript.taste.quiet and not self._writing):
            return
        if self._live is None:
            if not (self._writing or self._transcript.activity()):
                return
            # Drawn from this thread alone: a second one that draws beside prints loses lines of the terminal.
            self._live = Live(
                console=self._console,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
                get_renderable=self._moving,
            )
            self._live.start(refresh=True)
            self._redrawn = time.monotonic()
        elif (wait := self._redrawn + REDRAW_S - time.monotonic()) <= 0:
            self._redraw()
        elif self._due is None:
            try:
                self._due = asyncio.get_running_loop().call_later(wait, self._redraw)
            except RuntimeError:  # nothing would come back to it
                self._redraw()

    def _redraw(self) -> None:
        """Draws what is moving as it is now."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._live is not None:
            self._live.refresh()
            self._redrawn = time.monotonic()

    def _moving(self) -> RenderableType:
        """What is below the last final line."""
        parts: list[RenderableType] = []
        room = max(self._console.height // 2, 3) * max(self._console.width - self._head_width, 20)
        for line in list(self._writing.values()):
            tail = line.text if len(line.text) <= room else "…" + line.text[-room:]
            parts.append(self._drawn(Line(line.kind, tail + "▌", line.head, line.agent)))
        if not self._transcript.taste.quiet:
            parts.append(Text(self._transcript.activity(), style="dim", overflow="ellipsis", no_wrap=True))
        return Group(*parts)

    def _drawn(self, line: Line) -> RenderableType:
        """A line as two columns, so that a long text stays beside its head."""
        if self._transcript.taste.quiet and line.kind == "said":
            return Text(line.text)
        self._head_width = min(max(self._head_width, len(line.head)), WIDEST_HEAD)
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=self._head_width if len(line.head) <= self._head_width else None, no_wrap=True)
        grid.add_column(overflow="fold")
        if line.kind == "act":
            grid.add_row(Text(line.head, style="dim"), Text(line.text, style="dim"))
        else:
            style = self._lane(line.agent) if line.kind == "said" else STYLES[line.kind]
            grid.add_row(Text(line.head, style=style), Text(line.text, style=STYLES.get(line.kind, "")))
        return grid

    def _lane(self, agent: str) -> str:
        return self._lanes.setdefault(agent, LANES[(len(self._lanes) - 1) % len(LANES)])

    def _print(self, drawn: RenderableType, console: Console) -> None:
        if self._prompting:
            console.file.write("\r\x1b[2K")
        elif console is not self._console:
            self._stop()
        self._above = False
        console.print(drawn)
        if self._prompting:
            self._prompt()

    def _prompt(self) -> None:
        self._console.file.write(self._prompting)
        self._console.file.flush()

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._live is not None:
            self._live.stop()
            self._live = None
