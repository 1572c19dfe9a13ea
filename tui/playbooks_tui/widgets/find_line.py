"""The line to look for words: in place of the line to type in while it is open."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FindLine(Horizontal):
    """Where the person says what to look for."""

    DEFAULT_CSS = """
    FindLine { height: 1; padding: 0 1; display: none; }
    FindLine.-open { display: block; }
    FindLine Label { width: 2; text-style: bold; }
    FindLine Input, FindLine Input:focus { background: $background; width: 1fr; padding: 0; }
    FindLine #found { width: auto; color: $quiet; text-style: none; }
    """
    BINDINGS = [
        Binding("escape", "done", "leave the search", show=False, id="find_line.leave", tooltip="Leave the search")
    ]

    @dataclass
    class Sought(Message):
        """The words changed."""

        words: str

    class Kept(Message):
        """The words are right: the keys go back to the timeline."""

    class Left(Message):
        """The person left the search."""

    def __init__(self) -> None:
        super().__init__(id="find")

    def compose(self) -> ComposeResult:
        yield Label("/", markup=False)
        yield Input(
            placeholder="words in statements, messages, variables", compact=True, id="words", select_on_focus=True
        )
        yield Label("", id="found", markup=False)

    @property
    def field(self) -> Input:
        return self.query_one("#words", Input)

    def begin(self) -> None:
        """Opens, and takes the keys."""
        self.add_class("-open")
        self.field.can_focus = True
        self.field.focus()

    def end(self, *, closed: bool) -> None:
        """Gives the keys away.

        Args:
            closed: Whether the line goes too; else it stays to say what was found.
        """
        self.field.can_focus = False
        self.set_class(not closed, "-open")

    def show(self, found: str) -> None:
        """Says what was found."""
        self.query_one("#found", Label).update(found)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Sought(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Kept())

    def action_done(self) -> None:
        self.post_message(self.Left())
