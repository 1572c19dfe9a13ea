"""What the keys do: run control, moving through the record, looking back, typing.

Apart from what is drawn: each act changes the standing or asks the session, and says why when it can't.
"""

from __future__ import annotations

from textual.message import Message

from playbooks_tui.keys import BINDINGS
from playbooks_tui.record import Touched
from playbooks_tui.screens.debugger import View
from playbooks_tui.screens.help import Help
from playbooks_tui.situation import engine_mode, stands_still
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.talk_pane import TalkPane
from playbooks_tui.widgets.timeline import Timeline

_OVER = {
    "finished": "the program is finished: nothing is left to run",
    "failed": "the run failed: leave, and resume it with the line that is printed",
    "leaving": "leaving",
}


class Debugging(View):
    """The main screen, with its keys."""

    BINDINGS = list(BINDINGS)

    class Closed(Message):
        """The engine's thread is done."""

    class Leave(Message):
        """The person wants to leave."""

    def __init__(self, *arguments: object, begin: bool = True, held: bool = False, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self._begins, self._held = begin, held
        self._ask_again = False
        """`n` was pressed at the newest moment: the next press runs."""

    def on_mount(self) -> None:
        super().on_mount()
        if self._begins:
            self._begin(held=self._held)

    def told(self, touched: Touched) -> None:
        if self.bridge.over.done():
            self.post_message(self.Closed())

    def say(self, words: str) -> None:
        """Tells the person why a key did nothing, or what it did that can't be seen."""
        self.notify(words, timeout=4, markup=False)

    # -- run control -----------------------------------------------------------------------------------------

    def _begin(self, *, held: bool) -> None:
        self.stand(started=True, held=held, here=None, chosen=None)
        if held:
            self.bridge.session.pause()
        if self.record.status in ("interrupted", "failed"):
            self.record.status, self.record.error = "running", ""
        self.bridge.begin()
        self.stand()

    def action_run_or_pause(self) -> None:
        if not self.standing.held and engine_mode(self.record, self.standing) in ("running", "waiting"):
            self.action_pause()
        else:
            self.action_run()

    def action_pause(self) -> None:
        self.stand(held=True, stepping=False)
        self.bridge.session.pause()

    def action_run(self) -> None:
        now = engine_mode(self.record, self.standing)
        if now in _OVER:
            self.say(_OVER[now])
        elif now in ("interrupted", "opening"):
            self._begin(held=False)
        else:
            self.stand(held=False, stepping=False, here=None, chosen=None)
            self.bridge.session.go()

    def action_step(self) -> None:
        if self.standing.here is not None and not self._forward():
            return
        now = engine_mode(self.record, self.standing)
        if now in _OVER:
            self.say(_OVER[now])
        elif now in ("interrupted", "opening"):
            self._begin(held=True)
        else:
            self.stand(held=True, stepping=True, here=None, chosen=None)
            self.bridge.session.step()

    def _forward(self) -> bool:
        """One forward in the record; at the newest says so, and True the second time: now it may run."""
        if self._move(1, look=True):
            return False
        if self._ask_again or engine_mode(self.record, self.standing) in _OVER:
            self._ask_again = False
            return True
        self._ask_again = True
        self.say("this is the newest: n again runs one step")
        return False

    # -- moving ----------------------------------------------------------------------------------------------

    @property
    def _at(self) -> int | None:
        """The row that moving starts from."""
        standing = self.standing
        if standing.here is not None:
            return standing.here
        return standing.chosen if standing.chosen is not None else self.record.newest

    def _move(self, by: int, *, look: bool = False) -> bool:
        """Moves by rows; False when there is none there."""
        timeline, at = self.query_one(Timeline), self._at
        if at is None or not timeline.count:
            return False
        place = timeline.position(at)
        wanted = min(timeline.count - 1, max(0, place + by))
        if wanted == place and (self.standing.here is not None or not look):
            return False
        self._go(timeline.row_at(wanted), look=look)
        return True

    def _go(self, row: int, *, look: bool = False) -> None:
        """Selects a row, and looks at it when nothing runs: then nothing is missed by it."""
        self._ask_again = False
        if look or self.standing.here is not None or stands_still(self.record, self.standing):
            self.stand(here=row, chosen=None)
        else:
            self.stand(chosen=row)

    def action_up(self) -> None:
        if not self._move(-1) and self.record.shown:
            self.say("this is the first row")

    def action_down(self) -> None:
        if self._at is not None and self.standing.here is None and self.standing.chosen is None:
            return  # it follows the newest already
        if not self._move(1):
            self.say("this is the newest row: Esc goes back to now")

    def action_page_up(self) -> None:
        self._move(-self.query_one(Timeline).page)

    def action_page_down(self) -> None:
        self._move(self.query_one(Timeline).page)

    def action_first(self) -> None:
        if self.record.shown:
            self._go(self.record.shown[0])

    def action_newest(self) -> None:
        self._ask_again = False
        self.stand(here=None, chosen=None)

    def action_back(self) -> None:
        if not self._move(-1, look=True):
            self.say("this is the first row")

    def action_own_before(self) -> None:
        self._same_agent(-1)

    def action_own_after(self) -> None:
        self._same_agent(1)

    def _same_agent(self, by: int) -> None:
        at = self._at
        if at is None:
            return
        agent = self.record.headers[at].agent
        own = self.record.own.get(agent, [])
        rows = [row for row in own if row < at] if by < 0 else [row for row in own if row > at]
        if rows:
            self._go(rows[-1] if by < 0 else rows[0])
        else:
            self.say(f"{self.record.title(agent)} has no row {'before' if by < 0 else 'after'} this one")

    # -- looking ---------------------------------------------------------------------------------------------

    def action_look(self) -> None:
        standing = self.standing
        nowhere = standing.here is None and standing.chosen is None
        if nowhere and not standing.started and engine_mode(self.record, standing) == "interrupted":
            self._begin(held=False)
            return
        at = self._at
        if at is not None:
            self.stand(here=at, chosen=None)

    def action_now(self) -> None:
        self._ask_again = False
        if self.standing.here is not None or self.standing.chosen is not None:
            self.stand(here=None, chosen=None)
        elif self.agent:
            self.agent = ""
            self.inspect()
        elif not isinstance(self.focused, Timeline):
            self.query_one(Timeline).focus()

    def on_timeline_chosen(self, event: Timeline.Chosen) -> None:
        again = event.index == self.standing.chosen
        self._go(event.index, look=again)

    def on_talk_pane_chosen(self, event: TalkPane.Chosen) -> None:
        self._go(event.index)

    # -- panes -----------------------------------------------------------------------------------------------

    def action_agent_before(self) -> None:
        self._agent(-1)

    def action_agent_after(self) -> None:
        self._agent(1)

    def _agent(self, by: int) -> None:
        agents = [agent for agent in self.record.lanes if agent in self.panes]
        if not agents:
            return
        shown = self.query_one_inspected()
        now = self.shown_tab if self.has_class("-narrow") else shown
        place = agents.index(now) if now in agents else -1 if by > 0 else 0
        self.action_show_tab(agents[(place + by) % len(agents)])

    def query_one_inspected(self) -> str:
        """Whom the inspector shows."""
        return self.agent or (self.seen.inspected.agent if self.seen else "")

    def action_show_tab(self, id: str) -> None:
        self.tab = id
        if id in ("inspector", "output"):
            self.inspecting = id
        elif id in self.record.agents:
            self.agent = id
        self._draw_tabs()
        self.inspect()

    def action_state(self) -> None:
        self.action_show_tab("inspector")

    def action_output(self) -> None:
        self.action_show_tab("output")

    def action_next_pane(self) -> None:
        self.focus_next()

    def action_pane_before(self) -> None:
        self.focus_previous()

    # -- talking ---------------------------------------------------------------------------------------------

    def action_type(self) -> None:
        now = engine_mode(self.record, self.standing)
        if self.standing.here is not None:
            self.say("looking back: Esc goes back to now, where you can type")
        elif now in _OVER:
            self.say(_OVER[now])
        elif now in ("interrupted", "opening"):
            self.say("nothing runs: Enter resumes")
        else:
            self.query_one(Ask).begin()

    def on_ask_wanted(self) -> None:
        self.action_type()

    def on_ask_said(self, event: Ask.Said) -> None:
        to = self.record.asked[0] if self.record.asked else None
        self.bridge.session.say(event.text, to)
        self.on_ask_left()

    def on_ask_left(self) -> None:
        self.query_one(Timeline).focus()
        self.query_one(Ask).end()

    # -- the rest --------------------------------------------------------------------------------------------

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_help(self) -> None:
        self.app.push_screen(Help(self.keys, self.focused))

    def action_leave(self) -> None:
        self.post_message(self.Leave())
