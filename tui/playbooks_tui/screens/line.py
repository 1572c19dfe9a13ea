"""A dialog of one field: a name, a number, an expression; with the command that does the same without a screen."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label


class LineScreen(ModalScreen[str | None]):
    """Asks for one line; gives it, or None when the person left.

    Args:
        title: What is asked for.
        about: What it will be used for, in a line.
        value: What stands there at first.
        command: The headless command, from the line; None: there is none.
        check: What is wrong with a line; empty: nothing.
    """

    BINDINGS = [
        Binding("escape", "dismiss(None)", "close", show=False, id="line.close", tooltip="Close; nothing changes"),
        Binding("ctrl+s", "submit", "submit", show=False, id="line.submit", tooltip="Take this line"),
    ]
    DEFAULT_CSS = """
    LineScreen { align: center middle; background: $background 45%; }
    LineScreen > Vertical {
        width: 64; max-width: 100%; height: auto; padding: 0 1;
        border: round $foreground; background: $surface; border-subtitle-color: $quiet; border-subtitle-style: none;
    }
    LineScreen Input, LineScreen Input:focus { background: $panel; margin: 1 0; padding: 0 1; }
    LineScreen .about { color: $quiet; width: 100%; }
    LineScreen #wrong { color: $bad; width: 100%; height: auto; }
    """

    def __init__(
        self,
        title: str,
        about: str = "",
        value: str = "",
        command: Callable[[str], str] | None = None,
        check: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._about, self._value = title, about, value
        self._command, self._check = command, check

    def compose(self) -> ComposeResult:
        box = Vertical()
        box.border_title = self._title
        box.border_subtitle = "Enter sets it, Esc closes"
        with box:
            if self._about:
                yield Label(self._about, classes="about", markup=False)
            yield Input(self._value, compact=True, select_on_focus=True)
            yield Label("", id="wrong", markup=False)
            yield Label("", id="command", classes="about", markup=False)

    def on_mount(self) -> None:
        self._tell(self._value)
        self.query_one(Input).focus()

    def _tell(self, value: str) -> None:
        command = self.query_one("#command", Label)
        command.display = self._command is not None
        if self._command is not None:
            command.update(f"$ {self._command(value)}")
        wrong = self._check(value) if self._check and value else ""
        label = self.query_one("#wrong", Label)
        label.display = bool(wrong)
        label.update(wrong)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._tell(event.value)

    def on_input_submitted(self) -> None:
        self.action_submit()

    def action_submit(self) -> None:
        value = self.query_one(Input).value
        if not (self._check and value and self._check(value)):
            self.dismiss(value)
