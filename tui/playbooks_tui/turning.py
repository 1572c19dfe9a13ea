"""Other sessions in the place of the one that is shown: chosen from the list, taken over, gone on with, begun afresh.

Apart from the application because a session is opened and closed on a thread, and the screen turns when both are done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from playbooks.errors import UserError
from playbooks.session.following import ReadOnly
from playbooks_tui.bridge import Bridge
from playbooks_tui.opening import Openings
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.starting import forget_what_went
from playbooks_tui.typeahead import TypeAhead

if TYPE_CHECKING:
    from playbooks_tui.screens.sessions import Sessions

LONGEST_LEAVE_S: Final = 7.0
"""A tool in flight has five seconds; after this the screen goes without the engine."""
_OPENING: Final = "a session"
"""For what keys are held back while another session opens."""


class Turning(TypeAhead):
    """An app that shows one session after another."""

    bridge: Bridge | None
    """To the session that is shown; None: the list is, and no session was open yet."""
    _debugging: Debugging
    """The session's screen; not there before one was chosen from the list."""
    _openings: Openings | None
    _now: Callable[[], float]
    _given_up: Bridge | None = None
    """The session that another takes the place of: that its engine ends does not end the screen."""
    _opens = False
    """A session is being opened."""
    _leaves = False
    """The person leaves: nothing takes the place of what is shown any more."""

    def leave(self) -> None:
        """Ends the screen."""
        raise NotImplementedError

    def _tab(self) -> str:
        """The inspector's tab."""
        raise NotImplementedError

    def list_sessions(self) -> None:
        """Shows the list over the session that is open; that one goes on."""
        if self._openings is not None:
            from playbooks_tui.screens.sessions import Sessions

            self.push_screen(Sessions(self._openings.config, now=self._now, over=True))

    def on_sessions_wanted(self, event: Sessions.Wanted) -> None:
        openings = self._openings
        if self.bridge is not None and self.bridge.session.id == event.id:
            self.pop_screen()
            if event.run:
                self.call_later(self._debugging.run_action, "run")
            return
        if openings is not None:
            self.open_session(lambda: openings.session(event.id), begin=event.run)

    def on_sessions_leave(self) -> None:
        if self.bridge is None:
            self.leave()
        else:
            self.pop_screen()

    def on_looking_acts_take_over(self) -> None:
        if self.bridge is not None:
            self._take_over(self.bridge.session.id, begin=True)

    def _take_over(self, id: str, *, begin: bool) -> None:
        """Opens here what another process held; says so when that one has it still."""
        openings = self._openings
        if openings is None:
            return

        def taken() -> Bridge:
            bridge = openings.session(id)
            if bridge.session.read_only:
                bridge.leave()
                raise ReadOnly(id, bridge.session.why_read_only)
            return bridge

        words = "" if begin else f"the other process has left {id}: it is open here now"
        self.open_session(taken, begin=begin, words=words)

    def on_forking_acts_go_on(self) -> None:
        openings, bridge = self._openings, self.bridge
        if openings is not None and bridge is not None:
            id = bridge.session.id
            self.open_session(lambda: openings.session(id), begin=True, close_first=True)

    def on_forking_acts_afresh(self) -> None:
        openings, bridge = self._openings, self.bridge
        if openings is not None and bridge is not None:
            programs = openings.programs or bridge.session.program.roots
            self.open_session(lambda: openings.afresh(programs), begin=True)

    def open_session(
        self, make: Callable[[], Bridge], *, begin: bool, close_first: bool = False, words: str = ""
    ) -> None:
        """Opens a session on a thread, and takes the place of the one that is shown; that one is kept and closed.

        Args:
            make: Opens it.
            begin: Run it at once.
            close_first: It is the one that is shown: two can't hold it.
            words: What is told once it is shown; empty: nothing.
        """
        if self._opens:  # Esc gave the keys back: opened a second time it would be followed as another's
            self.notify("a session is being opened", timeout=3)
            return
        self._opens, before = True, self.bridge

        def close() -> None:
            if before is not None:
                self._given_up = before  # what it told before may be drawn only when it is closed
                before.listen(lambda: None)  # its screen goes
                before.leave()
                with contextlib.suppress(TimeoutError):
                    before.over.exception(LONGEST_LEAVE_S)

        def on_thread() -> None:
            try:
                if close_first:
                    close()
                bridge = make()
            except UserError as error:
                self.call_from_thread(self._not_opened, str(error))
                return
            except BaseException:
                self.call_from_thread(self.free_keys, _OPENING, drop=True)
                raise
            if self._leaves:
                bridge.leave()
                return
            if not close_first:
                close()
            self.call_from_thread(lambda: self.call_later(self._turn_to, bridge, begin, words))

        self.hold_keys(_OPENING)
        self.run_worker(on_thread, thread=True, exclusive=True, group="opening")

    def _not_opened(self, why: str) -> None:
        self._opens = False
        self.free_keys(_OPENING, drop=True)
        self.notify(why, severity="error", timeout=8, markup=False)

    async def _turn_to(self, bridge: Bridge, begin: bool, words: str) -> None:
        if self._leaves:
            bridge.leave()
            return
        tab = self._tab()
        before, self.bridge = self.bridge, bridge
        begin = begin or bridge.session.read_only
        self._debugging = Debugging(bridge, now=self._now, begin=begin)
        self._debugging.first_tab = tab
        beneath = 1 if isinstance(self.screen_stack[0], Debugging) else 2
        while len(self.screen_stack) > beneath:  # dialogs of the screen that goes
            await self.pop_screen()
        if beneath == 1:  # Textual gives one to all screens but the first, and takes it back from each
            self.screen._push_result_callback(self.screen, None)
        await self.switch_screen(self._debugging)
        if before is not None:
            before.forget()  # a search would go on to the record's end
        self._opens = False
        self.free_keys(_OPENING)
        if words:
            self.notify(words, timeout=6, markup=False)
        forget_what_went()
