"""`playbooks doctor`: the guide's troubleshooting list as one command."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

import click

from playbooks.errors import ExitStatus

if TYPE_CHECKING:
    from playbooks.session.diagnosis import Finding

SIGNS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red")}
LEAST = (80, 24)
"""Columns and lines that the debugger needs."""


@click.command(help="Find out why something does not work here: settings, checkpoints, model, terminal.")
@click.option("--fix", is_flag=True, help="Enable durability in playbooks.toml; its comments stay.")
def command(fix: bool) -> int:
    """Looks, and with `fix` writes `playbooks.toml`; nothing else is ever written.

    Returns:
        1 when something is wrong, else 0.
    """
    from playbooks.config import FILE_NAME, Config
    from playbooks.console.drawing import Word, columns, print_rows
    from playbooks.session.config_file import set_value
    from playbooks.session.diagnosis import Finding, diagnose

    here = Path()
    fixed: list[Finding] = []
    if fix:
        Config.load(here, {})  # a file with mistakes is theirs to mend: it raises
        if set_value(here / FILE_NAME, "durability", "enabled", True):
            fixed.append(Finding("fixed", "ok", f"wrote [durability] enabled = true to {FILE_NAME}"))
        else:
            fixed.append(Finding("fixed", "ok", f"nothing to write: {FILE_NAME} has [durability] enabled = true"))
    findings = [*fixed, _version(), *diagnose(here, os.environ), *_terminal()]
    rows = []
    for found in findings:
        sign, style = SIGNS[found.state]
        what = found.what + (f"; {found.fix}" if found.fix else "")
        rows.append([Word(sign, style), Word(found.subject, "bold"), Word(what)])
    print_rows(columns(rows, gap=1), whole=True)
    return ExitStatus.FAILED if any(found.state == "wrong" for found in findings) else ExitStatus.FINISHED


def _version() -> Finding:
    from playbooks.session.diagnosis import Finding

    version = metadata.version("playbooks-debugger")
    return Finding("version", "ok", f"playbooks {version}, Python {platform.python_version()}, {platform.system()}")


def _terminal() -> Iterator[Finding]:
    from playbooks.session.diagnosis import Finding

    if util.find_spec("textual") is None:
        yield Finding("terminal", "wrong", "textual is not installed: `debug` can't draw", "install playbooks-debugger")
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        yield Finding("terminal", "note", "none here: `run` prints plain lines, `debug` needs one")
        return
    size = shutil.get_terminal_size()
    name = os.environ.get("TERM", "")
    if name == "dumb":
        yield Finding("terminal", "wrong", "TERM=dumb: `debug` can't draw", "set TERM to what your terminal is")
    elif "utf" not in (sys.stdout.encoding or "").lower():
        fix = "set LANG to a UTF-8 locale"
        yield Finding("terminal", "wrong", f"its encoding is {sys.stdout.encoding}: signs would be lost", fix)
    elif size.columns < LEAST[0] or size.lines < LEAST[1]:
        what = f"{size.columns}×{size.lines}: `debug` needs {LEAST[0]}×{LEAST[1]}"
        yield Finding("terminal", "note", what, "make the window larger")
    else:
        colour = ", NO_COLOR is set" if os.environ.get("NO_COLOR") else ""
        yield Finding("terminal", "ok", f"{name or 'unnamed'}, {size.columns}×{size.lines}, UTF-8{colour}")
