"""The fork dialog at work: it is filled in and planned while the person types, and begins the branch.

Nothing runs before it is submitted, and what can't take is said in it. How it looks is in `form`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from textual.binding import Binding
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Checkbox, Input, Label, RadioSet

from playbooks_tui.screens.fork.desk import Desk, Facts
from playbooks_tui.screens.fork.draft import (
    Draft,
    Key,
    Rest,
    command_of,
    key_of,
    problem_of,
    text_of,
)
from playbooks_tui.screens.fork.editor import Editor
from playbooks_tui.screens.fork.foreseen import Rows
from playbooks_tui.screens.fork.form import ForkForm, Place
from playbooks_tui.screens.fork.parts import Choice, Choices, Field
from playbooks_tui.screens.help import Help, keys_of
from playbooks_tui.typeahead import TypeAhead

CODE: Final[Key] = ("code", "")
"""To open the dialog at the rest of the response."""
_HELD: Final = "fork"
"""For what keys are held back: the editor of the response, or the new branch."""
_PLAN_AFTER_S: Final = 0.04
"""Typing goes on meanwhile; a plan folds files."""
_REST: Final[tuple[Rest, ...]] = ("recorded", "ask", "edit")
_HELP: Final = (
    "Fork. What came after a checkpoint, once more on a branch of its own, with something changed or nothing; the old "
    "branch stays. Tab and Shift+Tab go through the fields; at Change ↑ ↓ choose what is changed; a choice takes ← → "
    "and Space. In a field letters are text."
)


class Fork(ForkForm):
    """Fills in a fork and begins it; gives what was begun, or None.

    Args:
        place: Where.
        desk: Asks the session.
        about: What is to be changed; None: the checkpoint's own result or message.
        new_text: The program as it is now is chosen at first.
    """

    BINDINGS = [
        Binding("ctrl+s", "submit", "fork", show=False, id="fork.submit", tooltip="Begin the branch"),
        Binding("escape", "close", "close", show=False, id="fork.close", tooltip="Close; nothing is kept"),
        Binding(
            "y", "copy", "copy the command", show=False, id="fork.copy", tooltip="Copy the command that does the same"
        ),
        Binding("question_mark", "help", "help", show=False, id="fork.help", tooltip="What every key does"),
    ]

    @dataclass
    class Told(Message):
        """Facts were read."""

        before: bool
        facts: Facts | None
        error: str = ""

    @dataclass
    class Planned(Message):
        """A plan was made for a draft."""

        draft: Draft
        rows: Rows
        error: str = ""

    @dataclass
    class Begun(Message):
        """The branch was begun, or could not be."""

        error: str = ""

    def __init__(self, place: Place, desk: Desk, about: Key | None = None, *, new_text: bool = False) -> None:
        super().__init__(place, desk, new_text=new_text)
        self._about = about
        self._planned: Draft | None = None
        self._timer: Timer | None = None
        self._filled = False
        self._beginning = False
        self._submits = False
        """It was submitted before it was known what can be changed."""

    def on_mount(self) -> None:
        self.query_one("#esc", Label).update(
            "the run is interrupted first" if self.place.running else "Esc closes, keeps nothing"
        )
        self.query_one("#new").focus()
        self._read()
        if self._about == CODE:
            self._hold()

    def on_unmount(self) -> None:
        self._free(drop=False)

    def _hold(self) -> None:
        """What is typed from here on is meant for what opens next."""
        if isinstance(self.app, TypeAhead):
            self.app.hold_keys(_HELD)

    def _free(self, *, drop: bool) -> None:
        if isinstance(self.app, TypeAhead):
            self.app.free_keys(_HELD, drop=drop)

    # -- reading ---------------------------------------------------------------------------------------------

    def _read(self) -> None:
        desk, checkpoint, before = self._desk, self.place.checkpoint, self.draft.before

        def work() -> None:
            try:
                self.post_message(self.Told(before, desk.facts(checkpoint, before)))
            except Exception as error:  # whatever is wrong with a file is said here
                self.post_message(self.Told(before, None, str(error) or type(error).__name__))

        desk.read(work)

    def on_fork_told(self, event: Told) -> None:
        if event.before != self.draft.before:
            return
        self.facts = event.facts
        if event.facts is None:
            self.problem, self._submits = event.error, False
            self._free(drop=True)
            self._draw()
            return
        self._draw_program(event.facts)
        rest = self.query_one("#rest", Choices)
        rest.display = event.facts.leaving.code is not None
        self.query_one("#norest", Label).update("" if rest.display else "no response is under way here")
        self.thing = self._place_of(self._about) if self._about else 0
        if self.things and not self._filled and self.query_one("#new", Field).value:
            self._filled = True
            self._take()
            self._changed()  # what was typed while it was read stays
        else:
            self._fill()
        if self._about == CODE and rest.display:
            self._edit()
        if self._submits:
            self._submits = False
            self.action_submit()
        elif self._about == CODE:
            self._free(drop=not rest.display)

    def _place_of(self, key: Key) -> int:
        return next((place for place, thing in enumerate(self.things) if key_of(thing) == key), 0)

    # -- filling in ------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Shows a thing in the field: as it was typed, else as it is, selected so that typing replaces it."""
        thing, field = self.shown, self.query_one("#new", Field)
        field.disabled = thing is None
        if thing is not None:
            self._filled = True
            text = self.draft.texts.get(key_of(thing))
            field.value = text_of(thing) if text is None else text
            field.select_all()
        self._changed()

    def action_thing(self, by: int) -> None:
        """Goes to another thing that can be changed; what was typed for this one stays."""
        if self.things:
            self._take()
            self.thing = (self.thing + by) % len(self.things)
            self._fill()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "new":
            self._take()
        elif event.input.id in ("model", "temperature", "label"):
            self.draft = replace(self.draft, **{event.input.id: event.value.strip()})
        self._changed()

    def _take(self) -> None:
        """Keeps what the field says now: that it changed is told later than the next key may come."""
        thing, text = self.shown, self.query_one("#new", Field).value
        if thing is None or not self._filled:
            return
        texts = dict(self.draft.texts)
        if text == text_of(thing):
            texts.pop(key_of(thing), None)
        else:
            texts[key_of(thing)] = text
        if texts != self.draft.texts:
            self.draft = replace(self.draft, texts=texts)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#go").focus()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        event.stop()
        match event.radio_set.id:
            case "from":
                self.draft = replace(self.draft, before=event.index == 1)
                self._about = key_of(self.shown) if self.shown else None
                self._read()
            case "rest":
                if _REST[event.index] == "edit":
                    self._edit()
                    return
                self.draft = replace(self.draft, rest=_REST[event.index])
            case "program":
                path = self.facts.now.path if self.facts else ""
                self.draft = replace(self.draft, program=path if event.index == 1 else "")
        self._changed()

    def on_choices_again(self, event: Choices.Again) -> None:
        event.stop()
        if event.choices.id == "rest" and event.choices.pressed_index == _REST.index("edit"):
            self._edit()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.draft = replace(self.draft, run=event.value)

    # -- the rest of the response ----------------------------------------------------------------------------

    def _edit(self) -> None:
        code = self.facts.leaving.code if self.facts else None
        if code is None:
            return
        whose = self._desk.title(self.facts.leaving.moment.header.agent) if self.facts else ""
        self.app.push_screen(Editor(code, self.draft.response, whose), self._edited)

    def _edited(self, made: tuple[str, bool] | None) -> None:
        if made is None:
            return
        text, taken = made
        rest: Rest = "edit" if taken else "recorded" if self.draft.rest == "edit" else self.draft.rest
        self.draft = replace(self.draft, response=text, rest=rest)
        self.query_one("#rest", Choices).query(Choice)[_REST.index(rest)].value = True
        self.query_one("#rest", Choices).focus()
        self._changed()

    # -- planning --------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._draw()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PLAN_AFTER_S, self._plan)

    def _plan(self) -> None:
        draft, facts, desk = self.draft, self.facts, self._desk
        if facts is None:
            return
        if problem := problem_of(draft, facts.leaving.things):
            self._planned, self.problem = draft, problem
            self._draw()
            return

        def work() -> None:
            try:
                self.post_message(self.Planned(draft, desk.plan(draft, facts)))
            except Exception as error:  # a wish that can't take, or a file that can't be read
                self.post_message(self.Planned(draft, (), str(error) or type(error).__name__))

        desk.read(work)

    def on_fork_planned(self, event: Planned) -> None:
        if event.draft != self.draft:
            return
        self._planned, self.problem = event.draft, event.error
        if event.rows:
            self.rows = event.rows
        self._draw()

    # -- submitting ------------------------------------------------------------------------------------------

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Begins the branch; when it can't be, the reason is in the dialog already."""
        facts = self.facts
        if facts is None and not self.problem:
            self._submits = True
            self._hold()
        if facts is None or self._beginning:
            return
        self._take()
        self.problem = problem_of(self.draft, facts.leaving.things) or (
            self.problem if self._planned == self.draft else ""
        )
        if self.problem:
            self.app.bell()
            self._free(drop=True)
            self._draw()
            return
        self._beginning = True
        self._hold()
        begun = self._desk.fork(self.draft, facts)
        begun.add_done_callback(lambda done: self.post_message(self.Begun(str(done.exception() or ""))))

    def on_fork_begun(self, event: Begun) -> None:
        self._beginning = False
        if event.error:
            self.problem = event.error
            self._free(drop=True)
            self._draw()
        else:
            self.dismiss(self.draft)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(command_of(self.draft, self.things, whole=True))
        self.notify("copied: the command that does the same", timeout=3)

    def action_help(self) -> None:
        self.app.push_screen(Help(keys_of(self), self.focused, glyphs=False, words=_HELP))
