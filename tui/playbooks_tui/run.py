"""The debugger on the terminal, from opening a session to the last words: what `playbooks debug` calls.

Apart from the application because here the terminal is taken and given back.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from playbooks.cli.arguments import typed_name
from playbooks.config import Config
from playbooks.console.resumed import gone_line
from playbooks.errors import ExitStatus
from playbooks.runtime.notices import Output
from playbooks.session import DebugSession, FollowedSession
from playbooks_tui import kept
from playbooks_tui.app import Debugger
from playbooks_tui.fair_share import fair_share
from playbooks_tui.opening import Openings
from playbooks_tui.spans import cut, plain
from playbooks_tui.terminal import terminal_of_our_own

_LONGEST: Final = 100
"""Cells of a program's own words on the terminal."""


def run_debugger(
    programs: Sequence[str],
    *,
    config: Config,
    resume: str | bool | None = None,
    breakpoints: Sequence[str] = (),
    set: Mapping[str, Any] | None = None,
    message: str | None = None,
    model: str | None = None,
    trust: bool = False,
    pause: bool = False,
) -> int:
    """Opens the debugger on the terminal and stays until it is left.

    Without `resume`, the newest unfinished session of the program is shown and waits; when there is none, a new one
    runs.

    Args:
        programs: Files of the program; none with an id in `resume`, or for the list of sessions.
        config: Settings, as `debug` wants them.
        resume: As `DebugSession.open`.
        breakpoints: Where to stop, in their text form; kept with the session.
        set: Variables before the first statement.
        message: What the person says first.
        model: As `--model`.
        trust: Go on also from checkpoints that this user's engine did not write.
        pause: Stop before the first await.

    Returns:
        The exit status.

    Raises:
        UserError: The session can't be opened, told before the screen takes the terminal.
    """
    openings = Openings(config, tuple(programs), model, trust, tuple(breakpoints), dict(set or {}), message)
    bridge = openings.first(resume, pause=pause) if programs or isinstance(resume, str) else None
    shown = bridge is not None and resume is None and bridge.session.resumed is not None
    debugger = Debugger(
        bridge,
        begin=not shown or (bridge is not None and bridge.session.read_only),
        held=pause,
        theme=config.debugger.theme,
        keymap=dict(config.debugger.keymap),
        openings=openings,
        state=kept.state_file(),
    )

    def told(line: str) -> None:
        if debugger.bridge is not None:
            debugger.bridge.tell(Output("", line))

    with terminal_of_our_own(told), fair_share():
        try:
            debugger.run()
        finally:
            if debugger.bridge is not None:
                debugger.bridge.leave()
                debugger.bridge.forget()
    if debugger.crash is not None:
        raise debugger.crash
    if debugger.bridge is None:
        return int(ExitStatus.FINISHED)
    named = programs if debugger.bridge is bridge else ()  # another may be of other programs
    again = [typed_name(), "debug", *named]
    with contextlib.suppress(OSError):  # the window is closed: nobody reads it
        for line in parting(debugger.bridge.session, again, debugger.ending):
            print(line, file=sys.stderr)
    return int(debugger.bridge.session.exit_status)


def parting(session: DebugSession | FollowedSession, again: Sequence[str], ending: str = "") -> list[str]:
    """The last words: how it ended, or why it did not, and how to go on with it or look at it again.

    Args:
        session: After its run.
        again: The command that would resume it, without `--resume`.
        ending: How it ended, in the program's own words.
    """
    status = session.exit_status
    if session.read_only or (status == ExitStatus.FINISHED and not session.timeline):
        return []
    lines = [session.error] if session.error else []
    if status == ExitStatus.FINISHED:
        lines.append(f"Finished: {cut(plain(ending), _LONGEST)}" if ending else "Finished.")
    if status == ExitStatus.INTERRUPTED and session.timeline:
        lines.append(f"Interrupted at {session.timeline[-1].id}.")
    if session.taken_away:
        lines.append(gone_line(session.id, session.config.durability.storage_path))
    elif session.id and session.timeline:  # without a checkpoint nothing is kept
        # A resume leaves both as they are.
        is_over = status == ExitStatus.FINISHED or (status == ExitStatus.FAILED and bool(session.failed))
        lines.append(f"{'Look back' if is_over else 'Resume'} with: {shlex.join([*again, '--resume', session.id])}")
    return lines
