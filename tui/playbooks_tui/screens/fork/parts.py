"""The small controls of the dialogs: choices and ticks that show on and off by shape, in one row each."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, RadioButton, RadioSet


class Choice(RadioButton):
    """One of several; Textual's own differs by colour alone."""

    @property
    def _button(self) -> Content:
        return Content("● " if self.value else "○ ")


class Tick(Checkbox):
    """On or off; Textual's own differs by colour alone."""

    BINDINGS = [Binding("enter,space", "toggle_button", "toggle", show=False)]

    @property
    def _button(self) -> Content:
        return Content("■ " if self.value else "□ ")


class Choices(RadioSet):
    """Choices in a row: arrows move between them, Enter and Space choose."""

    BINDINGS = [Binding("left", "previous_button", show=False), Binding("right", "next_button", show=False)]
    DEFAULT_CSS = """
    Choices, Choices Choice { layout: horizontal; width: auto; height: 1; }
    Choices, Choices Choice { background: $surface; border: none; padding: 0; }
    Choices:focus, Choices:focus-within { border: none; }
    Choices Choice { margin-right: 3; }
    Choices:blur > Choice.-selected > .toggle--label { background: $surface; }
    Choices:focus > Choice.-selected > .toggle--label { background: $foreground; color: $surface; }
    """

    @dataclass
    class Again(Message):
        """What was chosen already is chosen again: an editor behind it opens again."""

        choices: Choices

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, *names: str, id: str) -> None:
        super().__init__(
            *(Choice(Content(name), value=place == 0, compact=True) for place, name in enumerate(names)),
            compact=True,
            id=id,
        )

    def _on_radio_button_changed(self, event: RadioButton.Changed) -> None:
        """Textual's own handler runs after this one, and turns it on again."""
        if not event.radio_button.value:
            self.post_message(self.Again(self))
