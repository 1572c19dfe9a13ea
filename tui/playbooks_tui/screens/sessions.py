"""The sessions of the storage path: search, open, resume, label, prune, delete."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from playbooks.checkpoints.record import SessionInfo
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.session.library import SessionLibrary
from playbooks.words import counted
from playbooks_tui.keys import key_name
from playbooks_tui.screens.confirm import Confirm
from playbooks_tui.screens.help import Help, keys_of
from playbooks_tui.screens.line import LineScreen
from playbooks_tui.spans import Span, cut, plain
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.session_rows import SessionRows, SessionsHead

_FOOT: Final = (
    ("open", "open"),
    ("resume", "resume"),
    ("search", "search"),
    ("label", "label"),
    ("prune", "prune"),
    ("delete", "delete"),
    ("leave", "leave"),
    ("palette", "commands"),
    ("help", "help"),
)
_FIELD: Final = (("open", "keep the search"), ("back", "leave it"))
"""The footer while the search has the keys: letters are text there."""
_LIST: Final = "list"
"""The workers that read it."""
_UPDATES_S: Final = 2.0
"""How often the list is read again: sessions go on in other processes, and `last` grows older."""


class Sessions(Screen[None]):
    """The list, with its keys.

    Args:
        config: Says where sessions are kept.
        now: Seconds since 1970.
    """

    BINDINGS = [
        Binding("enter", "open", "open", show=False, id="sessions.open", tooltip="Show the session; nothing runs"),
        Binding("r", "resume", "resume", show=False, id="sessions.resume", tooltip="Show it, and go on with it"),
        Binding("slash", "search", "search", show=False, id="sessions.search", tooltip="Only those with these words"),
        Binding("L", "label", "label", show=False, id="sessions.label", tooltip="Give the session a name"),
        Binding("p", "prune", "prune", show=False, id="sessions.prune", tooltip="Take old checkpoints away"),
        Binding("d,delete", "delete", "delete", show=False, id="sessions.delete", tooltip="Take it away; asks first"),
        Binding("u", "update", "update", show=False, id="sessions.update", tooltip="Read the list again"),
        Binding("up,k", "up", "row before", show=False, id="sessions.up", tooltip="The session before"),
        Binding("down,j", "down", "next row", show=False, id="sessions.down", tooltip="The next session"),
        Binding("g,home", "first", "first", show=False, id="sessions.first", tooltip="The newest session"),
        Binding("G,end", "last", "last", show=False, id="sessions.last", tooltip="The oldest session"),
        Binding("pageup,ctrl+u", "leaf(-1)", "page up", show=False, id="sessions.page_up", tooltip="A page up"),
        Binding("pagedown,ctrl+d", "leaf(1)", "page down", show=False, id="sessions.page_down", tooltip="A page down"),
        Binding("escape", "back", "back", show=False, id="sessions.back", tooltip="Leave the search"),
        Binding(
            "colon,ctrl+p", "palette", "commands", show=False, id="sessions.palette", tooltip="Every command by name"
        ),
        Binding("question_mark", "help", "help", show=False, id="sessions.help", tooltip="What every key does"),
        Binding("q,ctrl+q", "leave", "leave", show=False, id="sessions.leave", tooltip="Leave, or back to the session"),
    ]
    DEFAULT_CSS = """
    Sessions { background: $background; }
    Sessions #sessions { height: 1fr; }
    Sessions #search, Sessions #search:focus { background: $background; border: none; height: 1; padding: 0 1; }
    Sessions #search > .input--placeholder { color: $quiet; }
    """

    @dataclass
    class Listed(Message):
        """The list was read."""

        rows: list[SessionInfo]
        error: str = ""

    @dataclass
    class Wanted(Message):
        """A session is to be opened."""

        id: str
        run: bool

    @dataclass
    class Did(Message):
        """Something was done to a session, or could not be."""

        words: str

    class Leave(Message):
        """The person leaves."""

    def __init__(self, config: Config, *, now: Callable[[], float] = time.time, over: bool = False) -> None:
        super().__init__()
        self._over = over
        """Whether a session is open behind the list: Esc goes back to it."""
        self._config, self._now = config, now
        self._all: list[SessionInfo] = []
        self._error = ""

    def compose(self) -> ComposeResult:
        yield SessionsHead(id="head")
        yield SessionRows(self._now)
        yield Input(placeholder="/ searches: id, program, status, label", compact=True, id="search")
        yield Foot()

    def on_mount(self) -> None:
        self.query_one("#search", Input).can_focus = False
        self.query_one(SessionRows).focus()
        self.query_one(SessionRows).name_pane((Span("Sessions", bold=True),))
        self._draw_foot()
        self.action_update()
        self.set_interval(_UPDATES_S, self._keep_fresh)

    def _draw_foot(self) -> None:
        keys: dict[str, str] = {}
        for bindings in self._bindings.key_to_bindings.values():
            for binding in bindings:
                keys.setdefault((binding.id or "").removeprefix("sessions."), key_name(binding.key))
        self.query_one(Foot).show(_FIELD if isinstance(self.focused, Input) else _FOOT, keys)

    def on_descendant_focus(self) -> None:
        self.call_later(self._draw_foot)

    # -- reading ---------------------------------------------------------------------------------------------

    def _work(self, work: Callable[[SessionLibrary], str]) -> None:
        """Does something with the sessions on a thread, and says what came of it."""

        def on_thread() -> None:
            try:
                with SessionLibrary.open(self._config) as library:
                    words = work(library)
            except UserError as error:
                words = str(error)
            self.post_message(self.Did(words))

        self.run_worker(on_thread, thread=True)

    def action_update(self) -> None:
        """Reads the list."""

        def on_thread() -> None:
            try:
                with SessionLibrary.open(self._config) as library:
                    rows = sorted(library.sessions(), key=lambda row: (row.updated, row.created), reverse=True)
                self.post_message(self.Listed(rows))
            except UserError as error:
                self.post_message(self.Listed([], str(error)))

        self.run_worker(on_thread, thread=True, group=_LIST)

    def _keep_fresh(self) -> None:
        """Reads the list again, but never while it is being read: a slow disk must not have readers queue up."""
        if self.is_current and not any(worker.group == _LIST and not worker.is_finished for worker in self.workers):
            self.action_update()

    def on_sessions_listed(self, event: Listed) -> None:
        self._all, self._error = event.rows, event.error
        self.draw()

    def on_sessions_did(self, event: Did) -> None:
        if event.words:
            self.notify(event.words, timeout=5, markup=False)
        self.action_update()

    def draw(self) -> None:
        """Draws those that the search leaves."""
        wanted = self.query_one("#search", Input).value.lower().split()
        rows = [
            row
            for row in self._all
            if all(word in f"{row.id} {row.program} {row.status} {row.label}".lower() for word in wanted)
        ]
        empty = self._error or ("no session has these words" if self._all else "no session is here yet")
        self.query_one(SessionRows).show(rows, empty)
        head = self.query_one(SessionsHead)
        where = self._config.durability.storage_path
        some = f"{len(rows)} of " if len(rows) != len(self._all) else ""
        head.words = f"{some}{counted(len(self._all), 'session')} in {where}"
        head.refresh()

    # -- moving ----------------------------------------------------------------------------------------------

    @property
    def rows(self) -> SessionRows:
        """The list."""
        return self.query_one(SessionRows)

    def action_up(self) -> None:
        self._go(self.rows.place - 1)

    def action_down(self) -> None:
        self._go(self.rows.place + 1)

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self.rows.rows) - 1)

    def action_leaf(self, by: int) -> None:
        """A page up or down."""
        self._go(self.rows.place + by * self.rows.page)

    def _go(self, place: int) -> None:
        rows = self.rows
        before, last = rows.place, len(rows.rows) - 1
        rows.go(place)
        if rows.place == before:
            which = "only" if not last else "last" if place >= last else "first"
            self.notify(f"this is the {which} session" if rows.rows else "no session is here", timeout=3)

    def action_search(self) -> None:
        field = self.query_one("#search", Input)
        field.can_focus = True
        field.focus()

    def on_input_changed(self) -> None:
        self.draw()

    def on_input_submitted(self) -> None:
        self._leave_search()

    def action_back(self) -> None:
        """Leaves the search: first the field, then its words."""
        field = self.query_one("#search", Input)
        if not field.has_focus:
            if self._over and not field.value:
                self.action_leave()
                return
            if not field.value:
                self.notify("nothing is searched for: q leaves", timeout=3)
            field.value = ""
        self._leave_search()

    def _leave_search(self) -> None:
        self.rows.focus()
        self.query_one("#search", Input).can_focus = False

    # -- acting ----------------------------------------------------------------------------------------------

    def _selected(self) -> SessionInfo | None:
        row = self.rows.selected
        if row is None:
            self.notify("no session is selected", timeout=3)
        return row

    def action_open(self) -> None:
        if (row := self._selected()) is not None:
            self.post_message(self.Wanted(row.id, False))

    def action_resume(self) -> None:
        row = self._selected()
        if row is None:
            return
        if row.status == "finished":
            self.notify(f"{row.id} is finished: Enter opens it, and f forks there", timeout=4, markup=False)
            return
        self.post_message(self.Wanted(row.id, True))

    def action_label(self) -> None:
        row = self._selected()
        if row is None:
            return
        command = lambda text: f"playbooks label {row.id} {shlex.quote(' '.join(text.split()))}"  # noqa: E731
        asks = LineScreen(f"Label {row.id}", "A name for the session. Empty: none.", row.label, command)
        self.app.push_screen(asks, lambda text: self._labelled(row.id, text))

    def _labelled(self, id: str, text: str | None) -> None:
        if text is not None:
            self._work(lambda library: (library.set_label(id, text), "")[1])

    def action_prune(self) -> None:
        row = self._selected()
        if row is None:
            return
        asks = LineScreen(
            f"Prune {row.id}",
            "How many checkpoints of each agent and branch stay; labelled ones, forks and ends stay too.",
            str(self._config.durability.keep_last_n or 10),
            lambda text: f"playbooks prune --session {row.id} --keep {text or '…'}",
            lambda text: "" if re.fullmatch("0{0,9}[1-9][0-9]{0,8}", text) else "a number from 1 on",
        )
        self.app.push_screen(asks, lambda text: self._pruned(row.id, text))

    def _pruned(self, id: str, text: str | None) -> None:
        if not text:
            return

        def work(library: SessionLibrary) -> str:
            kept, gone = library.prune(id, int(text))
            return f"{id}: {counted(gone, 'checkpoint')} taken away, {kept} {'stays' if kept == 1 else 'stay'}"

        self._work(work)

    def action_delete(self) -> None:
        row = self._selected()
        if row is None:
            return
        label = f" ({cut(plain(row.label), 20)})" if row.label else ""
        asks = Confirm(
            f"Delete {row.id}?",
            f"{counted(row.checkpoints, 'checkpoint')} of {row.program}{label} are gone for good.",
            "delete it",
            f"playbooks prune --session {row.id} --all",
        )
        self.app.push_screen(asks, lambda yes: self._deleted(row.id) if yes else None)

    def _deleted(self, id: str) -> None:
        self._work(lambda library: f"{id} is deleted: {counted(library.delete(id), 'checkpoint')}")

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_help(self) -> None:
        self.app.push_screen(Help(keys_of(self), self.focused, glyphs=False))

    def action_leave(self) -> None:
        self.post_message(self.Leave())
