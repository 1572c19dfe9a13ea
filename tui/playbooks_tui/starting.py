"""What a start leaves for later, so that the first frame comes soon: dialogs, and looking for garbage.

Apart because what a module loads late is otherwise known by nobody: here is all of it, and a test holds it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
from typing import Final

from playbooks_tui.fair_share import handed_over_at_once

LATER: Final = (
    "playbooks_tui.screens.help",
    "playbooks_tui.screens.line",
    "playbooks_tui.screens.breakpoints",
    "playbooks_tui.screens.confirm",
    "playbooks_tui.screens.filter",
    "playbooks.session.reloading",
    "playbooks_tui.screens.fork.desk",
    "playbooks_tui.screens.fork.dialog",
    "playbooks_tui.screens.compare.screen",
    "playbooks_tui.screens.sessions",
    "playbooks.session.transcript_export",
)
"""What only a key opens, the likeliest first; each is loaded by the act that needs it."""


def load_the_rest() -> None:
    """Loads what only a key opens. On a thread: each module takes a millisecond or two.

    A key waits for the module that is being loaded, and that for each of its reads: beside a program that computes from
    its first line it would take half a second. A module that can't be loaded is told where its key is pressed.
    """
    with handed_over_at_once(), contextlib.suppress(Exception):
        for name in LATER:
            importlib.import_module(name)


def end_of_start() -> None:
    """What the start has made is never garbage; from here on there is some, and it is looked for.

    A start with garbage collection is slower by a tenth: it makes 300 modules, and every look finds them in use.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def forget_what_went() -> None:
    """Takes the memory back of a session that another took the place of: it was kept out of every look for garbage."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
