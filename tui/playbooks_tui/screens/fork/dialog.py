"""The fork dialog: where, what changes, what will happen, and the command that does the same.

It is filled in and planned while the person types; nothing runs before it is submitted, and what can't take is said
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Checkbox, Input, Label, RadioSet

from playbooks.session.changeable import Changeable
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
from playbooks_tui.screens.fork.foreseen import NAMES, OFTEN_EMPTY, Rows
from playbooks_tui.screens.fork.parts import (
    Choice,
    Choices,
    Field,
    Tick,
    changed_from,
    others,
    two_rows,
    verdict,
    why_of,
)
from playbooks_tui.spans import cut, plain
from playbooks_tui.typeahead import TypeAhead

CODE: Final[Key] = ("code", "")
"""To open the dialog at the rest of the response."""
_HELD: Final = "fork"
"""For what keys are held back: the editor of the response, or the new branch."""
_PLAN_AFTER_S: Final = 0.04
"""Typing goes on meanwhile; a plan folds files."""
_REST: Final[tuple[Rest, ...]] = ("recorded", "ask", "edit")
_LEAST_ROOM: Final = 66


class Place(msgspec.Struct, frozen=True):
    """What the title and the first row say of the checkpoint."""

    checkpoint: str
    branch: str
    done: str
    """What it did, `ƒ Counter(60) = 95`."""
    running: bool = False
    """A run is under way: a fork interrupts it first."""


class Fork(ModalScreen[Draft | None]):
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
    ]
    DEFAULT_CSS = """
    Fork { align: center middle; background: $background 45%; }
    Fork #dialog { width: 80; max-width: 100%; height: auto; }
    Fork #dialog { border: round $foreground; background: $surface; padding: 0 1; }
    Fork .field { height: 1; }
    Fork .name { width: 10; color: $quiet; }
    Fork Input, Fork Input:focus { background: $panel; border: none; height: 1; padding: 0; }
    Fork Input > .input--placeholder { color: $quiet; }
    Fork #what { width: auto; }
    Fork #new { width: 1fr; min-width: 8; text-style: bold; }
    Fork #typed { width: auto; margin-left: 1; }
    Fork #why, Fork #others, Fork #norest { width: 1fr; }
    Fork #model { width: 21; } Fork #temperature { width: 12; } Fork #label { width: 1fr; }
    Fork .small { width: auto; color: $quiet; padding: 0 1; }
    Fork .rule { height: 1; width: 1fr; color: $hair; text-wrap: nowrap; }
    Fork .plan { height: auto; }
    Fork .says { width: 1fr; height: auto; max-height: 2; }
    Fork #command { width: 1fr; height: 1; }
    Fork #copies { width: auto; color: $quiet; }
    Fork #acts { height: 1; margin-top: 1; }
    Fork #go { background: $foreground; color: $background; text-style: bold; width: 14; min-width: 14; }
    Fork #go:focus { background: $foreground; color: $background; text-style: bold underline; }
    Fork #go:disabled { background: $hair; color: $quiet; opacity: 100%; text-opacity: 100%; }
    Fork #acts Tick { margin-left: 3; background: $surface; border: none; padding: 0; }
    Fork #acts Tick > .toggle--label { background: $surface; }
    Fork #acts Tick:focus > .toggle--label { background: $foreground; color: $surface; }
    Fork #esc { width: 1fr; text-align: right; color: $quiet; }
    """

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
        super().__init__()
        self._new_text = new_text
        self.place, self._desk, self._about = place, desk, about
        self.draft = Draft(place.checkpoint)
        self.facts: Facts | None = None
        self.problem = ""
        """Why it can't be begun; empty: it can."""
        self.thing = 0
        """Which of the things is shown in the field."""
        self.rows: Rows = ()
        self._planned: Draft | None = None
        self._timer: Timer | None = None
        self._filled = False
        self._beginning = False
        self._submits = False
        """It was submitted before it was known what can be changed."""

    # -- what stands where -----------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        place = self.place
        with Vertical(id="dialog") as box:
            box.border_title = Content.from_markup(
                "[b]Fork[/] [$quiet]at[/] $id [$quiet]on $branch[/]", id=place.checkpoint, branch=place.branch
            )
            yield self._field(
                "From", Choices(f"after  {cut(plain(place.done), 24)}", "before it: it runs again", id="from")
            )
            with Horizontal(classes="field"):
                yield Label("Change", classes="name")
                yield Label("", id="what")
                yield Field(compact=True, id="new", select_on_focus=False)
                yield Label("", id="typed")
            yield self._field("", Label("reading …", id="why", markup=False))
            yield self._field("", Label("", id="others", markup=False))
            yield self._field(
                "Rest", Choices("as recorded", "ask the model", "edit it", id="rest"), Label("", id="norest")
            )
            yield self._field("Program", Choices("as recorded", "as it is now", id="program"))
            with Horizontal(classes="field"):
                yield Label("Model", classes="name")
                yield Input(placeholder="as recorded", compact=True, id="model")
                yield Label("temperature", classes="small")
                yield Input(placeholder="as recorded", compact=True, id="temperature")
                yield Label("label", classes="small")
                yield Input(placeholder="none", compact=True, id="label")
            yield Label(Content.from_markup("── [b $foreground]What will happen[/] " + "─" * 96), classes="rule")
            for name in NAMES:
                says = Label("", id=f"says-{name}", classes="says", markup=False)
                yield Horizontal(Label(name, classes="name"), says, classes="plan")
            yield Label("─" * 116, classes="rule")
            with Horizontal(classes="field"):
                yield Label("", id="command", markup=False)
                yield Label(Content.from_markup("  [b]y[/] copies"), id="copies")
            with Horizontal(id="acts"):
                yield Button("Fork  ^S", compact=True, id="go")
                yield Tick("run at once", True, compact=True, id="run")
                yield Label("", id="esc", markup=False)

    @staticmethod
    def _field(name: str, *controls: Choices | Label) -> Horizontal:
        return Horizontal(Label(name, classes="name"), *controls, classes="field")

    def on_mount(self) -> None:
        self.query_one("#esc", Label).update(
            "the run is interrupted first" if self.place.running else "Esc closes, keeps nothing"
        )
        self.query_one("#new").focus()
        self._read()
        if self._about == CODE:
            self._hold()

    def on_resize(self) -> None:
        self.query_one("#dialog").styles.width = min(120, max(80, self.size.width * 84 // 100))
        self.call_after_refresh(self._draw)

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
            self.problem = event.error
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

    @property
    def things(self) -> tuple[Changeable, ...]:
        """What can be changed here."""
        return self.facts.leaving.things if self.facts else ()

    @property
    def shown(self) -> Changeable | None:
        """The thing in the field."""
        return self.things[self.thing] if self.things else None

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

    # -- drawing ---------------------------------------------------------------------------------------------

    def _draw_program(self, facts: Facts) -> None:
        now = facts.now
        choices = self.query_one("#program", Choices)
        second = list(choices.query(Choice))[1]
        second.label = Content(f"as it is now: {cut(now.words, 40)}")
        second.disabled = now.program is None or now.same
        if self._new_text and not second.disabled:
            self._new_text = False
            second.value = True

    @property
    def _room(self) -> int:
        """Cells for what stands behind a name; more where the screen is wide."""
        return self.query_one("#says-stays", Label).size.width or _LEAST_ROOM

    def _draw(self) -> None:
        self._draw_change()
        for name, says in self.rows:
            label = self.query_one(f"#says-{name}", Label)
            label.update(two_rows(plain(says), self._room))
            if name == OFTEN_EMPTY and label.parent:
                label.parent.display = bool(says)
        command = Content.assemble(("$ ", "$quiet"), command_of(self.draft, self.things))
        self.query_one("#command", Label).update(command.truncate(self._room, ellipsis=True))
        self.query_one("#go", Button).disabled = bool(self.problem)

    def _draw_change(self) -> None:
        thing = self.shown
        what, kind = self.query_one("#what", Label), self.query_one("#typed", Label)
        if thing is None:
            what.update("nothing can be changed here" if self.facts else "")
            kind.update("")
        else:
            text = self.draft.texts.get(key_of(thing))
            says = verdict(thing, text)
            kind.update(says)
            what.update(changed_from(thing, self._called(thing), text, self._room - says.cell_length - 1))
        why, rest = (
            why_of(self.problem, thing, self.things, self._room),
            others(self.things, self.thing, self.draft.texts, self._called, self._room),
        )
        first, *more = why or [rest]  # no gap between the field and what the arrows reach
        self.query_one("#why", Label).update(first)
        self.query_one("#others", Label).update(more[0] if more else rest if why else "")

    def _called(self, thing: Changeable) -> str:
        title = self._desk.title(thing.agent)
        if thing.kind == "result":
            heard = self.facts is not None and self.facts.leaving.moment.header.kind == "heard"
            return f"{title} hears" if heard else f"result of {thing.about}"
        if thing.kind == "message":
            return f"{title} says"
        own = self.facts is not None and thing.agent == self.facts.leaving.moment.header.agent
        return thing.about if own else f"{title} {thing.about}"
