"""Keys in the order they were pressed: each goes to what the one before it opened.

Textual hands a key to what has the focus when it comes. Of keys that come in the same instant (a fast hand, a slow
machine, a paste) those after one that opens a field or a dialog would reach what had the focus before, and act there as
commands. Here a key waits until the one before it is done with: its action has run, and what that opened has the focus.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.widgets import Input

from playbooks_tui.keys import OPENING

_AT_ONCE: Final = frozenset({"ctrl+c"})
"""Keys that never wait: they end what others wait for."""
_MOVES: Final = frozenset({"up", "down", "j", "k", "pageup", "pagedown", "home", "end"})
_STEADY: Final = frozenset({"timeline", "inspector", "sides", "sessions"})
"""Panes in which these keys only move: a held arrow key is not to wait for itself."""
_ROUNDS: Final = 3
"""How often what has the focus, and all that it stands in, have had their turn with nothing changed until a key is done
with: an action may tell its screen to act, which may give the focus away."""
_MOST_ROUNDS: Final = 30
_PATIENCE_S: Final = 3.0
"""A key whose widget went away under it is given up after this time."""


class TypeAhead(App[int]):
    """An app in which no key overtakes what the one before it opens."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._holds: set[str] = set()
        self._passing: object | None = None
        """The key that is not done with, or what was held for and opens."""
        self._patience: Timer | None = None

    def hold_keys(self, why: str) -> None:
        """Lets no key through until `free_keys`: something opens that is not there yet. Esc and Ctrl+C end every hold.

        Args:
            why: A name for what opens.
        """
        self._holds.add(why)

    def free_keys(self, why: str, *, drop: bool = False) -> None:
        """What opened has the focus, or failed to open.

        Args:
            why: The name that was given to `hold_keys`.
            drop: It failed: keys that were meant for it are forgotten.
        """
        if why not in self._holds:
            return
        self._holds.discard(why)
        if drop:
            self._waiting.clear()
        target = self._target
        if self._passing is None and target is not None:
            self._passing = why
            self._round(why, self._where, _ROUNDS, _MOST_ROUNDS, target)

    async def on_event(self, event: events.Event) -> None:
        """Takes keys and pastes in turn; all else at once."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if isinstance(event, events.Key) and (event.key in _AT_ONCE or (event.key == "escape" and self._holds)):
            self._waiting.clear()
            self._holds.clear()
            await super().on_event(event)
            return
        self._waiting.append(event)
        if self._passing is not None and self._patience is None:
            self._patience = self.set_timer(_PATIENCE_S, self._give_up)
        await self._next_keys()

    async def _next_keys(self) -> None:
        while self._waiting and self._passing is None and not self._holds:
            event, where, target = self._waiting.popleft(), self._where, self._target
            if isinstance(event, events.Paste) and isinstance(target, Input):
                event.text = " ".join(filter(None, map(str.strip, event.text.splitlines())))  # it would keep the first
            await super().on_event(event)
            # Behind text in a field, and behind a move, the next goes to the same widget.
            if target is not None and not (_is_text(target, event) or self._only_moves(target, event)):
                self._passing = event
                self._round(event, where, _ROUNDS, _MOST_ROUNDS, target)

    def _only_moves(self, target: DOMNode, event: events.Key | events.Paste) -> bool:
        if self._keymap or not isinstance(event, events.Key):  # the person's own keys may do anything
            return False
        return event.key in _MOVES and target.id in _STEADY

    @property
    def _target(self) -> DOMNode | None:
        """What a key goes to."""
        try:
            return self.focused or self.screen
        except ScreenStackError:
            return None

    @property
    def _where(self) -> tuple[object, object]:
        """What decides whom a key reaches, and what it does there."""
        try:
            return self.screen, self.focused
        except ScreenStackError:
            return None, None

    def _round(
        self,
        event: object,
        began: tuple[object, object],
        left: int,
        most: int,
        target: DOMNode,
    ) -> None:
        """Waits until a widget, and all that it stands in, have done what they were told before; as often as it takes.

        Args:
            event: What is passing.
            began: Where it began.
            left: Rounds without a change to go.
            most: Rounds at all.
            target: The widget.
        """
        where = self._where

        async def done() -> None:
            if event is not self._passing:
                return  # given up
            same, target = self._where == where, self._target
            if target is None or not most or (same and left <= 1):
                await self._passed(event, began)
            else:
                self._round(event, began, left - 1 if same else _ROUNDS, most - 1, target)

        _climb(list(target.ancestors_with_self), done)

    async def _passed(self, event: object, began: tuple[object, object]) -> None:
        self._end_pass()
        if self._waiting and self._where == began and isinstance(event, events.Key):
            active = self.active_bindings.get(event.key)
            if active is not None and active.binding.id in OPENING:
                # It could not open, and has said why: what was meant for it is no command.
                self._waiting = deque(one for one in self._waiting if isinstance(one, events.Key) and not one.character)
        await self._next_keys()

    async def _give_up(self) -> None:
        self._end_pass()
        await self._next_keys()

    def _end_pass(self) -> None:
        self._passing = None
        if self._patience is not None:
            self._patience.stop()
            self._patience = None


def _is_text(target: DOMNode, event: events.Key | events.Paste) -> bool:
    """Whether a field only takes it as text, so that nothing else changes by it."""
    if isinstance(event, events.Paste):
        return target.check_consume_key("a", "a")
    return event.is_printable and target.check_consume_key(event.key, event.character)


def _climb(nodes: Sequence[MessagePump], then: Callable[[], Awaitable[None]]) -> None:
    """Calls `then` when each has done what was in its queue, from the first to the last; those that went are left."""
    for place, node in enumerate(nodes):
        rest = nodes[place + 1 :]
        if node.call_later(partial(_climb, rest, then) if rest else then):
            return
