"""The debugger as an application: its screens, themes and commands, leaving and signals."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual.actions import ActionParseResult
from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget

from playbooks.config import FILE_NAME
from playbooks.config_layers import PREFIX
from playbooks.runtime.notices import Output
from playbooks.session.following import UNDER_WAY, ReadOnly
from playbooks_tui import kept
from playbooks_tui.bridge import Bridge
from playbooks_tui.ending import ending
from playbooks_tui.inks import DARK, LIGHT
from playbooks_tui.keys import ACTING, BINDINGS, key_name
from playbooks_tui.opening import Openings
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.situation import engine_mode
from playbooks_tui.spans import cut
from playbooks_tui.starting import end_of_start, load_the_rest
from playbooks_tui.suspending import suspend
from playbooks_tui.turning import LONGEST_LEAVE_S, Turning
from playbooks_tui.widgets.foot import Foot

_THEME: Final = "textual-dark"
"""The configuration's own: the one that was chosen last takes its place."""
_TOLD_S: Final = 4.0
"""How long something is told in passing."""
_MOST_TOLD: Final = 100
_AGAIN_S: Final = 2.0
"""Within this time a second Ctrl+C leaves, and so long it is said."""
_AGAIN: Final = "Ctrl+C again leaves"
_COPIED: Final = 40
"""Cells of what was copied that are told."""
_CTRL_C: Final = frozenset({"copy", "copy_text", "stop"})
"""Its actions, a field's own first, the last when there is nothing to copy: it looks whether that is said."""
_IDS: Final = frozenset({"stop", "suspend", *(binding.id for binding in BINDINGS if binding.id)})
"""What the keymap can change; the ids of a dialog's keys have a dot in them."""


class Debugger(Turning):
    """The terminal debugger.

    Args:
        bridge: An open session; None: the list of sessions is shown first.
        begin: Run it at once; else it is shown, and waits.
        held: Begin paused.
        theme: One of Textual's.
        keymap: Binding id → keys.
        now: Seconds since 1970.
        openings: How other sessions are opened; None: they can't be.
        state: The file that remembers theme and layout; None: nothing is remembered.
    """

    ENABLE_COMMAND_PALETTE = True
    ALLOW_SELECT = False
    """A drag or a double click over panes would select nothing that can be copied, and Ctrl+C would be for that then.
    """
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = [
        Binding(
            "ctrl+c",
            "stop",
            "stop",
            show=False,
            system=True,
            id="stop",
            tooltip="Copy the selection; else pause what runs; twice: leave",
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "suspend",
            show=False,
            system=True,
            id="suspend",
            tooltip="Back to the shell, everything stops; its command fg goes on",
        ),
    ]
    CSS = """
    Toast { background: $panel; padding: 0 2; border-left: none; margin: 0 0 2 0; }
    ToastRack { align: right bottom; }
    CommandPalette > Vertical, CommandPalette > Vertical:dark { background: $surface; width: 80; max-width: 100%; }
    CommandPalette #--input { border: round $foreground; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette CommandInput { padding: 0 1; }
    CommandPalette CommandList { background: $surface; border: none; }
    CommandPalette CommandList { scrollbar-size-vertical: 1; scrollbar-color: $hair; scrollbar-background: $surface; }
    CommandPalette CommandList { scrollbar-color-hover: $quiet; scrollbar-background-hover: $surface; }
    CommandPalette CommandList { scrollbar-color-active: $quiet; scrollbar-background-active: $surface; }
    CommandPalette CommandList > .option-list--option-highlighted { background: $panel; color: $foreground; }
    """

    def __init__(
        self,
        bridge: Bridge | None,
        *,
        begin: bool = True,
        held: bool = False,
        theme: str = _THEME,
        keymap: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.time,
        openings: Openings | None = None,
        state: Path | None = None,
    ) -> None:
        super().__init__()
        self.bridge = bridge
        self.crash: BaseException | None = None
        self.told: deque[str] = deque(maxlen=_MOST_TOLD)
        """What was told in passing, the newest last."""
        self._openings = openings
        self._state, self._kept = state, kept.load(state) if state is not None else kept.Kept()
        if bridge is not None:
            self._debugging = Debugging(bridge, now=now, begin=begin, held=held)
            self._debugging.first_tab = self._kept.tab
        self._now, self._stopped_at = now, -_AGAIN_S
        chosen = self._kept.theme if theme == _THEME and self._kept.theme else theme
        self._unknown_theme = "" if theme in self.available_themes else theme
        if chosen in self.available_themes:
            self.theme = chosen
        if keymap:
            self.set_keymap(dict(keymap))

    def copy_to_clipboard(self, text: str) -> None:
        """Copies a text; half a surrogate pair, which a program may say and no terminal takes, becomes a `?`."""
        super().copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        dark = not getattr(self, "theme", "") or self.current_theme.dark
        return DARK if dark else LIGHT

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Keys, palette and clicks all come through here: what only the process that runs a session can do says so."""
        name = action.rpartition(".")[2] if isinstance(action, str) else action[1]
        if name not in _CTRL_C:
            self._stopped_at = -_AGAIN_S  # it is said no longer
            for foot in self.screen.query(Foot):
                foot.was_read()
        if self.bridge is not None and self._debugging.record.followed and name.partition("(")[0] in ACTING:
            if self._debugging.record.status in UNDER_WAY:
                self._debugging.say(str(ReadOnly(self._debugging.record.session, self.bridge.session.why_read_only)))
            else:
                self._take_over(self.bridge.session.id, begin=False)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def get_default_screen(self) -> Screen[Any]:
        """The session itself, where there is one: over an empty screen two first frames would be drawn."""
        return self._debugging if self.bridge is not None else super().get_default_screen()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Told in the footer of screens that have one, where it covers nothing; over a dialog as Textual does."""
        self.told.append(message)
        feet = tuple(self.screen.query(Foot)) if self.screen_stack else ()
        if not feet:
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)
        words = " · ".join(line.strip() for line in message.splitlines())
        for foot in feet:
            foot.tell(f"{title}: {words}" if title else words, severity, timeout or _TOLD_S)

    def on_mount(self) -> None:
        self._listen_for_signals()
        self.call_after_refresh(self._painted)
        if self.bridge is None and self._openings is not None:
            from playbooks_tui.screens.sessions import Sessions

            self.push_screen(Sessions(self._openings.config, now=self._now))
        if self._unknown_theme:
            near = difflib.get_close_matches(self._unknown_theme, self.available_themes, 1, 0.4)
            there = f"{near[0]} may be meant" if near else f"there are {', '.join(sorted(self.available_themes))}"
            self._warn(f"{self._said_as('theme')}: nothing is called {self._unknown_theme}; {there}")
        if unknown := sorted(id for id in self._keymap if "." not in id and id not in _IDS):
            words = f"{self._said_as('keymap', unknown[0])}: nothing is called {', '.join(unknown)}"
            if near := difflib.get_close_matches(unknown[0], _IDS, 1, 0.4):
                words += f"; {near[0]} may be meant"
            self._warn(words)

    def _said_as(self, key: str, entry: str = "") -> str:
        """How a setting was said: `theme in playbooks.toml`, `PLAYBOOKS_DEBUGGER__THEME`."""
        source = self._openings.config.source(f"debugger.{key}", entry) if self._openings is not None else ""
        return source if source.startswith(PREFIX) else f"{key} in {source or FILE_NAME}"

    def _warn(self, words: str) -> None:
        """Says what is wrong with a setting; it stays in Output."""
        if self.bridge is not None:
            self.bridge.tell(Output("", words, "warning"))
        self.call_after_refresh(self.notify, words, severity="warning", timeout=10, markup=False)

    def _painted(self) -> None:
        """The first frame is there: what a key opens is loaded behind it, so that the first key is quick too."""
        end_of_start()
        if not self.is_headless:
            threading.Thread(target=load_the_rest, name="loading", daemon=True).start()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if self.bridge is not None and screen is self._debugging:
            for id, (binding, keys) in self._debugging.keys.items():
                if id != "palette":
                    words, key = binding.description.capitalize(), key_name(keys[0])
                    yield SystemCommand(words, f"{key}  {binding.tooltip}", partial(self._act, binding.action))
            for name, (words, tooltip) in self._debugging.rarer.items():
                yield SystemCommand(words, tooltip, partial(self._act, name))
            if self._openings is not None:
                words = "All sessions of this folder: open, resume, label, prune, delete"
                yield SystemCommand("Sessions", words, self.list_sessions)
        else:
            acts: dict[str, tuple[Widget, Binding]] = {}
            for there in (screen.focused or screen, screen):  # a list in a dialog has acts of its own
                for _, binding in there._bindings:
                    if binding.id and binding.description and binding.action not in ("palette", "dismiss"):
                        acts.setdefault(binding.action, (there, binding))
            for node, binding in acts.values():
                words = binding.description.capitalize()
                yield SystemCommand(words, binding.tooltip, partial(self._act_on, node, binding.action))
        yield SystemCommand(
            "Suspend", "Ctrl+Z  Back to the shell, everything stops; fg goes on", self.action_suspend_process
        )
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)

    def _act(self, action: str) -> None:
        self.call_later(self._debugging.run_action, action)

    def _act_on(self, node: Widget, action: str) -> None:
        self.call_later(node.run_action, action)

    def on_unmount(self) -> None:
        if self._state is not None:
            kept.save(self._state, kept.Kept(self.theme, self._tab()))

    def _tab(self) -> str:
        """The inspector's tab."""
        return self._debugging.first_tab if self.bridge is not None else self._kept.tab

    # -- leaving ---------------------------------------------------------------------------------------------

    @property
    def ending(self) -> str:
        """How the session that is shown ended, in the program's own words; empty: it did not, or none is."""
        return ending(self._debugging.record) if self.bridge is not None else ""

    def _listen_for_signals(self) -> None:
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Textual leaves the app's own keys out while a dialog is open: Ctrl+C would neither pause nor leave there."""
        if await super()._check_bindings(key, priority):
            if key == "ctrl+c" and not priority and (selected := getattr(self.focused, "selected_text", "")):
                self.notify(f"copied: {cut(' '.join(selected.split()), _COPIED)}", timeout=3, markup=False)
            return True
        if priority or not self.screen.is_modal:
            return False
        own = next((bindings for node, bindings in self.screen._binding_chain if node is self), self._bindings)
        for binding in own.key_to_bindings.get(key, ()):
            if await self.run_action(binding.action, self):
                return True
        return False

    def action_stop(self) -> None:
        """Ctrl+C: pauses what runs; else says that again leaves."""
        said = any(foot.told.endswith(_AGAIN) for foot in self.screen.query(Foot))
        again = said or self._now() - self._stopped_at < _AGAIN_S
        if self.bridge is not None:
            screen = self._debugging
            runs = engine_mode(screen.record, screen.standing) == "running" and not screen.record.followed
            if runs and not screen.standing.held:
                screen.action_pause()
                self._say_again(f"Space goes on, {_AGAIN}")
                return
        if again:
            self.leave()
        else:
            self._say_again(_AGAIN)

    def _say_again(self, words: str) -> None:
        self._stopped_at = self._now()
        self.notify(words, timeout=_AGAIN_S, markup=False)

    def action_suspend_process(self) -> None:
        """Ctrl+Z: Textual's own would stop this process alone, and also where nobody could go on with it."""
        if why := suspend(self.suspend):
            self.notify(why, severity="warning")

    async def action_quit(self) -> None:
        """Textual's own way out, which would leave the engine behind."""
        self.leave()

    def leave(self) -> None:
        """Seals the run, keeping everything, and ends the screen when that is done."""
        if self._leaves:
            return
        self._leaves = True
        if self.bridge is None:
            self.exit(0)
            return
        self._debugging.stand(leaving=True)
        self.bridge.leave()
        self.bridge.over.add_done_callback(self._over)  # where another was to take its place its screen hears no more
        self.set_timer(LONGEST_LEAVE_S, self.exit)

    def _over(self, _over: Future[None]) -> None:
        """Called on the engine's thread."""
        with contextlib.suppress(RuntimeError):  # the screen is gone
            self.post_message(Debugging.Closed())

    def on_debugging_leave(self) -> None:
        self.leave()

    def on_debugging_closed(self) -> None:
        """The engine's thread is done: so is the screen."""
        if self.bridge is None or not self.bridge.over.done():
            return  # that of a session that was left for another
        if self.bridge is self._given_up and not self._leaves:
            return
        error = self.bridge.over.exception()
        if error is not None:
            self.crash = error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of ours is told by the command line, in one line: Textual's own traceback would print locals."""
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
