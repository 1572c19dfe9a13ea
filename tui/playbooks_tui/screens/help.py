"""Help: every key, and what the glyphs of the timeline mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Resize
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from playbooks.session.glyphs import GLYPHS
from playbooks_tui.keys import GROUPS, key_name
from playbooks_tui.spans import Line, Span, wrapped
from playbooks_tui.widgets.inked import Pane
from playbooks_tui.widgets.inspector import Inspector

_KEYS: Final = 16
"""Cells for the keys: `PgDn  Ctrl+D`, two cells in from the name of their group."""
_LEAST: Final = 78
"""Cells of its width, where the terminal has them."""
Keys = Mapping[str, tuple[Binding, list[str]]]
"""Binding id → the binding, and the keys it has now."""


def keys_of(screen: Screen[Any]) -> Keys:
    """The keys that a screen itself binds, as a keymap may have changed them."""
    keys: dict[str, tuple[Binding, list[str]]] = {}
    for key, bindings in screen._bindings.key_to_bindings.items():
        for binding in bindings:
            if binding.id:  # not what every screen of Textual's has
                keys.setdefault(binding.id, (binding, []))[1].append(key)
    return keys


_MEANS: Final = {
    "start": "the session begins",
    "create": "an agent is made",
    "say": "said",
    "heard": "heard",
    "call": "a playbook was called",
    "tool": "a tool was called",
    "return": "a playbook returned",
    "await": "something else was waited for",
    "interrupt": "interrupted",
    "fork": "a branch begins",
    "end": "an end",
    "error": "an error",
}
_ABOUT: Final = {
    "Timeline": "Timeline. One row a checkpoint, a lane an agent; the number and its lane are its id. ↑ ↓ look back, "
    "e changes what the row did, f forks, d compares. Looking never runs anything.",
    "TalkPane": "What one agent said, heard and did; each line opens with its checkpoint. A click looks there.",
    "Sides": "Two branches or checkpoints side by side, from where they part; ▸ above says which side Enter looks at.",
    "SessionRows": "The sessions of this folder, the one written last first. Enter shows one and runs nothing.",
    "state": "State: one agent at one moment. ↑ ↓ select a line here: e changes a variable, + watches it, w finds who "
    "changed it, b stops when it changes; Enter on the history looks there.",
    "code": "Code: the whole response of the model. ✓ has run, ▸ runs next. b stops at the selected line, e changes "
    "the rest on a new branch.",
    "prompt": "Prompt: what the model was sent for the response that this moment stands in.",
    "program": "Program: the text that runs there, ▸ the agent's step. b stops at the selected step.",
    "breaks": "Breaks: where the run stops. Enter or b switches the selected one; B sets, changes and takes away.",
    "output": "Output: what the program printed, warned and logged.",
}
_EVERYWHERE: Final = (
    ("Ctrl+C", "Pauses what runs, twice leaves; in a field it copies what is selected"),
    ("Ctrl+Z", "Back to the shell, everything stops; its command fg goes on"),
    ("click, wheel", "Rows, tabs, branches, bars, footer and the line to type in all take them"),
    ("Shift+drag", "Selects text, as the terminal does it itself"),
)
_TITLES: Final = {binding.id: title for title, group in GROUPS for binding in group[:1]}
"""The first key of a group → the group's name."""


def about(focused: Widget | None) -> str:
    """What is in front of the person.

    Args:
        focused: The widget that has the keys.
    """
    if isinstance(focused, Inspector):
        return _ABOUT[focused.shown]
    return _ABOUT.get(type(focused).__name__, _ABOUT["Timeline"])


class HelpPane(Pane):
    """The text of the help."""

    DEFAULT_CSS = """
    HelpPane {
        width: 60%; max-width: 100; height: 100%; max-height: 40;
        border: round $foreground; background: $surface;
    }
    """

    def __init__(self, keys: Keys, about: str, *, glyphs: bool) -> None:
        super().__init__(id="help")
        self._glyphs = glyphs
        self._keys = keys
        self._about = about
        self._lines: list[Line] = []

    def on_mount(self) -> None:
        super().on_mount()
        self.name_pane((Span("Help", bold=True),), (Span("Esc closes", "quiet"),))

    def on_resize(self) -> None:
        super().on_resize()
        self._lines = self._text(self.scrollable_content_region.width)
        self.tall(len(self._lines))

    def _text(self, width: int) -> list[Line]:
        lines = [Line((Span(f" {piece}"),)) for piece in wrapped(self._about, width - 2)]
        if not any(id in _TITLES for id in self._keys):
            lines.append(Line())
        for id, (binding, keys) in self._keys.items():
            if id in _TITLES:
                lines += [Line(), Line((Span(f" {_TITLES[id]}", bold=True),))]
            shown = "  ".join(key_name(key) for key in keys)
            for place, piece in enumerate(wrapped(binding.tooltip or binding.description, width - _KEYS - 3)):
                lead = Span(f"   {shown if not place else '':<{_KEYS - 2}} ", bold=True)
                lines.append(Line((lead, Span(piece))))
        lines += [Line(), Line((Span(" Everywhere", bold=True),))]
        for shown, words in _EVERYWHERE:
            for place, piece in enumerate(wrapped(words, width - 21)):
                lines.append(Line((Span(f" {shown if not place else '':<18} ", bold=True), Span(piece))))
        if not self._glyphs:
            return lines
        lines += [Line(), Line((Span(" In the timeline", bold=True),))]
        means = [(GLYPHS[kind], words) for kind, words in _MEANS.items()]
        means += [("◐", "may have run"), ("!~", "something could not be stored"), ("▸", "the moment you look at")]
        for glyph, words in means:
            lines.append(Line((Span(f"   {glyph:<{_KEYS - 1}}", bold=True), Span(words))))
        return lines

    def line(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else Line()


class Help(ModalScreen[None]):
    """What every key does."""

    BINDINGS = [
        Binding("escape,q,question_mark,enter", "dismiss", "close", show=False, id="help.close", tooltip="Close")
    ]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 50%; }
    """

    def __init__(self, keys: Keys, focused: Widget | None, *, glyphs: bool = True, words: str = "") -> None:
        super().__init__()
        self._glyphs = glyphs
        """Whether what stands behind has a timeline."""
        self._keys = keys
        self._about = words or about(focused)
        """What is in front of the person."""

    def on_resize(self, event: Resize) -> None:
        self.query_one(HelpPane).styles.min_width = min(_LEAST, event.size.width)  # else it is cut at the right

    def compose(self) -> ComposeResult:
        yield HelpPane(self._keys, self._about, glyphs=self._glyphs)
