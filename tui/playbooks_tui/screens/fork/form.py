"""The fork dialog as it looks: where, what changes, what will happen, and the command that does the same.

Apart from what its keys do (`dialog`): it draws a draft and what is known of it.
"""

from __future__ import annotations

from typing import Final

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label

from playbooks.session.changeable import Changeable
from playbooks_tui.screens.fork.desk import Desk, Facts
from playbooks_tui.screens.fork.draft import (
    Draft,
    command_of,
    key_of,
)
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

_LEAST_ROOM: Final = 66


class Place(msgspec.Struct, frozen=True):
    """What the title and the first row say of the checkpoint."""

    checkpoint: str
    branch: str
    done: str
    """What it did, `ƒ Counter(60) = 95`."""
    running: bool = False
    """A run is under way: a fork interrupts it first."""


class ForkForm(ModalScreen[Draft | None]):
    """Shows a draft of a fork, and the rows that tell what it will do.

    Args:
        place: Where.
        desk: Asked for the names of agents.
        new_text: The program as it is now is chosen at first.
    """

    DEFAULT_CSS = """
    ForkForm { align: center middle; background: $background 45%; }
    ForkForm #dialog { width: 80; max-width: 100%; height: auto; }
    ForkForm #dialog { border: round $foreground; background: $surface; padding: 0 1; }
    ForkForm .field { height: 1; }
    ForkForm .name { width: 10; color: $quiet; }
    ForkForm Input, ForkForm Input:focus { background: $panel; border: none; height: 1; padding: 0; }
    ForkForm Input > .input--placeholder { color: $quiet; }
    ForkForm #what { width: auto; }
    ForkForm #new { width: 1fr; min-width: 8; text-style: bold; }
    ForkForm #typed { width: auto; margin-left: 1; }
    ForkForm #why, ForkForm #others, ForkForm #norest { width: 1fr; }
    ForkForm #model { width: 21; } ForkForm #temperature { width: 12; } ForkForm #label { width: 1fr; }
    ForkForm .small { width: auto; color: $quiet; padding: 0 1; }
    ForkForm .rule { height: 1; width: 1fr; color: $hair; text-wrap: nowrap; }
    ForkForm .plan { height: auto; }
    ForkForm .says { width: 1fr; height: auto; max-height: 2; }
    ForkForm #command { width: 1fr; height: 1; }
    ForkForm #copies { width: auto; color: $quiet; }
    ForkForm #acts { height: 1; margin-top: 1; }
    ForkForm #go { background: $foreground; color: $background; text-style: bold; width: 14; min-width: 14; }
    ForkForm #go:focus { background: $foreground; color: $background; text-style: bold underline; }
    ForkForm #go:disabled { background: $hair; color: $quiet; opacity: 100%; text-opacity: 100%; }
    ForkForm #acts Tick { margin-left: 3; background: $surface; border: none; padding: 0; }
    ForkForm #acts Tick > .toggle--label { background: $surface; }
    ForkForm #acts Tick:focus > .toggle--label { background: $foreground; color: $surface; }
    ForkForm #esc { width: 1fr; text-align: right; color: $quiet; }
    """

    def __init__(self, place: Place, desk: Desk, *, new_text: bool = False) -> None:
        super().__init__()
        self._new_text = new_text
        self.place, self._desk = place, desk
        self.draft = Draft(place.checkpoint)
        self.facts: Facts | None = None
        self.problem = ""
        """Why it can't be begun; empty: it can."""
        self.thing = 0
        """Which of the things is shown in the field."""
        self.rows: Rows = ()

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

    def on_resize(self) -> None:
        self.query_one("#dialog").styles.width = min(120, max(80, self.size.width * 84 // 100))
        self.call_after_refresh(self._draw)

    @property
    def things(self) -> tuple[Changeable, ...]:
        """What can be changed here."""
        return self.facts.leaving.things if self.facts else ()

    @property
    def shown(self) -> Changeable | None:
        """The thing in the field."""
        return self.things[self.thing] if self.things else None

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
