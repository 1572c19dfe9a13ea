"""`playbooks debug`: opens the terminal debugger, the one place where the engine's package loads the screen's."""

from __future__ import annotations

import gc
import os
import shlex
import sys

import click

from playbooks.cli.arguments import RunCommand, assignments, overrides, shared_options, typed_name
from playbooks.errors import UserError


@click.command(cls=RunCommand, help="Open a program, or the list of sessions, in the debugger.")
@click.argument("programs", metavar="[PROGRAM...]", nargs=-1)
@click.option(
    "--break",
    "breakpoints",
    metavar="WHERE",
    multiple=True,
    help="Stop at a step (Main:02), an agent, a word (say /deal/), a condition ($price < 80) …; can be repeated.",
)
@shared_options
@click.option("--pause", is_flag=True, help="Stop before the first await.")
def command(
    programs: tuple[str, ...],
    breakpoints: tuple[str, ...],
    resume: str | bool | None,
    model: str | None,
    settings: tuple[str, ...],
    message: str | None,
    trust: bool,
    verbose: bool,
    pause: bool,
) -> int:
    """Opens the debugger and stays until it is left.

    Returns:
        The exit status.

    Raises:
        UserError: There is no terminal to draw on.
    """
    if sys.stdin is None or sys.stdout is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("debug needs a terminal", f"without one: {_headless(programs, resume)}")
    if os.environ.get("TERM") == "dumb":
        raise UserError(
            "debug needs a terminal that can move its cursor, and TERM is dumb",
            f"without one: {_headless(programs, resume)}",
        )
    gc.disable()  # until the first frame: the screen goes on with it then
    try:
        from playbooks.config import Config
        from playbooks_tui.run import run_debugger

        return run_debugger(
            programs,
            config=Config.load(overrides=overrides(model)).for_debug(),
            resume=resume,
            breakpoints=breakpoints,
            set=assignments(settings),
            message=message,
            model=model,
            trust=trust,
            pause=pause,
        )
    finally:
        gc.enable()


def _headless(programs: tuple[str, ...], resume: str | bool | None) -> str:
    """The command that does without a terminal what was wanted here."""
    if isinstance(resume, str) and not programs:
        return shlex.join([typed_name(), "show" if "_ckpt_" in resume else "timeline", resume])
    if not programs:
        return shlex.join([typed_name(), "sessions"])
    again = ["--resume"] if resume is True else ["--resume", resume] if resume else []
    return shlex.join([typed_name(), "run", *programs, "--snoop", "true", *again])
