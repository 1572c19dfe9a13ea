"""`playbooks run`: a program to its end, as a conversation in the terminal or lines in a pipe."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from playbooks import cli
from playbooks.cli.arguments import RunCommand, assignments, overrides, shared_options, typed_name
from playbooks.cli.leaving import end_process, leaving
from playbooks.console.answers import Answers, standard_input
from playbooks.console.resumed import fork_line, fresh_lines, gone_line, resume_lines, resume_warnings
from playbooks.console.transcript import Taste, Transcript
from playbooks.errors import ExitStatus, UserError
from playbooks.runtime.decisions import CHOICES
from playbooks.runtime.notices import MessageSent

if TYPE_CHECKING:
    from playbooks.console.live import LiveConsole
    from playbooks.console.plain import PlainConsole
    from playbooks.session import DebugSession
    from playbooks.session.resume import Resumed


@click.command(cls=RunCommand, help="Run a program to its end in the terminal.")
@click.argument("programs", metavar="[PROGRAM...]", nargs=-1)
@click.option("--snoop", metavar="BOOL", type=bool, default=False, help="Show what agents say to one another.")
@shared_options
@click.option("--quiet", is_flag=True, help="Print nothing but what is said to you.")
def command(
    programs: tuple[str, ...],
    snoop: bool,
    resume: str | bool | None,
    model: str | None,
    settings: tuple[str, ...],
    message: str | None,
    trust: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Runs all programs given as the one program they are together; with an id in `resume`, none need be given.

    Returns:
        The exit status.
    """
    if not programs and not isinstance(resume, str):
        asked = "--resume without an id needs PROGRAM" if resume else "missing argument 'PROGRAM...'"
        raise click.UsageError(asked)
    from playbooks.config import Config
    from playbooks.session import DebugSession

    opening: AbstractAsyncContextManager[DebugSession] = DebugSession.open(
        *programs,
        config=Config.load(overrides=overrides(model)),
        resume=resume,
        set=assignments(settings),
        message=message,
        model=model,
        trust=trust,
    )
    again = [typed_name(), "run", *programs, *(["--snoop", "true"] if snoop else [])]
    if not programs:
        opening = _recorded(opening, again)
    taste = Taste(snoop=snoop, quiet=quiet, verbose=verbose)
    return run_to_end(play(opening, taste, again, resuming=resume is not None, begins=bool(settings or message)))


@asynccontextmanager
async def _recorded(
    opening: AbstractAsyncContextManager[DebugSession], again: list[str]
) -> AsyncIterator[DebugSession]:
    """A session that was asked for by its id alone, as if its program had been named too, if that is still there."""
    from playbooks.language import load_program
    from playbooks.session.resume import changed_files

    async with opening as session:
        roots = session.program.roots
        if session.resumed is not None and roots and all(map(os.path.exists, roots)):
            again[2:2] = roots
            with suppress(UserError):  # what is there is no program any more; what was recorded is
                changed = changed_files(session.program, load_program(roots))
                session.resumed = replace(session.resumed, changed_files=changed)
        yield session


def run_to_end(playing: Coroutine[Any, Any, int]) -> int:
    """Runs what `play` gives. A process that was interrupted ends here: a thread of a tool's may have long to go, and
    nobody waits for it.

    Returns:
        The exit status.
    """

    async def to_its_end() -> int:
        status = await playing
        if status == ExitStatus.INTERRUPTED and cli.is_process:
            end_process(ExitStatus.INTERRUPTED)
        return status

    return asyncio.run(to_its_end())


async def play(
    opening: AbstractAsyncContextManager[DebugSession],
    taste: Taste,
    again: Sequence[str],
    *,
    resuming: bool = False,
    begins: bool = False,
) -> int:
    """Shows a session while it runs to its end, and says on stderr how to go on with one that did not reach it.

    Args:
        opening: The session, not entered yet.
        taste: What the person wants to see.
        again: The command that would resume it, without `--resume`.
        resuming: Whether going on with an older session was asked for.
        begins: Whether something was given that only a program that begins can take.

    Returns:
        The exit status.

    Raises:
        UserError: The session is finished, or can't take what was given.
        OSError: What was said could not be written.
    """
    async with opening as session:
        if session.resumed is not None:
            _refuse_nothing(session.resumed, begins)
        transcript = Transcript(taste, session.agents)
        console = _console(session, transcript)
        answers = Answers(
            session,
            on_wait=lambda agent, question: console.ask(
                session.agents[agent].class_name if len(session.agents) > 1 or question else "", question
            ),
            on_taken=console.answered,
            on_unclear=lambda text: click.echo(f"“{text}” decides nothing: {CHOICES}", err=True),
            stdin=standard_input(),
        )
        unsubscribe = [session.subscribe(console.listen), session.subscribe(answers.listen)]
        if session.resumed is not None:
            console.tell(list(resume_lines(session.resumed)))
            for warning in resume_warnings(session.resumed):
                click.echo(warning, err=True)
            for message in session.resumed.asked:
                console.listen(MessageSent(message))
        elif resuming:
            console.tell(list(fresh_lines(session.agents)))
        try:
            with leaving(session.interrupt):
                await session.run()
        finally:
            answers.stop()
            console.end()
            for stop in unsubscribe:
                stop()
        if console.lost or not console.closed:  # whoever closed the pipe reads no more
            for line in parting(session, again, told=transcript.told(session.error)):
                click.echo(line, err=True)
        if console.lost:
            raise console.lost
        return session.exit_status


def _refuse_nothing(resumed: Resumed, begins: bool) -> None:
    from playbooks.session.resume import goes_on, nothing_left

    if resumed.finished:
        raise nothing_left(resumed.session, resumed.program)
    if begins:
        raise goes_on(resumed.checkpoint)


def parting(session: Any, again: Sequence[str], *, told: bool = False) -> list[str]:
    """The last words of a run that did not end by itself: why, and how to go on with it.

    Args:
        session: After its run.
        again: The command that would resume it, without `--resume`.
        told: Whether the line before said why.
    """
    status = session.exit_status
    if status == ExitStatus.FINISHED:
        return []
    lines = [session.error] if session.error and not told else []
    if status == ExitStatus.NO_INPUT and not lines:
        lines.append("The program waits for you, and no more input can come.")
    if status == ExitStatus.INTERRUPTED:
        newest = session.timeline[-1].id if session.id and session.timeline else ""
        lines.append(f"Interrupted at {newest}." if newest else "Interrupted.")
    kept = session.id and not session.taken_away
    failed = list(fork_line(session.failed)) if kept and status == ExitStatus.FAILED else []
    if kept and status == ExitStatus.FAILED and session.failed and not failed:
        who = session.failed[0].class_name
        failed = [f"{who} had done nothing yet that can be gone back to; run it again with: {shlex.join(again)}"]
    lines += failed
    if session.taken_away:
        lines.append(gone_line(session.id, session.config.durability.storage_path))
    elif session.id and session.timeline and not failed:
        lines.append(f"Resume with: {shlex.join([*again, '--resume', session.id])}")
    elif status == ExitStatus.INTERRUPTED and session.durable:
        lines.append("Nothing was kept: no await had completed yet.")
    elif status == ExitStatus.INTERRUPTED:
        lines.append("Nothing was kept: [durability] enabled = true in playbooks.toml keeps checkpoints.")
    return lines


def _console(session: DebugSession, transcript: Transcript) -> LiveConsole | PlainConsole:
    if sys.stdout is not None and sys.stdout.isatty():
        from playbooks.console.live import LiveConsole

        return LiveConsole(transcript, echo=sys.stdin is not None and sys.stdin.isatty())
    from playbooks.console.plain import PlainConsole

    return PlainConsole(transcript, on_closed=session.interrupt)
