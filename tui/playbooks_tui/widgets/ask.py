"""The line to type in: it says itself who asks, lights up when somebody does, and never takes the focus."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from playbooks_tui.spans import cut


class Ask(Horizontal):
    """Where the person answers."""

    DEFAULT_CSS = """
    Ask { height: 1; padding: 0 1; }
    Ask Label { width: 2; color: $quiet; text-style: bold; }
    Ask #say, Ask #say:focus { background: $background; width: 1fr; padding: 0; }
    Ask #say > .input--placeholder { color: $quiet; }
    Ask #hint { width: auto; color: $quiet; text-style: none; }
    Ask.-asked Label { color: $foreground; }
    Ask.-asked #say > .input--placeholder { color: $foreground; text-style: bold; }
    """
    BINDINGS = [Binding("escape", "done", "leave the line", show=False, id="ask.leave", tooltip="Leave the line")]

    @dataclass
    class Said(Message):
        """The person said something."""

        text: str

    class Wanted(Message):
        """The line was clicked."""

    class Left(Message):
        """The person left the line."""

    def __init__(self) -> None:
        super().__init__(id="ask")
        self.idle = False
        """Whether nothing can be said now."""
        self.whom = ""
        """Whose question it answers, where several ask."""

    def compose(self) -> ComposeResult:
        yield Label("›", markup=False)
        yield Input(compact=True, id="say", select_on_focus=False)
        yield Label("", id="hint", markup=False)

    @property
    def field(self) -> Input:
        return self.query_one("#say", Input)

    def on_mount(self) -> None:
        self.field.can_focus = False  # neither Tab nor a click on the way: `i` or a click on the line

    def show(self, words: str, *, asked: bool, over: bool = False, idle: bool = False, whom: str = "") -> None:
        """Says who asks.

        Args:
            words: For the empty line.
            asked: Whether somebody waits for an answer.
            over: Whether nothing can be said any more; the line is lit then too, for it says what to do next.
            idle: Whether nothing can be said now.
            whom: Whose question it answers, where several ask: told while it is typed too.
        """
        self.idle, self.whom = over or idle, whom
        if self.field.placeholder != words:
            self.field.placeholder = words
        self.set_class(asked or over, "-asked")
        self._hint()

    def begin(self) -> None:
        """Takes the focus, because the person asked for it."""
        self.field.can_focus = True
        self.field.focus()
        self._hint()

    def end(self) -> None:
        """Gives the focus away."""
        self.field.can_focus = False
        self._hint()

    def _hint(self) -> None:
        typing = self.field.can_focus
        waits = "" if self.idle else "i types here, Esc leaves"
        words, hint = f"Enter {self._does}, Esc leaves" if typing else waits, self.query_one("#hint", Label)
        if hint.content != words:  # a label lays the screen out whatever it is given
            hint.update(words)

    @property
    def _does(self) -> str:
        return f"answers: {cut(self.whom, max(12, self.size.width // 2))}" if self.whom else "says it"

    def on_click(self) -> None:
        self.post_message(self.Wanted())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.post_message(self.Said(event.value))
            self.field.value = ""

    def action_done(self) -> None:
        self.post_message(self.Left())
