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


RUNNING: Final = (
    _key("run_or_pause", "space", "run or pause", "Run, or pause: every agent stops at its next await"),
    _key("run", "c,f5", "run", "Run until something stops it"),
    _key(
        "step_over",
        "n,f10",
        "step over",
        "To the agent's next statement; while looking back, forward in the record: nothing runs",
    ),
    _key(
        "step_into",
        "s,f11",
        "step into",
        "To the next statement, also in a playbook that is called; while looking back, forward in the record",
    ),
    _key(
        "step_out",
        "o,shift+f11",
        "step out",
        "Until the playbook returns; while looking back, forward in the record",
    ),
    _key(
        "step_any",
        "a",
        "step any agent",
        "To the next checkpoint of any agent; while looking back, one row forward",
    ),
    _key("run_to", "t", "run to here", "Run until the selected step is reached"),
)
MOVING: Final = (
    _key("back", "N", "back", "One back in the record; nothing runs"),
    _key("back_to_break", "C", "back to break", "Back to where a breakpoint was hit last; nothing runs"),
    _key("up", "up,k", "row up", "The row before"),
    _key("down", "down,j", "row down", "The row after"),
    _key("agent_before", "left,h", "agent before", "The agent before: its pane, and the inspector on it"),
    _key("agent_after", "right,l", "agent after", "The next agent: its pane, and the inspector on it"),
    _key("first", "g,home", "first", "The first row"),
    _key("newest", "G,end", "newest", "The newest row, and follow"),
    _key("page_up", "pageup,ctrl+u", "page up", "A page up in the timeline"),
    _key("page_down", "pagedown,ctrl+d", "page down", "A page down in the timeline"),
    _key("own_before", "left_square_bracket", "same agent, before", "The row before of the same agent"),
    _key("own_after", "right_square_bracket", "same agent, after", "The row after of the same agent"),
    _key("look", "enter", "look", "Show the selected moment in every pane; on an interrupted session: resume it"),
    _key("now", "escape", "now", "Leave what is open: the field, the dialog, the search, then the look back"),
    _key("previous", "backspace", "previous place", "Where you were before the last jump"),
)
CHANGING: Final = (
    _key("edit", "e", "change", "Change what is selected, on a new branch: a result, a variable, a message, code"),
    _key("fork", "f", "fork", "A new branch from here: says first what will happen"),
    _key("resume_here", "r", "resume here", "Go on from here; further back on a new branch, saying what stays behind"),
    _key("afresh", "R", "start afresh", "A new session of this program, from the start; asks first"),
)
FINDING: Final = (
    _key("mark", "m", "mark", "Mark this row, to compare with or to see changes since"),
    _key("compare", "d", "compare", "Compare with the mark, or with now"),
    _key("who", "w", "who changed it", "The checkpoint that changed the selected variable; again: the one before"),
    _key("watch", "plus", "watch", "Watch an expression: it is shown for every moment"),
    _key("break_here", "b", "break", "Stop when this is reached again; again takes it away"),
    _key("breakpoint", "B", "breakpoints", "All breakpoints: steps, agents, words, values, errors, calls"),
    _key("find", "slash", "find", "Find in statements, messages and variables"),
    _key("find_next", "full_stop", "find next", "The next row that was found"),
    _key("find_before", "comma", "find previous", "The previous row that was found"),
    _key("filter", "v", "filter", "Which agents and kinds the timeline shows"),
    _key("label", "L", "label", "Give this row a name"),
    _key("copy", "y", "copy", "Copy what is selected to the clipboard"),
)
SHOWING: Final = (
    _key("type", "i", "type", "Type as you; Esc leaves the line"),
    _key("zoom", "z", "zoom", "This pane alone; again: all of them"),
    _key("state", "1", "state", "Inspector: stack, variables, watches, code"),
    _key("code", "2", "code", "Inspector: the whole response"),
    _key("prompt", "3", "prompt", "Inspector: exactly what the model was sent"),
    _key("program", "4", "program", "Inspector: the program, its current step and breakpoints"),
    _key("breaks", "5", "breaks", "Inspector: the breakpoints"),
    _key("output", "6", "output", "Inspector: what the program printed, warned and logged"),
    _key("next_pane", "tab", "next pane", "Move the keys to the next pane"),
    _key("pane_before", "shift+tab", "pane before", "Move the keys to the pane before"),
    _key("palette", "colon,ctrl+p", "commands", "Every command by name, the rarer ones too"),
    _key("help", "question_mark", "help", "What every key does, and what is in front of you"),
    _key("leave", "q,ctrl+q", "leave", "Leave; what was done is kept and can be resumed"),
)
GROUPS: Final = (
    ("Run", RUNNING),
    ("Move and look back", MOVING),
    ("Change", CHANGING),
    ("Find and mark", FINDING),
    ("Show", SHOWING),
)
"""In the order of the help."""
BINDINGS: Final = tuple(binding for _, group in GROUPS for binding in group)

ACTING: Final = frozenset(
    {"run_or_pause", "pause", "run", "step_over", "step_into", "step_out", "step_any", "run_to", "edit", "fork", "type",
     "resume_here", "afresh", "break_here", "label"}
)  # fmt: skip
"""Actions that change a session or its run."""
OPENING: Final = frozenset(
    {"type", "find", "edit", "fork", "afresh", "label", "watch", "breakpoint", "filter", "compare", "palette", "help",
     "sessions.search", "sessions.label", "sessions.prune", "sessions.delete"}
)  # fmt: skip
"""Bindings that open a field or a dialog: what is typed right after them is meant for it."""
_ALWAYS: Final = (("palette", "commands"), ("help", "help"))
_STEPS: Final = (("step_over", "next"), ("step_into", "into"), ("step_out", "out"))
_HERE: Final = (("edit", "change"), ("fork", "fork"), ("mark", "mark"), ("compare", "compare"), ("who", "who"))
_STILL: Final = (*_HERE, ("find", "find"), ("zoom", "zoom"), *_ALWAYS)
FOOTER: Final[dict[Mode, tuple[tuple[str, str], ...]]] = {
    "opening": _ALWAYS,
    "running": (
        ("run_or_pause", "pause"),
        *_STEPS,
        ("look", "look"),
        *_HERE,
        ("break_here", "break"),
        ("find", "find"),
        ("zoom", "zoom"),
        *_ALWAYS,
    ),
    "pausing": (("run_or_pause", "run"), *_STEPS, ("up", "look back"), *_STILL),
    "paused": (("run_or_pause", "run"), *_STEPS, ("up", "look back"), *_STILL),
    "back": (
        ("now", "now"),
        ("step_over", "forward"),
        ("back", "back"),
        ("back_to_break", "to break"),
        ("resume_here", "resume here"),
        ("edit", "change"),
        ("fork", "fork"),
        ("own_before own_after", "same agent"),
        ("mark", "mark"),
        ("compare", "compare"),
        ("who", "who"),
        ("find", "find"),
        ("zoom", "zoom"),
        *_ALWAYS,
    ),
    "waiting": (("type", "answer"), ("run_or_pause", "pause"), ("up", "look back"), *_STILL),
    "interrupted": (
        ("look", "resume"),
        ("afresh", "start afresh"),
        ("up", "look back"),
        *_HERE,
        ("find", "find"),
        ("zoom", "zoom"),
        ("leave", "leave"),
        *_ALWAYS,
    ),
    "finished": (  # nothing can be changed after the end: the keys that change come with the look back
        ("up", "look back"),
        ("mark", "mark"),
        ("compare", "compare"),
        ("who", "who"),
        ("find", "find"),
        ("zoom", "zoom"),
        ("afresh", "start afresh"),
        ("leave", "leave"),
        *_ALWAYS,
    ),
    "failed": (
        ("resume_here", "resume"),
        ("up", "look back"),
        *_HERE,
        ("find", "find"),
        ("zoom", "zoom"),
        ("leave", "leave"),
        *_ALWAYS,
    ),
    "leaving": (),
}
"""Binding ids (two share one word) and the word, in the order of the footer. The last ones are always there."""
EMPTY: Final = (("leave", "leave"), ("afresh", "start afresh"), *_ALWAYS)
"""The footer of a run that was over before its first checkpoint: there is nothing to look at."""
OF_A_ROW: Final = frozenset({"up", "look", "edit", "fork", "mark", "compare", "who", "find"})
"""What is left out of a footer while there is no checkpoint: each needs one."""
FIELDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "words": (("look", "keep the search"), ("now", "leave it")),
    "say": (("look", "say it"), ("now", "leave the line")),
}
"""The footer while a field has the keys, by the field's id."""
FIELD_KEYS: Final = {"look": "Enter", "now": "Esc"}
KEPT: Final = 2
"""How many of a footer's last items stay when it gets narrow."""
GIVES_WAY: Final = (
    "zoom",
    "own_before",
    "break_here",
    "who",
    "compare",
    "mark",
    "step_out",
    "step_into",
    "back_to_break",
    "leave",
    "look",
)
"""What goes first from a footer that gets narrow, before its last words do."""
SHORT: Final = {"commands": "all", "resume here": "resume", "start afresh": "afresh"}
"""Words of a narrow footer."""
NAMES: Final = {
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "backspace": "Backspace",
    "colon": ":",
    "question_mark": "?",
    "slash": "/",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
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
    """A key as people read it: `Space`, `Ctrl+Q`, `F10`, `Shift+F11`, `N`."""
    if key in NAMES:
        return NAMES[key]
    for held, name in (("ctrl+", "Ctrl+"), ("shift+", "Shift+")):
        if key.startswith(held):
            return name + key_name(key[len(held) :]).upper()
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key
