"""The main screen: what stands where, when each part is drawn again, and what is read of a moment.

What the keys do is in `acts`, apart so that each file has one subject; this one only shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from playbooks.runtime.notices import Output
from playbooks_tui.bridge import BATCHES_A_SECOND, Bridge
from playbooks_tui.inspected import Inspected, Seen, seen
from playbooks_tui.keys import BINDINGS, FOOTER
from playbooks_tui.record import HUMAN, Record, Touched
from playbooks_tui.situation import (
    Standing,
    ask_line,
    doing,
    engine_mode,
    mode,
    moment,
    stands_still,
)
from playbooks_tui.spans import Span
from playbooks_tui.talk import Coming, Look
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.foot import Foot
from playbooks_tui.widgets.head import Head
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.output import OutputPane
from playbooks_tui.widgets.talk_pane import TalkPane
from playbooks_tui.widgets.timeline import Timeline

WIDE: Final = 140
"""Columns from which on panes and inspector stand side by side."""
_LEAST_PANE = 5
_READS_A_SECOND = 5


class View(Screen[None]):
    """The panes over a record."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    DEFAULT_CSS = """
    View { background: $background; }
    View #body { height: 1fr; layout: vertical; }
    View #timeline { height: 3fr; }
    View #side { height: 2fr; }
    View #talks, View #right { width: 1fr; height: 1fr; }
    View .talk, View #inspector, View #output { height: 1fr; }
    View.-narrow .talk, View.-narrow #right > Pane, View.-narrow #talks, View.-narrow #right { display: none; }
    View.-narrow #side .-shown { display: block; }
    View.-wide #right > .-hidden, View.-wide .-you { display: none; }
    View.-wide .talk.-folded { height: 1; border: none; scrollbar-size-vertical: 0; }
    View.-wide #body { layout: horizontal; }
    View.-wide #timeline { width: 40%; height: 1fr; }
    View.-wide #side { width: 1fr; height: 1fr; }
    View.-wide #right { width: 44; }
    """

    class Waiting(Message):
        """The bridge has something to take."""

    @dataclass
    class Read(Message):
        """A moment was read; `seen` is None when it could not be."""

        wanted: tuple[int, str]
        seen: Seen | None
        error: str = ""

    def __init__(self, bridge: Bridge, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.bridge, self.now = bridge, now
        self.record = Record()
        self.standing = Standing()
        self.agent = ""
        """Whom the inspector shows; empty: whose checkpoint it is."""
        self.tab = ""
        """What the tabs show when it is narrow: an agent, `inspector` or `output`; empty: the busiest agent."""
        self.inspecting = "inspector"
        """`inspector` or `output`, when it is wide."""
        self.seen: Seen | None = None
        self.panes: dict[str, TalkPane] = {}
        self._ran = 0.0
        self._since: float | None = None
        self._drained = 0.0
        self._draining: Timer | None = None
        self._reading: tuple[int, str] | None = None
        self._wanted: tuple[int, str] | None = None
        self._read_at = 0.0
        self._printing = ""

    def compose(self) -> ComposeResult:
        yield Head(self.record)
        with Horizontal(id="body"):
            yield Timeline(self.record)
            with Horizontal(id="side"):
                yield Vertical(id="talks")
                with Vertical(id="right"):
                    yield Inspector(self.record)
                    yield OutputPane(self.record)
        yield Ask()
        yield Foot()

    def on_mount(self) -> None:
        self.query_one(Timeline).focus()
        self.begin_capture_print()
        self.bridge.listen(self._wake)
        self.set_interval(1, self._tick)
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
        touched = self.record.take(self.bridge.take())
        with self.app.batch_update():
            self.draw(touched)
        self.told(touched)

    def told(self, touched: Touched) -> None:
        """A batch was taken and drawn."""

    def draw(self, touched: Touched) -> None:
        """Draws what a batch changed."""
        if self.standing.stepping and self.record.status in ("paused", "waiting") and touched.status:
            self.standing = replace(self.standing, stepping=False)
        if touched.lanes:
            self._make_panes()
        if touched.output:
            self.query_one(OutputPane).show()
            self._draw_tabs()
        if touched.rows or touched.status or touched.lanes:
            self._draw_standing()
        else:
            for agent in touched.agents:
                self._draw_pane(agent)
            if touched.totals or touched.agents:
                self._draw_head()
        if touched.asked:
            self._draw_ask()
        if touched.rows:
            self.inspect()

    def stand(self, **changes: object) -> None:
        """Changes what was asked of the run or where the person looks, and draws it."""
        before = self.standing.here
        self.standing = replace(self.standing, **changes)  # type: ignore[arg-type]
        if self.standing.here is None and before is not None:
            self.seen = None
        with self.app.batch_update():
            self._draw_standing()
            self._draw_ask()
        self.inspect()

    def _draw_standing(self) -> None:
        self._keep_time()
        self.query_one(Timeline).show(self.standing)
        self.query_one(Inspector).stand(self._at_moment)
        for agent in self.panes:
            self._draw_pane(agent)
        self._draw_tabs()
        self._draw_head()
        self.draw_footer()

    # -- time ------------------------------------------------------------------------------------------------

    def _keep_time(self) -> None:
        """The clock goes while the program runs."""
        runs = engine_mode(self.record, self.standing) in ("running", "pausing", "waiting")
        if runs and self._since is None:
            self._since = self.now()
        elif not runs and self._since is not None:
            self._ran += self.now() - self._since
            self._since = None

    def _tick(self) -> None:
        if self._since is not None or engine_mode(self.record, self.standing) == "interrupted":
            self._draw_head()

    def _draw_head(self) -> None:
        seconds = self._ran + (self.now() - self._since if self._since is not None else 0)
        self.query_one(Head).show(self.standing, self.now(), seconds)

    def _draw_ask(self) -> None:
        asked = bool(self.record.asked) and self.standing.here is None
        self.query_one(Ask).show(ask_line(self.record, self.standing), asked=asked)

    def draw_footer(self) -> None:
        """The keys of this state, under the names that they have now."""
        keys = {id: names[0] for id, (_, names) in self.keys.items()}
        self.query_one(Foot).show(FOOTER[mode(self.record, self.standing)], keys)

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

    def _arrange(self) -> None:
        """More agents than fit: the busiest are shown, the others have a line each."""
        agents = [agent for agent in self.panes if agent != HUMAN]
        height = self.query_one("#talks").size.height or self.size.height - 3
        folded = folded_panes({agent: len(self.record.own.get(agent, ())) for agent in agents}, height)
        for agent in agents:
            self.panes[agent].set_class(agent in folded, "-folded")

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
        if self.has_class("-narrow"):
            left = self._tabs()
        else:
            view = record.agents[agent]
            own = (Span(view.class_name, record.hue(agent), bold=True), Span(f" {agent}", "quiet"))
            left = own if agent != HUMAN else (Span(record.title(agent), "lane-you", bold=True),)
        past = self._past
        if past is None:
            live = engine_mode(record, self.standing) in ("running", "pausing")
            right = doing(record, record.agents[agent], live=live)
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

    # -- tabs ------------------------------------------------------------------------------------------------

    @property
    def shown_tab(self) -> str:
        """The tab that is shown when it is narrow."""
        if self.tab in self.panes or self.tab in ("inspector", "output"):
            return self.tab
        here = self.standing.here if self.standing.here is not None else self.record.newest
        agent = self.record.headers[here].agent if here is not None else ""
        return agent if agent in self.panes else next(iter(self.panes), "output")

    def _tabs(self) -> tuple[Span, ...]:
        record, shown = self.record, self.shown_tab
        names = [(agent, record.title(agent), record.hue(agent)) for agent in record.lanes]
        names += [("inspector", "Inspector", "quiet"), ("output", self._output_name(), "quiet")]
        spans: list[Span] = []
        for id, name, ink in names:
            live = " ●" if id in record.writing or id in record.thinking else ""
            act = f"screen.show_tab('{id}')"
            on = id == shown
            spans.append(
                Span(f" {name}{live} ", ink if not on or ink != "quiet" else "plain", bold=on, raised=on, act=act)
            )
            spans.append(Span("│", "hair"))
        return tuple(spans[:-1])

    def _output_name(self) -> str:
        count = len(self.record.printed)
        return f"Output {count}" if count else "Output"

    def _draw_tabs(self) -> None:
        narrow, shown = self.has_class("-narrow"), self.shown_tab
        inspector, output = self.query_one(Inspector), self.query_one(OutputPane)
        for id, pane in self.panes.items():
            pane.set_class(id == shown, "-shown")
            self._title(pane)
        right = shown in ("inspector", "output")
        self.query_one("#talks").set_class(not right, "-shown")
        self.query_one("#right").set_class(right, "-shown")
        for pane_, id in ((inspector, "inspector"), (output, "output")):
            pane_.set_class(id == shown, "-shown")
            pane_.set_class(not narrow and id != self.inspecting, "-hidden")
            pane_.name_pane(self._tabs() if narrow else self._sheets(), self._whose() if id == "inspector" else ())

    def _sheets(self) -> tuple[Span, ...]:
        found = []
        for id, name in (("inspector", "Inspector"), ("output", self._output_name())):
            on = id == self.inspecting
            found.append(Span(name, "plain" if on else "quiet", bold=on, act=f"screen.show_tab('{id}')"))
            found.append(Span(" │ ", "hair"))
        return tuple(found[:-1])

    def _whose(self) -> tuple[Span, ...]:
        inspected = self.query_one(Inspector).inspected
        if inspected is None or inspected.agent not in self.record.agents:
            return ()
        name = self.record.agents[inspected.agent].class_name
        return (Span(name, self.record.hue(inspected.agent)), Span(f" {inspected.agent}", "quiet"))

    # -- moments ---------------------------------------------------------------------------------------------

    def inspect(self) -> None:
        """Has the moment that is looked at read, or the newest; the newest wish overtakes older ones."""
        record = self.record
        here = self.standing.here if self.standing.here is not None else record.newest
        if here is None:
            return
        agent = self.agent or record.headers[here].agent
        if agent == HUMAN:
            agent = next((id for id in record.agents if id != HUMAN), HUMAN)
        self._wanted = (here, agent)
        self._read_next()

    @property
    def _at_moment(self) -> bool:
        return moment(self.record, self.standing) is not None

    def _read_next(self) -> None:
        wanted = self._wanted
        if wanted is None or self._reading is not None:
            return
        if self.seen is not None and (self.seen.row, self.seen.inspected.agent) == wanted:
            return
        rest = self._read_at + 1 / _READS_A_SECOND - time.monotonic()
        if rest > 0 and not stands_still(self.record, self.standing) and self.standing.here is None:
            self._reading = wanted
            self.set_timer(rest, self._read_now)
            return
        self._reading = wanted
        self._read_now()

    def _read_now(self) -> None:
        wanted = self._reading = self._wanted or self._reading
        if wanted is None:
            return
        self._read_at = time.monotonic()
        record, (row, agent) = self.record, wanted
        header = record.headers[row]
        own = [r for r in record.on_path(record.own.get(agent, []), header.branch) if r < row]
        before = record.headers[own[-1]].id if own else ""
        bridge = self.bridge

        def work() -> None:
            try:
                earlier = bridge.moment_now(before) if before else None
                found = seen(row, bridge.moment_now(header.id), agent, earlier)
            except Exception as error:  # whatever is wrong with a file is said where its content would stand
                self.post_message(self.Read(wanted, None, str(error) or type(error).__name__))
            else:
                self.post_message(self.Read(wanted, found))

        bridge.read(work)

    def on_view_read(self, event: Read) -> None:
        self._reading = None
        row, agent = event.wanted
        found = event.seen or Seen(row, Inspected(self.record.headers[row], agent, "", error=event.error), {}, {})
        self.seen = found
        if event.wanted == self._wanted:
            with self.app.batch_update():
                self.query_one(Inspector).show(found.inspected, at_moment=self._at_moment)
                self._draw_tabs()
                if self.standing.here is not None:
                    for id in self.panes:
                        self._draw_pane(id)
        self._read_next()


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
