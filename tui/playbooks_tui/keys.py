"""Which key does what, and which of them the footer shows in which state.

Apart so that help, palette and footer read the same list. Every binding has an id, which `[debugger] keymap` changes,
an action of its own and a tooltip. A key that can't act now says why when it is pressed; so none of them is ever
disabled.
"""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

from playbooks_tui.situation import Mode


def _key(id: str, keys: str, words: str, tooltip: str) -> Binding:
    return Binding(keys, id, words, show=False, tooltip=tooltip, id=id)


BINDINGS: Final = (
    _key("run_or_pause", "space", "run or pause", "Run, or pause: every agent stops at its next await"),
    _key("run", "c,f5", "run", "Run until something stops it"),
    _key("step", "n,f10", "step", "To the next checkpoint; while looking back, one forward in the record"),
    _key("back", "N", "back", "One back in the record; nothing runs"),
    _key("look", "enter", "look", "Show the selected moment in every pane; on an interrupted session: resume it"),
    _key("now", "escape", "now", "Leave what is open: the field, then the look back"),
    _key("up", "up,k", "row up", "The row before"),
    _key("down", "down,j", "row down", "The row after"),
    _key("first", "g,home", "first", "The first row"),
    _key("newest", "G,end", "newest", "The newest row, and follow"),
    _key("page_up", "pageup,ctrl+u", "page up", "A page up in the timeline"),
    _key("page_down", "pagedown,ctrl+d", "page down", "A page down in the timeline"),
    _key("own_before", "left_square_bracket", "same agent, before", "The row before of the same agent"),
    _key("own_after", "right_square_bracket", "same agent, after", "The row after of the same agent"),
    _key("agent_before", "left,h", "agent before", "The agent before: its pane, and the inspector on it"),
    _key("agent_after", "right,l", "agent after", "The next agent: its pane, and the inspector on it"),
    _key("state", "1", "state", "The inspector: stack, variables, code"),
    _key("output", "6", "output", "What the program printed, warned and logged"),
    _key("next_pane", "tab", "next pane", "Move the keys to the next pane"),
    _key("pane_before", "shift+tab", "pane before", "Move the keys to the pane before"),
    _key("type", "i", "type", "Type as you; Esc leaves the line"),
    _key("palette", "colon,ctrl+p", "commands", "Every command by name"),
    _key("help", "question_mark", "help", "What every key does"),
    _key("leave", "q,ctrl+q", "leave", "Leave; what was done is kept and can be resumed"),
)

_ALWAYS: Final = (("palette", "commands"), ("help", "help"), ("leave", "leave"))
FOOTER: Final[dict[Mode, tuple[tuple[str, str], ...]]] = {
    "opening": _ALWAYS,
    "running": (
        ("run_or_pause", "pause"),
        ("step", "step"),
        ("up", "choose"),
        ("look", "look"),
        ("type", "type"),
        *_ALWAYS,
    ),
    "pausing": (("run_or_pause", "run"), ("step", "step"), ("up", "look back"), ("type", "type"), *_ALWAYS),
    "paused": (("run_or_pause", "run"), ("step", "step"), ("up", "look back"), ("type", "type"), *_ALWAYS),
    "back": (
        ("now", "now"),
        ("step", "forward"),
        ("back", "back"),
        ("own_before", "same agent"),
        ("agent_after", "agent"),
        *_ALWAYS,
    ),
    "waiting": (("type", "answer"), ("run_or_pause", "pause"), ("up", "look back"), *_ALWAYS),
    "interrupted": (("look", "resume"), ("step", "resume, paused"), ("up", "look back"), *_ALWAYS),
    "finished": (("up", "look back"), ("agent_after", "agent"), ("output", "output"), *_ALWAYS),
    "failed": (("up", "look back"), ("agent_after", "agent"), ("output", "output"), *_ALWAYS),
    "leaving": (),
}
"""Binding id and word, in the order of the footer. The last ones are always there."""
KEPT: Final = 3
"""How many of a footer's last items stay when it gets narrow."""
NAMES: Final = {
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "colon": ":",
    "question_mark": "?",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}
"""Keys whose names are not what stands on them."""


def key_name(key: str) -> str:
    """A key as people read it: `Space`, `Ctrl+Q`, `F10`, `N`."""
    if key in NAMES:
        return NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:].upper()}"
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key
