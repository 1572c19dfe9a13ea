"""What the timeline or a comparison shows: agents and kinds, ticked and unticked; it changes at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from playbooks.checkpoints.record import Header
from playbooks.session.glyphs import GLYPHS
from playbooks_tui.record import FOLDED, Record
from playbooks_tui.rows import Filter
from playbooks_tui.spans import Line, Span, width_of
from playbooks_tui.widgets.inked import Pane

KINDS: Final = {
    "say": "said",
    "heard": "heard",
    "call": "calls",
    "tool": "tools",
    "return": "returns",
    "step": "steps",
    "create": "agents made",
    "await": "other awaits",
    "interrupt": "interrupts",
    "error": "errors",
}
"""Kinds that can be left out; starts, forks and ends always stand."""


_SAME: Final = ("same", "same")
"""The item of what is the same on both sides."""


class FilterList(Pane):
    """A line for each agent and kind.

    Args:
        record: Of the session.
        filter: To begin with.
        changed: Told of each change.
        headers: What is shown, to be counted; None: all.
        same: How many are the same on both sides of a comparison; None: nothing is compared.
    """

    DEFAULT_CSS = """
    FilterList {
        width: 46; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground; background: $surface; padding: 0 1;
    }
    """
    BINDINGS = [
        Binding("up,k", "move(-1)", "before", show=False, id="filter.up", tooltip="The line before"),
        Binding("down,j", "move(1)", "after", show=False, id="filter.down", tooltip="The next line"),
        Binding("space,enter", "tick", "tick", show=False, id="filter.tick", tooltip="Show it, or leave it out"),
        Binding("o", "only", "only this", show=False, id="filter.only", tooltip="Only this one of its sort"),
        Binding("a", "everything", "everything", show=False, id="filter.everything", tooltip="Show all but the steps"),
    ]

    def __init__(
        self,
        record: Record,
        filter: Filter,
        changed: Callable[[Filter], None],
        headers: Iterable[Header] | None = None,
        same: int | None = None,
    ) -> None:
        super().__init__(id="filter")
        self._record, self._changed = record, changed
        self.filter = filter
        counts: Counter[str] = Counter()
        for header in record.headers if headers is None else headers:
            counts[header.agent] += 1
            counts[header.kind] += 1
        self._counts = counts
        self.items: list[tuple[str, str]] = [
            *(("agent", agent) for agent in record.lanes),
            *(("kind", kind) for kind in KINDS if counts[kind] or (kind in FOLDED and headers is None)),
        ]
        if same is not None:
            counts[_SAME[1]] = same
            self.items.append(_SAME)
        self.cursor = 0

    def on_mount(self) -> None:
        super().on_mount()
        self.name_pane((Span("Show", bold=True),), (Span("Esc closes", "quiet"),))
        self.tall(len(self.items) + 3)
        self.styles.height = len(self.items) + 5
        self.focus()

    def line(self, y: int) -> Line:
        place = self._item_at(y)
        if place is not None:
            return self._item(place)
        if y == len(self.items) + 2:
            words = [(" Space", "ticks"), (" o", "only this"), (" a", "everything")]
            return Line(
                tuple(span for key, what in words for span in (Span(key, bold=True), Span(f" {what} ", "quiet")))
            )
        return Line()

    @property
    def _gap(self) -> int:
        """The empty row between agents and kinds."""
        return sum(1 for what, _ in self.items if what == "agent")

    def _item_at(self, y: int) -> int | None:
        """Of a row, which item stands there; None: none."""
        place = y - (y > self._gap)
        return place if y != self._gap and 0 <= place < len(self.items) else None

    def _item(self, place: int) -> Line:
        what, id = self.items[place]
        on = not self.filter.same if what == "same" else id not in self._left_out(what)
        here = place == self.cursor
        lead = Span("› " if here else "  ", bold=True)
        tick = Span("■ " if on else "□ ", bold=on)
        name = self._words(what, id)
        ink = self._record.hue(id) if what == "agent" else "plain"
        left = (lead, tick, Span(name, ink if on else "quiet", bold=here))
        right = Span(f"{self._counts[id]} ", "quiet")
        gap = self.scrollable_content_region.width - width_of((*left, right))
        return Line((*left, Span(" " * max(1, gap)), right), "chosen" if here else "")

    def _left_out(self, what: str) -> frozenset[str]:
        return self.filter.agents if what == "agent" else self.filter.kinds

    def _words(self, what: str, id: str) -> str:
        if what == "agent":
            return self._record.title(id)
        return "= what is the same on both sides" if what == "same" else f"{GLYPHS[id]} {KINDS[id]}"

    def action_move(self, by: int) -> None:
        before, self.cursor = self.cursor, min(len(self.items) - 1, max(0, self.cursor + by))
        if self.cursor == before:
            self.notify(f"this is the {'first' if by < 0 else 'last'} line", timeout=3)
        self.reveal(self.cursor + (self.cursor >= self._gap))
        self.refresh()

    def action_tick(self) -> None:
        what, id = self.items[self.cursor]
        filter = self.filter
        match what:
            case "agent":
                self._set(replace(filter, agents=filter.agents ^ {id}))
            case "kind":
                self._set(replace(filter, kinds=filter.kinds ^ {id}))
            case _:
                self._set(replace(filter, same=not filter.same))

    def action_only(self) -> None:
        what, id = self.items[self.cursor]
        others = frozenset(other for kind, other in self.items if kind == what and other != id)
        match what:
            case "agent":
                self._set(replace(self.filter, agents=others))
            case "kind":
                self._set(replace(self.filter, kinds=others))
            case _:
                self._set(replace(self.filter, same=False))

    def action_everything(self) -> None:
        if self.filter == Filter():
            self.notify("everything but the steps is shown already", timeout=3)
        self._set(Filter())

    def _set(self, filter: Filter) -> None:
        self.filter = filter
        self._changed(filter)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        place = self._item_at(offset.y + int(self.scroll_offset.y))
        if place is not None:
            self.cursor = place
            self.action_tick()


class FilterScreen(ModalScreen[None]):
    """Over the main screen, so that what changes is seen."""

    BINDINGS = [Binding("escape,v,q", "dismiss", "close", show=False, id="filter.close", tooltip="Close")]
    DEFAULT_CSS = """
    FilterScreen { align: center middle; background: $background 40%; }
    """

    def __init__(self, choices: FilterList) -> None:
        super().__init__()
        self._list = choices

    def compose(self) -> ComposeResult:
        yield self._list
