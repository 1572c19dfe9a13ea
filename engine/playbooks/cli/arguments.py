"""What several commands take: the options of a run, and the shapes that click does not know.

Apart so that `run`, `debug` and `fork` read the same words the same way.
"""

from __future__ import annotations

import keyword
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from playbooks.errors import UserError
from playbooks.literals import literal_or_text

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

RESUMABLE = re.compile(r"s\d+|(\d+|human)_ckpt_\d+")
"""Only these are ids: in `--resume X.pb` the second word is the program."""


def typed_name() -> str:
    """What to write for `playbooks` in a command to be typed: its path where the shell would not find it by name."""
    typed = sys.argv[0]
    return typed if os.path.basename(typed) == "playbooks" and shutil.which("playbooks") is None else "playbooks"


class RunCommand(click.Command):
    """A command whose `--resume` may stand alone or before an id."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_joined(args)))


def _joined(arguments: Sequence[str]) -> Iterable[str]:
    """The arguments with `--resume ID` as one word, and a lone `--resume` as `--resume=`."""
    rest = iter(range(len(arguments)))
    for place in rest:
        word = arguments[place]
        if word == "--":
            yield from arguments[place:]
            return
        if word != "--resume":
            yield word
        elif place + 1 < len(arguments) and RESUMABLE.fullmatch(arguments[place + 1]):
            yield f"--resume={arguments[next(rest)]}"
        elif place + 1 < len(arguments) and _is_no_program(wrong := arguments[place + 1]):
            raise click.UsageError(f"'{wrong}' is no id to resume; one looks like s3 or 1000_ckpt_12")
        else:
            yield "--resume="


def _is_no_program(word: str) -> bool:
    return not word.startswith("-") and not word.endswith(".pb") and not os.path.exists(word)


def _resume(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | bool | None:
    """None without `--resume`, True for it alone, else the id."""
    if value is None:
        return None
    if value and not RESUMABLE.fullmatch(value):
        raise click.BadParameter(f"{value} is no id: s3 is a session, 1000_ckpt_12 a checkpoint", ctx, parameter)
    return value or True


def assignments(values: Iterable[str], *, dollar: bool = False) -> dict[str, object]:
    """Reads `NAME=VALUE`; see `assignment`.

    Raises:
        UserError: One of them is none.
    """
    return dict(assignment(value, dollar=dollar) for value in values)


def assignment(text: str, *, dollar: bool = False) -> tuple[str, object]:
    """Reads `NAME=VALUE`: the value as a Python literal, else as text.

    Args:
        text: `price=80`, `$price=80`, `1001.mood=grim`, `offers=[60, 75]`.
        dollar: Keeps a name's dollar: where a frame has variables too, it tells them from the agent's.

    Returns:
        The name without its dollar, `price` or `1001.mood`, and the value.

    Raises:
        UserError: It has no `=`, or its name can't be a variable's.
    """
    name, equals, value = text.partition("=")
    agent, dot, variable = name.strip().rpartition(".")
    sign = "$" if dollar and variable.startswith("$") else ""
    variable = variable.removeprefix("$")
    usable = variable.isidentifier() and not keyword.iskeyword(variable) and (agent.isdigit() if dot else True)
    if not (equals and usable):
        raise UserError(f"--set {text!r} sets nothing", "write NAME=VALUE, or 1001.NAME=VALUE for another agent")
    return f"{agent}{dot}{sign}{variable}", literal_or_text(value)


def shared_options(command: Decorated) -> Decorated:
    """What `run` and `debug` both take."""
    for option in reversed(
        [
            click.option("--resume", metavar="[ID]", callback=_resume, help="Go on with the newest unfinished session, "
                         "or with a session (s3) or checkpoint (1000_ckpt_12)."),
            click.option("--model", metavar="M", help="script:FILE, provider/name, or a name."),
            click.option("--set", "settings", metavar="NAME=VALUE", multiple=True,
                         help="A variable of agent 1000 (1001.NAME: of another) before its first statement."),
            click.option("--message", metavar="TEXT", help="Say this to the program at its start."),
            click.option("--trust", is_flag=True, help="Resume files that this user did not write."),
            click.option("-v", "--verbose", is_flag=True, help="Show log lines, and tracebacks of our mistakes."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def overrides(model: str | None) -> dict[str, Any]:
    """The settings that options lay on top of all others.

    Raises:
        UserError: `--model` names none.
    """
    if model is None:
        return {}
    from playbooks.config_layers import model_choice

    return {"model": model_choice(model)}
