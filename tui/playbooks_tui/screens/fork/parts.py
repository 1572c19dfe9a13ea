"""The small parts of the fork dialog: fields, choices and ticks that show on and off by shape, what stands by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, RadioButton, RadioSet

from playbooks.checkpoints.describe import show
from playbooks.session.changeable import Changeable
from playbooks_tui.screens.fork.draft import Key, key_of, text_of, typed
from playbooks_tui.spans import cells_of, cut, plain, wrapped

_MOST_NAME: Final = 26
_LEAST_NAME: Final = 14
_MOST_WAS: Final = 60
_WAS: Final = 14
_LEAST_WAS: Final = 6
_FIELD: Final = 8
_MOST_FIELD: Final = 48
"""Cells: the name of what is changed, what it was, and the field."""
_BETWEEN: Final = "   "
_ARROW: Final = " → "


class Field(Input):
    """A one-line field from which the arrows go to the next thing, and Enter to the button."""

    BINDINGS = [
        Binding(
            "up",
            "screen.thing(-1)",
            "thing before",
            show=False,
            id="fork.thing_before",
            tooltip="The thing before that can be changed",
        ),
        Binding(
            "down",
            "screen.thing(1)",
            "next thing",
            show=False,
            id="fork.thing_after",
            tooltip="The next thing that can be changed",
        ),
    ]


class Choice(RadioButton):
    """One of several; Textual's own differs by colour alone."""

    @property
    def _button(self) -> Content:
        return Content("● " if self.value else "○ ")


class Tick(Checkbox):
    """On or off; Textual's own differs by colour alone."""

    BINDINGS = [Binding("enter,space", "toggle_button", "toggle", show=False, id="tick.toggle", tooltip="On or off")]

    @property
    def _button(self) -> Content:
        return Content("■ " if self.value else "□ ")


class Choices(RadioSet):
    """Choices in a row: arrows move between them, Enter and Space choose."""

    BINDINGS = [
        Binding(
            "left", "previous_button", "choice before", show=False, id="choices.before", tooltip="The choice before"
        ),
        Binding("right", "next_button", "next choice", show=False, id="choices.after", tooltip="The next choice"),
    ]
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


def changed_from(thing: Changeable, name: str, text: str | None, room: int) -> Content:
    """What stands before the field: what is changed, and what it was; both give way to what is typed.

    Args:
        thing: What is changed.
        name: What it is called.
        text: What was typed; None: nothing.
        room: Cells for this and the field.
    """
    was = plain(text_of(thing) or show(thing.value, _MOST_WAS))
    name, old = cut(plain(name), _MOST_NAME), cut(was, _WAS)
    wanted = min(max(cells_of(was if text is None else text) + 1, _FIELD), _MOST_FIELD)
    over = wanted + cells_of(name) + cells_of(old) + cells_of(_BETWEEN) + cells_of(_ARROW) - room
    if over > 0:
        old = cut(old, max(_LEAST_WAS, cells_of(old) - over))
        over = wanted + cells_of(name) + cells_of(old) + cells_of(_BETWEEN) + cells_of(_ARROW) - room
    if over > 0:
        name = cut(name, max(_LEAST_NAME, cells_of(name) - over))
    return Content.assemble(name, _BETWEEN, (old + _ARROW, "$quiet"))


def two_lines(words: str, ink: str, room: int) -> list[Content]:
    """A reason in two lines at the most.

    Args:
        words: Says it.
        ink: Its colour.
        room: Cells of a line.
    """
    first, *rest = wrapped(plain(words), room) or [""]
    both = [first, cut(" ".join(rest), room)] if rest else [first]
    return [Content.assemble((line, ink)) for line in both]


def verdict(thing: Changeable, text: str | None) -> Content:
    """What is to be said behind the field.

    Args:
        thing: What is changed.
        text: What was typed; None: nothing.
    """
    if text is None:
        return Content.from_markup("[$quiet]can't change[/]" if thing.why_not else "[$quiet]as it was[/]")
    read = typed(thing, text)
    if read.problem or thing.why_not:
        return Content.from_markup("[$bad]✗[/]")
    if read.other:
        return Content.from_markup("[$doubt]! $word, was $other[/]", word=read.word, other=read.other)
    return Content.from_markup("[$good]✓ $word[/]", word=read.word)


def others(
    things: Sequence[Changeable], shown: int, texts: Mapping[Key, str], called: Callable[[Changeable], str], room: int
) -> Content:
    """What else can be changed, and what is: the arrows go there.

    Args:
        things: All that can be changed.
        shown: Which of them is in the field.
        texts: What was typed for each.
        called: The name of one.
        room: Cells.
    """
    if len(things) < 2:
        return Content("")
    parts: list[tuple[str, str]] = [("↑↓ ", "$foreground")]
    for by in range(1, len(things)):
        other = things[(shown + by) % len(things)]
        text = texts.get(key_of(other))
        name = called(other)
        parts.append((f"{name} = {text}" if text is not None else name, "$quiet" if text is None else "bold"))
        parts.append((", ", "$quiet"))
    return Content.assemble(*parts[:-1]).truncate(room, ellipsis=True)


def two_rows(text: str, room: int) -> str:
    """A text in at most two rows."""
    rows = wrapped(text, room)
    return "\n".join(rows if len(rows) < 3 else [rows[0], cut(" ".join(rows[1:]), room)])


def why_of(problem: str, thing: Changeable | None, things: Sequence[Changeable], room: int) -> list[Content]:
    """The reason that matters most: what is wrong, else why this thing can't be changed, else one that can't.

    In two lines at the most: the second takes the place of what else can be changed.

    Args:
        problem: Why it can't be begun; empty: it can.
        thing: What is in the field.
        things: All that there is to change.
        room: Cells of a line.
    """
    if problem:
        return two_lines(problem, "$bad", room)
    if thing is not None and thing.why_not:
        return two_lines(thing.why_not, "$doubt", room)
    other = next((thing for thing in things if thing.why_not and thing.kind == "variable"), None)
    if other is None:
        return []
    why_not = other.why_not.removeprefix(f"{other.about.lstrip('$')}: ")
    said = f"{other.about} {show(other.value, 20)} · {why_not}"
    said = said if len(said) <= room else f"{other.about} · {why_not}"
    return [Content.assemble((cut(plain(said), room), "$quiet"))]
