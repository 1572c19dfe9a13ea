"""Turns arguments into a command's exit status, and every mistake into one line on stderr.

Apart from the commands so that none of them prints an error itself: they raise, and here it is told, the same for all.
"""

from __future__ import annotations

import difflib
import errno
import importlib
import io
import os
import re
import sys
from collections.abc import Sequence

import click

from playbooks.errors import ExitStatus, UserError

COMMANDS = {
    "run": "Run a program to its end in the terminal.",
    "debug": "Open a program, or the list of sessions, in the debugger.",
    "sessions": "List the sessions of this folder.",
    "timeline": "Show a session's tree of checkpoints.",
    "show": "Show the state at a checkpoint.",
    "diff": "Show what differs between two checkpoints.",
    "fork": "Run on from any checkpoint, on a branch of its own.",
    "label": "Name a checkpoint or a session.",
    "export": "Print a session to be read, as Markdown or HTML.",
    "prune": "Take old checkpoints away.",
    "compile": "Print the numbered program, without a model.",
    "doctor": "Find out why something does not work here.",
}
"""In the order of `--help`; each is `command` in the module of its name, imported when it is called."""
_NOT_WRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What writing can fail with, besides that its reader has left."""
_RUNNING = frozenset({"run", "debug", "fork"})
"""Those that run programs."""

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """The group that imports a command's module when it is called, and for its help not even then."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"playbooks.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(COMMANDS)}"
            if args[0].endswith((".pb", ".pbasm")):
                meant = f"write playbooks run {args[0]}"
            raise UserError(f"playbooks: no command {args[0]!r}", meant)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        click.echo(f"playbooks {metadata.version('playbooks-debugger')}")
        ctx.exit()


@click.group(cls=Commands, context_settings=SETTINGS, invoke_without_command=True)
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Print the version."
)
@click.pass_context
def playbooks(ctx: click.Context) -> None:
    """Runs programs of agents, written in plain language, and goes back to any statement they ran."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run_command(arguments: Sequence[str]) -> int:
    """Runs what the arguments say; errors are told on stderr.

    Args:
        arguments: Without the program's name.

    Returns:
        The exit status.
    """
    _open_what_is_closed()
    _never_fail_on_a_character()
    if sys.platform == "win32" and not _RUNNING.isdisjoint(arguments[:1]):
        _tell(f"playbooks {arguments[0]}: runs on Linux and macOS; on Windows, in WSL")
        return ExitStatus.USAGE
    try:
        # Not `main()`, which would make a failure of a closed pipe.
        with playbooks.make_context("playbooks", list(arguments)) as context:
            status = playbooks.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return ExitStatus.INTERRUPTED
    except click.ClickException as error:
        _tell(_usage(error, arguments))
        return ExitStatus.USAGE
    except UserError as error:
        _tell(str(error))
        return error.status
    except BrokenPipeError:
        _drop_output()
        return ExitStatus.FINISHED
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _NOT_WRITTEN:
            _drop_output()
            _tell(f"standard output can't be written: {error.strerror}; make room, or write elsewhere")
            return ExitStatus.FAILED
        _tell_unexpected(error, verbose=not {"-v", "--verbose"}.isdisjoint(arguments))
        return ExitStatus.FAILED
    return status if isinstance(status, int) else ExitStatus.FINISHED


def _usage(error: click.ClickException, arguments: Sequence[str]) -> str:
    """A wrong argument in one line, with where the right ones stand."""
    # Not all of click's errors know the command they met.
    asked = " ".join(["playbooks", *(name for name in arguments[:1] if name in COMMANDS)])
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else asked
    said = " ".join(error.format_message().split()).rstrip(".").replace(". Did you", "; did you")
    said = re.sub(r" is not a valid boolean\..*", " is neither true nor false", said)
    return f"{command}: {said[:1].lower()}{said[1:]}{'' if said.endswith('?') else f'; see {command} --help'}"


def _tell_unexpected(error: Exception, *, verbose: bool) -> None:
    """A mistake of ours: what and how to report it; the traceback when asked for, never with variables' values."""
    if verbose:
        import traceback

        _tell("".join(traceback.format_exception(error)).rstrip())
    said = " ".join(str(error).split())
    _tell(f"playbooks: unexpected {type(error).__name__}{': ' + said if said else ''}")
    if verbose:
        _tell("This is a mistake in playbooks: please report it with the lines above.")
    else:
        _tell("This is a mistake in playbooks: please report it with what the same command prints with -v.")


def _tell(text: str) -> None:
    """Writes to stderr, if there is one."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass


def _drop_output() -> None:
    """Sends what is still buffered nowhere: the reader has left, and the interpreter would complain at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _open_what_is_closed() -> None:
    """A descriptor that was closed (`>&-`) leads nowhere: else the next file that is opened would be printed into."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free: this one
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  # open as long as the process is
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def _never_fail_on_a_character() -> None:
    """A terminal that can't show a character gets a question mark in its place, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
