"""The main screen: what stands where, and when each part is drawn again.

What the keys do is in `acts`, what is read of a moment in `moments`; this file only shows.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from playbooks.runtime.notices import Output
from playbooks_tui.bridge import BATCHES_A_SECOND, Bridge
from playbooks_tui.inspected import Deep, Seen
from playbooks_tui.keys import ACTING, BINDINGS, EMPTY, FIELD_KEYS, FIELDS, FOOTER, OF_A_ROW, key_name
from playbooks_tui.record import HUMAN, Touched
from playbooks_tui.screens.moments import Reading
from playbooks_tui.situation import (
    ask_line,
    asked_words,
    doing,
    engine_mode,
    given_up,
    mode,
    moment,
)
from playbooks_tui.spans import Span, cut, plain
from playbooks_tui.tabs import Tab, tab_row
from playbooks_tui.talk import Coming, Look
from playbooks_tui.told import Opened
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.bars import BranchBars
from playbooks_tui.widgets.branches import Branches
from playbooks_tui.widgets.find_line import FindLine
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.head import Head
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.talk_pane import TalkPane
from playbooks_tui.widgets.timeline import Timeline
from playbooks_tui.widgets.why import Why

WIDE: Final = 140
"""Columns from which on panes and inspector stand side by side."""
_LEAST_PANE = 5
_CALLS_A_SECOND: Final = 4
"""How often the model call that is inspected is drawn anew."""


class _Across(Horizontal):
    """Panes side by side, which cover it all: nothing of its own is painted."""

    BLANK = True


class _Down(Vertical):
    """Panes above each other, likewise."""

    BLANK = True


class View(Reading):
    """The panes over a record."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high"), (44, "-tall")]
    DEFAULT_CSS = """
    View { background: $background; }
    View #body { height: 1fr; layout: vertical; }
    View #left { height: 3fr; }
    View #timeline { height: 1fr; }
    View.-low #bars, View.-low #branches { display: none; }
    View #side { height: 2fr; }
    View #talks { width: 1fr; height: 1fr; }
    View .talk, View #inspector { height: 1fr; }
    View.-narrow .talk, View.-narrow #talks, View.-narrow #inspector { display: none; }
    View.-narrow #side .-shown { display: block; }
    View.-wide .-you, View.-narrow #hint { display: none; }
    View.-wide .talk.-folded { height: 1; border: none; scrollbar-size-vertical: 0; }
    View.-wide #body { layout: horizontal; }
    View.-wide #left { width: 40%; height: 1fr; }
    View.-wide #side { width: 1fr; height: 1fr; }
    View.-wide #inspector { width: 44; }
    View.-wide.-tall #body { margin-bottom: 1; }
    View.-zoomed #left, View.-zoomed #side, View.-zoomed #talks, View.-zoomed .talk, View.-zoomed #inspector {
        display: none;
    }
    View.-zoomed #body .-alone { display: block; width: 1fr; height: 1fr; }
    """

    class Waiting(Message):
        """The bridge has something to take."""

    def __init__(self, bridge: Bridge, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(bridge, now=now)
        self.tab = ""
        """What the tabs show when it is narrow: an agent or `inspector`; empty: the busiest agent."""
        self.zoomed = ""
        """The pane that is shown alone, by its id; empty: all are."""
        self.panes: dict[str, TalkPane] = {}
        self._ran = 0.0
        self._since: float | None = None
        self._drained = 0.0
        self._draining: Timer | None = None
        self._printing = ""

    def compose(self) -> ComposeResult:
        yield Head(self.record)
        with _Across(id="body"):
            with _Down(id="left"):
                yield Timeline(self.record)
                yield Branches(self.record)
            with _Across(id="side"):
                yield _Down(id="talks")
                yield Inspector(self.record)
        yield BranchBars(self.record)
        yield Why()
        yield Ask()
        yield FindLine()
        yield Foot()

    def on_mount(self) -> None:
        self.query_one(Timeline).focus()
        self.begin_capture_print()
        self.bridge.listen(self._wake)
        self.set_interval(1, self._tick)
        self.set_interval(1 / _CALLS_A_SECOND, self.follow_calls)
        self._draw_standing()

    def _wake(self) -> None:
        """Called on the engine's thread."""
        self.post_message(self.Waiting())

    # -- what the engine tells -------------------------------------------------------------------------------

    def on_view_waiting(self) -> None:
        rest = self._drained + 1 / BATCHES_A_SECOND - time.monotonic()
        if rest <= 0:
            self._drain()
        elif self._draining is None:
            self._draining = self.set_timer(rest, self._drain)

    def on_print(self, event: events.Print) -> None:
        """Text for `sys.stdout` or `sys.stderr`, which Textual catches; it comes in pieces."""
        event.stop()
        *lines, self._printing = (self._printing + event.text).split("\n")
        for line in lines:
            self.bridge.tell(Output("", line))

    def _drain(self) -> None:
        self._draining = None
        self._drained = time.monotonic()
        batch = self.bridge.take()
        touched = self.record.take(batch)
        if any(isinstance(told, Opened) for told in batch):
            gc.freeze()  # a long record is never garbage: looking through it again and again is what makes keys wait
        with self.app.batch_update():
            self.draw(touched)
        self.told(touched)

    def told(self, touched: Touched) -> None:
        """A batch was taken and drawn."""

    def draw(self, touched: Touched) -> None:
        """Draws what a batch changed."""
        if touched.status and self.record.status not in ("ready", "running", "pausing"):
            held = self.standing.held or self.record.status == "paused"
            self.standing = replace(self.standing, stepping=False, held=held)
        if touched.lanes:
            self._make_panes()
        if touched.output:
            self.query_one(Inspector).take_up()
        if touched.rows or touched.status or touched.lanes:
            self._draw_standing()
        else:
            for agent in touched.agents:
                self._draw_pane(agent)
            if touched.totals or touched.agents:
                self._draw_head()
        if touched.asked:
            self._draw_ask()
        if touched.rows or touched.status:
            self.inspect()
        if touched.status:
            self.follow_calls()
            if self.record.newest is None:  # nothing is read: whether anything was kept is told by the status alone
                self.query_one(Inspector).show(None, at_moment=False)

    def stand(self, **changes: object) -> None:
        """Changes what was asked of the run or where the person looks, and draws it."""
        before = self.standing.here
        self.standing = replace(self.standing, **changes)
        if self.standing.here is None and before is not None:
            self.seen = None
        reads = self.inspect()
        here = self.standing.here
        with self.app.batch_update():
            if set(changes) == {"chosen"} or (reads and here is not None and before is not None and here != before):
                # The rest of the screen does not change, or follows when the moment is read, in some milliseconds:
                # what is painted together costs as the smallest rectangle around it.
                self.query_one(Timeline).show(self.standing)
            else:
                self._draw_standing()

    def _draw_standing(self) -> None:
        self.query_one(Timeline).show(self.standing)
        self._draw_rest()

    def _draw_rest(self) -> None:
        """All but the timeline."""
        self._keep_time()
        self.query_one(Branches).show(self.standing)
        self.query_one(BranchBars).show(self.standing)
        self.query_one(Inspector).stand(self.at_moment)
        for agent in self.panes:
            self._draw_pane(agent)
        self._draw_tabs()
        self._draw_head()
        self._draw_ask()
        self.draw_footer()

    # -- time ------------------------------------------------------------------------------------------------

    def _keep_time(self) -> None:
        """The clock goes while the program runs, not while it stands or waits for the person."""
        runs = engine_mode(self.record, self.standing) in ("running", "pausing")
        if runs and self._since is None:
            self._since = self.now()
        elif not runs and self._since is not None:
            self._ran += self.now() - self._since
            self._since = None

    @property
    def seconds(self) -> float:
        """How long the session has run: before it was opened, and here."""
        return self.record.ran + self._ran + (self.now() - self._since if self._since is not None else 0)

    def follow_calls(self) -> None:
        """A few times a second, however fast the tokens come."""
        inspector = self.query_one(Inspector)
        whose = inspector.inspected.agent if inspector.inspected and self.standing.here is None else ""
        calls = self.bridge.session.calls_under_way if whose in self.record.thinking else ()
        inspector.follow_call(next((call for call in calls if call.agent == whose), None))

    def _tick(self) -> None:
        if self._since is not None or engine_mode(self.record, self.standing) == "interrupted":
            self._draw_head()

    def _draw_head(self) -> None:
        self.query_one(Head).show(self.standing, self.now(), self.seconds)

    def _draw_ask(self) -> None:
        over = mode(self.record, self.standing) in ("finished", "failed")
        asked = bool(self.record.asked or self.record.undecided) and self.standing.here is None
        asked &= not self.record.followed
        error = self.record.error if engine_mode(self.record, self.standing) == "failed" else ""
        self.query_one(Why).show("" if plain(error) in self.query_one(Head).line(0).text else error)
        several = len(self.record.asked) > 1 and not self.record.undecided
        nothing_runs = engine_mode(self.record, self.standing) in ("interrupted", "opening")
        self.query_one(Ask).show(
            ask_line(self.record, self.standing, self.size.width - 4),
            asked=asked,
            over=over,
            idle=self.standing.here is not None or nothing_runs or self.record.followed,
            whom=asked_words(self.record) if asked and several else "",
        )

    def draw_footer(self) -> None:
        """The keys of this state, under the names that they have now; in a field letters are text."""
        words, keys = FOOTER[mode(self.record, self.standing)], FIELD_KEYS
        if self.standing.held:  # also what waits for the person: Space lets it go on then
            words = tuple((ids, "run" if (ids, word) == ("run_or_pause", "pause") else word) for ids, word in words)
        if not self.record.headers and engine_mode(self.record, self.standing) in ("finished", "failed"):
            words = EMPTY
        elif not self.record.headers:
            words = tuple((ids, word) for ids, word in words if ids not in OF_A_ROW)
        elif given_up(self.record):
            words = tuple((ids, word) for ids, word in words if (ids, word) != ("resume_here", "resume"))
        if self.record.followed:
            words = tuple((ids, word) for ids, word in words if not ACTING & set(ids.split()))
        if isinstance(self.focused, Input):
            words = FIELDS.get(self.focused.id or "", ())
            if self.focused.id == "say" and len(self.record.asked) > 1:
                words = (("look", f"answers: {cut(asked_words(self.record), self.size.width // 2)}"), *words[1:])
        else:
            keys = {id: key_name(names[0]) for id, (_, names) in self.keys.items()}
        self.query_one(Foot).show(words, keys)

    def on_descendant_focus(self) -> None:
        self.call_later(self.draw_footer)

    @property
    def keys(self) -> dict[str, tuple[Binding, list[str]]]:
        """Binding id → the binding and its keys, in the order of help, as the keymap has them."""
        found: dict[str, tuple[Binding, list[str]]] = {
            binding.id: (binding, []) for binding in BINDINGS if binding.id is not None
        }
        for key, active in self.active_bindings.items():
            if active.binding.id in found:
                found[active.binding.id][1].append(key)
        return {id: (binding, keys) for id, (binding, keys) in found.items() if keys}

    # -- panes -----------------------------------------------------------------------------------------------

    def _make_panes(self) -> None:
        talks = self.query_one("#talks")
        for agent in self.record.lanes:
            if agent not in self.panes:
                pane = self.panes[agent] = TalkPane(self.record, agent)
                pane.set_class(agent == HUMAN, "-you")
                talks.mount(pane, before="#agent-human" if HUMAN in self.panes and agent != HUMAN else None)
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()
        self._draw_tabs()
        self._draw_ask()

    def _arrange(self) -> None:
        """More agents than fit: the busiest are shown, the others have a line each."""
        agents = [agent for agent in self.panes if agent != HUMAN]
        height = self.query_one("#talks").size.height or self.size.height - 4
        counts = {agent: len(self.record.own.get(agent, ())) for agent in agents}
        folded = set() if self.size.width < WIDE else folded_panes(counts, height)
        for agent in agents:
            self.panes[agent].fold(agent in folded)

    def _draw_pane(self, agent: str) -> None:
        pane = self.panes.get(agent)
        if pane is not None:
            pane.show(self._look_of(agent))
            self._title(pane)

    def _look_of(self, agent: str) -> Look:
        record, standing = self.record, self.standing
        here = standing.here
        branch = record.headers[here].branch if here is not None else record.branch
        at = moment(record, standing)
        if here is not None:
            coming = self._past.coming.get(agent, ()) if self._past else ()
        else:
            coming = tuple(Coming(message.sender, message.text) for message in record.inbox.get(agent, ()))
        return Look(branch, here if here is not None else at, coming, mark=at is not None)

    def _title(self, pane: TalkPane) -> None:
        record, agent = self.record, pane.agent
        if self.size.width < WIDE:
            left = self._tabs()
        else:
            view = record.agents[agent]
            own = (Span(view.class_name, record.hue(agent), bold=True), Span(f" {agent}", "quiet"))
            left = own if agent != HUMAN else (Span(record.title(agent), "lane-you", bold=True),)
        past = self._past
        if past is None:
            now = engine_mode(record, self.standing)
            live = now in ("running", "pausing")
            right = doing(record, record.agents[agent], live=live, over=now == "finished")
        elif agent in past.agents:
            right = doing(record, past.agents[agent], live=False)
        else:
            right = (Span("not made yet", "quiet"),)
        pane.name_pane(left, right)

    @property
    def _past(self) -> Seen | None:
        """What was read of the moment that is looked at; None now, and until it is read."""
        seen = self.seen
        return seen if seen is not None and seen.row == self.standing.here else None

    def draw_seen(self, seen: Seen) -> None:
        with self.app.batch_update():
            self.query_one(Inspector).show(seen.inspected, at_moment=self.at_moment)
            self.follow_calls()
            if self.standing.here is not None:
                self._draw_rest()
            else:
                self._draw_tabs()

    def draw_deep(self, deep: Deep) -> None:
        self.query_one(Inspector).deepen(deep)

    def zoom(self, id: str) -> None:
        """Shows one pane alone, by its id; empty: all of them."""
        self.zoomed = id
        self.set_class(bool(id), "-zoomed")
        for widget in self.query("#body *"):
            widget.set_class(
                bool(id) and any(inner.id == id for inner in widget.walk_children(with_self=True)), "-alone"
            )
        if id and (pane := self.query_one(f"#{id}")).can_focus:
            pane.focus()
        self._arrange()

    # -- tabs ------------------------------------------------------------------------------------------------

    @property
    def shown_tab(self) -> str:
        """The tab that is shown when it is narrow."""
        if self.tab in self.panes or self.tab == "inspector":
            return self.tab
        here = self.standing.here if self.standing.here is not None else self.record.newest
        agent = self.record.headers[here].agent if here is not None else ""
        return agent if agent in self.panes else next(iter(self.panes), "inspector")

    def _tabs(self) -> tuple[Span, ...]:
        record = self.record
        tabs = [
            Tab(agent, record.title(agent), record.hue(agent), agent in record.writing or agent in record.thinking)
            for agent in record.lanes
        ]
        return tab_row([*tabs, Tab("inspector", "Inspector", "quiet")], self.shown_tab, self.size.width - 8)

    def _draw_tabs(self) -> None:
        narrow, inspector = self.size.width < WIDE, self.query_one(Inspector)
        shown = self.shown_tab if narrow else ""
        for id, pane in self.panes.items():
            pane.set_class(id == shown, "-shown")
            self._title(pane)
        self.query_one("#talks").set_class(shown != "inspector", "-shown")
        inspector.set_class(shown == "inspector", "-shown")
        if narrow:
            inspector.name_pane(self._tabs(), self._whose())
        else:
            inspector.name_pane((Span("Inspector", bold=True), Span("  "), *self._whose()))

    def _whose(self) -> tuple[Span, ...]:
        inspected = self.query_one(Inspector).inspected
        if inspected is None or inspected.agent not in self.record.agents:
            return ()
        name = self.record.agents[inspected.agent].class_name
        return (Span(name, self.record.hue(inspected.agent)), Span(f" {inspected.agent}", "quiet"))


def folded_panes(counts: dict[str, int], height: int) -> set[str]:
    """Which agents have only a line: the least busy, as many as must.

    Args:
        counts: Agent → its checkpoints, in the order the agents appeared.
        height: Rows for all panes.
    """
    order = sorted(counts, key=lambda agent: -counts[agent])  # stable: of equals the older one keeps its pane
    full = len(order)
    while full > 1 and full * _LEAST_PANE + (len(order) - full) > height:
        full -= 1
    return set(order[full:])
