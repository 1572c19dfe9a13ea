"""The comparison's screen: two branches or checkpoints side by side, and below what differs between them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen

from playbooks.checkpoints.record import Header
from playbooks.session.record import Comparison
from playbooks_tui.keys import BINDINGS, key_name
from playbooks_tui.ran import ran
from playbooks_tui.record import Record
from playbooks_tui.rows import Filter, Ways
from playbooks_tui.screens.compare.lines import (
    HEAD,
    Side,
    difference_lines,
    rows_of,
    sign_of,
    value_lines,
)
from playbooks_tui.screens.compare.panes import CompareHead, Lines, Sides
from playbooks_tui.screens.filter import FilterList, FilterScreen
from playbooks_tui.screens.help import Help, keys_of
from playbooks_tui.situation import Standing
from playbooks_tui.spans import Line, Span
from playbooks_tui.widgets.bars import BranchBars
from playbooks_tui.widgets.foot import Foot

_WIDE: Final = 120
_ALL: Final = 1_000_000
"""More lines than a pane has."""
_ELSEWHERE: Final = frozenset(key for binding in BINDINGS for key in binding.key.split(","))
"""Keys of the session's screen."""
_FOOT: Final = (
    ("close", "back"),
    ("up down", "row"),
    ("side", "side"),
    ("before after", "difference"),
    ("look", "look there"),
    ("filter", "filter"),
    ("swap", "swap"),
    ("copy", "copy command"),
    ("palette", "commands"),
    ("help", "help"),
)


class Compare(Screen[str | None]):
    """Two checkpoints or branches side by side; gives the id of a checkpoint to look at, or None.

    Args:
        record: Of the session.
        names: Ids of checkpoints, or names of branches: left and right.
        read: Has something read on the reading thread.
        compare: Compares, there.
        ending: How a branch ended; empty: it has not.
        seconds: How long the session has run.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
    BINDINGS = [
        Binding("escape,q", "close", "back", show=False, id="compare.close", tooltip="Back to the session"),
        Binding("up,k", "up", "row before", show=False, id="compare.up", tooltip="The row before"),
        Binding("down,j", "down", "next row", show=False, id="compare.down", tooltip="The next row"),
        Binding("g,home", "first", "first row", show=False, id="compare.first", tooltip="The first row"),
        Binding("G,end", "last", "last row", show=False, id="compare.last", tooltip="The last row"),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False, id="compare.page_up", tooltip="A page up"),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False, id="compare.page_down", tooltip="A page down"),
        Binding(
            "left_square_bracket",
            "before",
            "difference before",
            show=False,
            id="compare.before",
            tooltip="The difference before",
        ),
        Binding(
            "right_square_bracket",
            "after",
            "next difference",
            show=False,
            id="compare.after",
            tooltip="The next difference",
        ),
        Binding(
            "tab,left,right,h,l", "side", "the other side", show=False, id="compare.side", tooltip="Mean the other side"
        ),
        Binding(
            "shift+tab",
            "pane",
            "next pane",
            show=False,
            id="compare.pane",
            tooltip="The keys to the next pane: there ↑ ↓ and pages scroll it",
        ),
        Binding(
            "enter", "look", "look there", show=False, id="compare.look", tooltip="Look at the selected checkpoint"
        ),
        Binding(
            "v",
            "filter",
            "filter",
            show=False,
            id="compare.filter",
            tooltip="Which agents and kinds are shown, and whether only what differs",
        ),
        Binding("x", "swap", "swap sides", show=False, id="compare.swap", tooltip="Left becomes right"),
        Binding(
            "y",
            "copy",
            "copy the command",
            show=False,
            id="compare.copy",
            tooltip="Copy the command that tells the same",
        ),
        Binding("z", "zoom", "zoom", show=False, id="compare.zoom", tooltip="What was said and done alone; again: all"),
        Binding(
            "colon,ctrl+p", "palette", "commands", show=False, id="compare.palette", tooltip="Every command by name"
        ),
        Binding("question_mark", "help", "help", show=False, id="compare.help", tooltip="What every key does"),
    ]
    DEFAULT_CSS = """
    Compare { background: $background; }
    Compare #sides { height: 3fr; max-height: 60%; min-height: 7; }
    Compare #below { height: 1fr; }
    Compare #values { width: 55%; height: 1fr; }
    Compare #differ { width: 1fr; height: 1fr; }
    Compare.-narrow #values { width: 1fr; }
    Compare.-narrow #differ, Compare.-low #bars { display: none; }
    """

    class Done(Message):
        """It was compared, or could not be."""

        def __init__(self, names: tuple[str, str], comparison: Comparison | None, error: str = "") -> None:
            super().__init__()
            self.names, self.comparison, self.error = names, comparison, error

    def __init__(
        self,
        record: Record,
        names: tuple[str, str],
        read: Callable[[Callable[[], None]], None],
        compare: Callable[[str, str], Comparison],
        ending: Callable[[str], str],
        seconds: float = 0.0,
    ) -> None:
        super().__init__()
        self._record, self.names, self._seconds = record, names, seconds
        self.filter = Filter()
        self._read, self._compare, self._ending = read, compare, ending
        self.comparison: Comparison | None = None

    def compose(self) -> ComposeResult:
        yield CompareHead(self._record, self._seconds)
        yield Sides(self._record)
        with Horizontal(id="below"):
            yield Lines("values")
            yield Lines("differ")
        yield BranchBars(self._record)
        yield Foot()

    def on_mount(self) -> None:
        self.query_one(Sides).focus()
        self._ask()

    def _ask(self) -> None:
        names, compare = self.names, self._compare

        def work() -> None:
            try:
                self.post_message(self.Done(names, compare(*names)))
            except Exception as error:  # whatever can't be read is said here
                self.post_message(self.Done(names, None, str(error) or type(error).__name__))

        self._read(work)

    def on_compare_done(self, event: Done) -> None:
        if event.names != self.names:
            return
        self.comparison = event.comparison
        if event.comparison is None:
            self.notify(event.error, severity="error", markup=False)
        self.draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    # -- drawing ---------------------------------------------------------------------------------------------

    @property
    def sides(self) -> tuple[Side, Side]:
        """What stands left and right."""
        comparison = self.comparison
        left, right = (self._lasted(comparison, place) if comparison else 0.0 for place in (0, 1))
        return (
            Side(self.names[0], self._ending(self.names[0]), left),
            Side(self.names[1], self._ending(self.names[1]), right),
        )

    def _lasted(self, comparison: Comparison, place: int) -> float:
        """How long a side ran, as the header's clock counts: a branch begins when it was forked, not where."""
        head = (comparison.left, comparison.right)[place]
        fork = self._record.place.get(comparison.fork.id, -1) if comparison.fork else -1
        rows = [row for row in self._record.path(head.branch) if fork < row <= self._record.place.get(head.id, -1)]
        headers = [self._record.headers[row] for row in rows]
        return ran(headers, since=headers[0].time - headers[0].took) if headers else 0.0

    def draw(self) -> None:
        """Draws all of it."""
        keys: dict[str, str] = {}
        for binding in self._bindings.key_to_bindings.values():
            for one in binding:
                name = (one.id or "").removeprefix("compare.")
                keys.setdefault(name, key_name(one.key))
        self.query_one(Foot).show(_FOOT, keys)
        head, comparison = self.query_one(CompareHead), self.comparison
        head.names = self.names
        if comparison is None:
            head.refresh()
            return
        fork = comparison.fork
        head.parts = f"they part at {fork.id}" if fork else "they have nothing in common"
        head.refresh()
        rows = rows_of(self._record, comparison, self._forks(comparison), self.filter)
        self.query_one(Sides).styles.height = len(rows) + HEAD + 2
        self.query_one(Sides).show(comparison, rows, self.sides, self.filter)
        values, differ = self.query_one("#values", Lines), self.query_one("#differ", Lines)
        width = values.scrollable_content_region.width
        lines = value_lines(self._record, comparison, self.sides, width)
        at_end = all(side.ending for side in self.sides)
        title = "Variables at the end" if at_end else "Variables"
        if self.has_class("-narrow"):
            lines += [Line(), *difference_lines(self._record, comparison, self.sides, width)]
            title += ", code and prompt"
        else:
            room = differ.scrollable_content_region.width
            differ.show(difference_lines(self._record, comparison, self.sides, room))
        values.show(lines)
        values.name_pane((Span(title, bold=True),))
        differ.name_pane((Span("Code and prompt", bold=True),))

    def on_sides_moved(self) -> None:
        """The bar of the row that is selected is marked; what led to neither side is dim."""
        comparison, place, meant = self.comparison, self._record.place, self.query_one(Sides).meant
        if comparison is not None:
            heads = [place[head.id] for head in (comparison.left, comparison.right) if head.id in place]
            here = place.get(meant.id) if meant is not None else None
            self.query_one(BranchBars).show(Standing(here=here), Ways(self._record, heads))

    def on_branch_bars_chosen(self, event: BranchBars.Chosen) -> None:
        """A bar was clicked: its row is selected, and its side meant."""
        sides, id = self.query_one(Sides), self._record.headers[event.index].id
        for place, pair in enumerate(sides.rows):
            for header, right in ((pair.left, False), (pair.right, True)):
                if header is not None and header.id == id:
                    sides.right = right
                    sides.go(place)
                    self.draw()
                    return
        self.notify("that is before they part, on neither side, or filtered out", timeout=3)

    def _forks(self, comparison: Comparison) -> tuple[Header | None, Header | None]:
        """What began each side's branch, when that was where they part."""
        found: list[Header | None] = []
        for header in (comparison.left, comparison.right):
            rows = self._record.branches[header.branch].rows if header.branch in self._record.branches else []
            first = self._record.headers[rows[0]] if rows else None
            own = first is not None and comparison.fork is not None and first.parent == comparison.fork.id
            found.append(first if own and first is not None and first.kind == "fork" else None)
        return found[0], found[1]

    # -- acting ----------------------------------------------------------------------------------------------

    def action_up(self) -> None:
        """The row before."""
        self._by(-1)

    def action_down(self) -> None:
        """The next row."""
        self._by(1)

    def _by(self, by: int) -> None:
        self._go(self.query_one(Sides).place + by, by)

    def _go(self, place: int, lines: int) -> None:
        """Selects a row; in a pane of lines, where the keys are, scrolls by so many."""
        focused, sides = self.focused, self.query_one(Sides)
        if isinstance(focused, Lines):
            top = focused.scroll_target_y
            focused.scroll_to(y=top + lines, animate=False, immediate=True, force=True)
            if focused.scroll_target_y == top:
                self.notify(f"nothing stands {'above' if lines < 0 else 'below'}", timeout=3)
            return
        before, last = sides.place, len(sides.rows) - 1
        sides.go(place)
        if sides.place == before:
            which = "only" if not last else "last" if place >= last else "first"
            self.notify(f"this is the {which} row" if sides.rows else "there is no row here", timeout=3)

    def on_key(self, event: events.Key) -> None:
        if event.key in _ELSEWHERE and event.key not in self._bindings.key_to_bindings:
            self.notify("this is a comparison: Esc goes back to the session first", timeout=3)

    def action_first(self) -> None:
        self._go(0, -_ALL)

    def action_last(self) -> None:
        self._go(len(self.query_one(Sides).rows) - 1, _ALL)

    def action_page(self, by: int) -> None:
        """A page of rows."""
        sides, focused = self.query_one(Sides), self.focused
        pane, head = (focused, 0) if isinstance(focused, Lines) else (sides, HEAD)
        page = by * max(1, pane.scrollable_content_region.height - head)
        self._go(sides.place + page, page)

    def action_pane(self) -> None:
        """The keys go to the next pane that is shown."""
        self.focus_next()

    def action_before(self) -> None:
        """The difference before."""
        self._difference(-1)

    def action_after(self) -> None:
        """The next difference."""
        self._difference(1)

    def _difference(self, by: int) -> None:
        sides = self.query_one(Sides)
        place = sides.place + by
        while 0 <= place < len(sides.rows):
            if sign_of(self._record, sides.rows[place]) != "=":
                sides.go(place)
                return
            place += by
        self.notify(f"no difference {'before' if by < 0 else 'after'} this one", timeout=3)

    def action_side(self) -> None:
        """The other side is meant."""
        sides = self.query_one(Sides)
        sides.right = not sides.right
        self.draw()

    def action_look(self) -> None:
        """Looks at the selected checkpoint."""
        sides = self.query_one(Sides)
        if sides.meant is not None:
            self.dismiss(sides.meant.id)

    def action_filter(self) -> None:
        """Which agents and kinds are shown, and whether only what differs."""
        comparison = self.comparison
        if comparison is None:
            return
        pairs = rows_of(self._record, comparison, self._forks(comparison))
        headers = [header for pair in pairs for header in (pair.left, pair.right) if header is not None]
        same = sum(sign_of(self._record, pair) == "=" for pair in pairs)
        self.app.push_screen(FilterScreen(FilterList(self._record, self.filter, self._filtered, headers, same)))

    def _filtered(self, filter: Filter) -> None:
        self.filter = filter
        self.draw()

    def action_swap(self) -> None:
        """Left becomes right."""
        self.names = (self.names[1], self.names[0])
        self.comparison = None
        self._ask()

    @property
    def command(self) -> str:
        """The headless command that tells the same."""
        comparison = self.comparison
        ids = (comparison.left.id, comparison.right.id) if comparison else self.names
        return shlex.join(["playbooks", "diff", *ids])

    def action_copy(self) -> None:
        """Copies the command."""
        self.app.copy_to_clipboard(self.command)
        self.notify(f"copied: {self.command}", timeout=3, markup=False)

    def action_zoom(self) -> None:
        """The sides alone, or all panes."""
        below = self.query_one("#below")
        below.display = not below.display
        self.query_one(Sides).styles.max_height = "60%" if below.display else "100%"
        self.call_after_refresh(self.draw)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_help(self) -> None:
        self.app.push_screen(Help(keys_of(self), self.focused))
