"""The editor for the rest of a response: above it what stays, below it whether it is Python."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, Static, TextArea

from playbooks.session.changeable import UnderWay, mistake_in

_KEPT: Final = 6
"""Lines that are seen of the code that stays."""


class Editor(ModalScreen[tuple[str, bool]]):
    """Changes the rest of a response; gives the code, and whether it is to be taken.

    Args:
        code: What stays, and what would come next.
        text: The code as it was written so far; empty: what would come next.
        whose: Whose response it is.
    """

    BINDINGS = [
        Binding("ctrl+s", "take", "take it", show=False, priority=True, id="editor.take", tooltip="Take this code"),
        Binding(
            "escape",
            "leave",
            "leave",
            show=False,
            priority=True,
            id="editor.leave",
            tooltip="Leave; the code stays out of the branch",
        ),
    ]
    DEFAULT_CSS = """
    Editor { align: center middle; background: $background 45%; }
    Editor #editor { width: 100; max-width: 100%; height: 90%; border: round $foreground; }
    Editor #editor { background: $surface; padding: 0 1; }
    Editor #kept { height: auto; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
    Editor TextArea, Editor TextArea:focus { height: 1fr; border: none; padding: 0; background: $panel; }
    Editor #state { height: 1; margin-top: 1; }
    Editor #state #mistake { width: 1fr; }
    Editor #state #keys { width: auto; color: $quiet; }
    """

    class Changed(Message):
        """The code was changed."""

    def __init__(self, code: UnderWay, text: str, whose: str) -> None:
        super().__init__()
        self._code, self._whose = code, whose
        self._text = text or code.rest.strip("\n") + "\n"

    def compose(self) -> ComposeResult:
        with Vertical(id="editor") as box:
            box.border_title = Content.from_markup("[b]Rest of the response[/] [$quiet]of[/] $whose", whose=self._whose)
            yield Static(Content("\n".join(self._kept())), id="kept")
            area = TextArea.code_editor(
                self._text, language=None, theme="css", tab_behavior="indent", line_number_start=self._code.line
            )
            area.show_line_numbers = True
            yield area
            with Horizontal(id="state"):
                yield Label("", id="mistake")
                yield Label(
                    Content.from_markup("[b $foreground]Ctrl+S[/] takes it   [b $foreground]Esc[/] leaves it out"),
                    id="keys",
                )

    def _kept(self) -> list[str]:
        lines = self._code.kept.split("\n") if self._code.kept else []
        last = lines[-_KEPT:]
        first = len(lines) - len(last) + 1
        width = len(str(self._code.line + self._text.count("\n")))  # as wide as the editor's own numbers
        shown = [f"{first + place:>{width}}  {text}" for place, text in enumerate(last)]
        return shown if shown else ["from its first line on"]

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self._check()

    def on_text_area_changed(self) -> None:
        self._check()

    def _check(self) -> None:
        label = self.query_one("#mistake", Label)
        found = mistake_in(self.code)
        if not self.code.strip():
            label.update(Content.from_markup("[$quiet]nothing is left to run of this response[/]"))
        elif found is None:
            label.update(Content.from_markup("[$good]✓[/] Python"))
        else:
            line, what = found
            label.update(
                Content.from_markup("[$bad]✗ line $line: $what[/]", line=line + self._code.line - 1, what=what)
            )

    @property
    def code(self) -> str:
        """What is written."""
        return self.query_one(TextArea).text

    def action_take(self) -> None:
        if mistake_in(self.code) is None:
            self.dismiss((self.code, True))
        else:
            self.app.bell()

    def action_leave(self) -> None:
        self.dismiss((self.code, False))
