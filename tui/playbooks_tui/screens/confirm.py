"""Asking before something is done that can't be undone, with the command that does the same."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Label


class Confirm(ModalScreen[bool]):
    """Yes or no; Enter and Esc say no, so that a habit destroys nothing.

    Args:
        title: What would be done.
        about: What that means.
        yes: The word on the button.
        command: The headless command; empty: there is none.
    """

    BINDINGS = [
        Binding("escape,n", "answer(False)", "no", show=False, id="confirm.no", tooltip="No: nothing is done"),
        Binding("y,ctrl+s", "answer(True)", "yes", show=False, id="confirm.yes", tooltip="Yes: do it"),
        Binding("left,right,up,down", "other", "other", show=False, id="confirm.other", tooltip="The other answer"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 45%; }
    Confirm > Vertical {
        width: 64; max-width: 100%; height: auto; padding: 0 1;
        border: round $foreground; background: $surface;
    }
    Confirm .about { width: 100%; }
    Confirm #command { color: $quiet; width: 100%; margin: 1 0 0 0; }
    Confirm Horizontal { height: 1; margin-top: 1; }
    Confirm Button { background: $panel; color: $foreground; min-width: 14; margin-right: 2; }
    Confirm #yes:focus, Confirm #no:focus { background: $foreground; color: $background; text-style: bold; }
    """

    def __init__(self, title: str, about: str, yes: str, command: str = "") -> None:
        super().__init__()
        self._title, self._about, self._yes, self._command = title, about, yes, command

    def compose(self) -> ComposeResult:
        box = Vertical()
        box.border_title = Content.assemble((self._title, "bold"))
        with box:
            yield Label(self._about, classes="about", markup=False)
            if self._command:
                yield Label(f"$ {self._command}", id="command", markup=False)
            with Horizontal():
                yield Button(Content(f"y  {self._yes}"), compact=True, id="yes")
                yield Button(Content("n  no"), compact=True, id="no")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Yes, or no."""
        self.dismiss(yes)

    def action_other(self) -> None:
        """The other button."""
        self.focus_next()
