"""`playbooks fork`: on from any checkpoint, on a branch of its own, with something changed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from playbooks.cli.arguments import assignments, overrides, typed_name
from playbooks.cli.reading import tell_no_key
from playbooks.errors import UserError

if TYPE_CHECKING:
    from playbooks.config import Config
    from playbooks.language.model import Program
    from playbooks.session import DebugSession
    from playbooks.session.edits import Edits
    from playbooks.session.planning import ForkPlan


@click.command(help="Run on from a checkpoint, on a branch of its own; what was run before stays as it is.")
@click.argument("checkpoint")
@click.option("--before", is_flag=True, help="Leave before the checkpoint: its statement runs again.")
@click.option("--result", metavar="VALUE", help="What the awaited call gives instead.")
@click.option(
    "--set", "settings", metavar="NAME=VALUE", multiple=True, help="A variable of its agent (1001.NAME: of another)."
)
@click.option(
    "--say", "sayings", metavar='"AGENT: TEXT"', multiple=True, help="What an agent has on its way says this instead."
)
@click.option("--response", metavar="FILE", help="Code that takes the place of the rest of the model's response.")
@click.option("--regenerate", is_flag=True, help="Ask the model for the rest of its response anew.")
@click.option("--model", metavar="M", help="Who answers from here on: script:FILE, provider/name, or a name.")
@click.option("--temperature", metavar="T", type=float, help="Of the model from here on.")
@click.option("--program", metavar="P", help="Run this program instead of the recorded one.")
@click.option("--label", metavar="L", default="", help="Name of the branch.")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would happen, and run nothing.")
@click.option("--trust", is_flag=True, help="Fork files that this user did not write.")
@click.option("-v", "--verbose", is_flag=True, help="Show log lines, and tracebacks of our mistakes.")
def command(
    checkpoint: str,
    before: bool,
    result: str | None,
    settings: tuple[str, ...],
    sayings: tuple[str, ...],
    response: str | None,
    regenerate: bool,
    model: str | None,
    temperature: float | None,
    program: str | None,
    label: str,
    only_plan: bool,
    trust: bool,
    verbose: bool,
) -> int:
    """Forks, and runs the branch to its end as `run` does.

    Returns:
        The exit status.
    """
    from playbooks.cli.run import play, run_to_end
    from playbooks.config import Config
    from playbooks.console.transcript import Taste
    from playbooks.language import load_program
    from playbooks.session.edits import NO_RESULT, Edits
    from playbooks.session.fitting import Typed
    from playbooks.session.library import SessionLibrary
    from playbooks.session.settling import ForkOptions

    if response is not None and regenerate:
        raise UserError("--response and --regenerate exclude each other", "leave one of them away")
    edits = Edits(
        NO_RESULT if result is None else Typed(result),
        assignments(settings, dollar=True),
        tuple(saying(text) for text in sayings),
        None if response is None else _text(response),
        regenerate,
    )
    laid_over = overrides(model)
    if temperature is not None:
        laid_over = {"model": {**laid_over.get("model", {}), "temperature": temperature}}
    config = Config.load(overrides=laid_over).for_debug()
    loaded = load_program([program]) if program else None
    with SessionLibrary.open(config) as library:
        if only_plan:
            tell_no_key(library)
        else:
            library.refuse_without_key()
        session = library.fork_from(checkpoint, trust=trust or only_plan)
        says = tuple((library.agent_called(agent, checkpoint), text) for agent, text in edits.say)
        edits = replace(edits, say=says)
        options = ForkOptions(model, temperature, loaded)
        plan = library.plan(checkpoint, edits, before=before, label=label, options=options)
        foreign = () if trust else library.chain(checkpoint).foreign
    if only_plan:
        for line in plan.lines():
            click.echo(line)
        if foreign:
            click.echo(f"needs   --trust: {foreign[0]} was not written by this user's engine")
        return 0
    branching = _Branching(checkpoint, before, edits, model, temperature, loaded, label, trust)
    opening = branching.opened(session.id, config, plan)
    again = [typed_name(), "run", program or session.program]
    return run_to_end(play(opening, Taste(snoop=True, verbose=verbose), again))


class _Branching:
    """A fork to be begun once its session is open."""

    def __init__(
        self,
        checkpoint: str,
        before: bool,
        edits: Edits,
        model: str | None,
        temperature: float | None,
        program: Program | None,
        label: str,
        trust: bool,
    ) -> None:
        self.checkpoint, self.before, self.edits, self.label, self.trust = checkpoint, before, edits, label, trust
        self.model, self.temperature, self.program = model, temperature, program

    @asynccontextmanager
    async def opened(self, session_id: str, config: Config, plan: ForkPlan) -> AsyncIterator[DebugSession]:
        """The session, on the new branch."""
        from playbooks.session import DebugSession

        opening = DebugSession.open(config=config, resume=session_id, model=self.model, trust=self.trust)
        async with opening as session:
            branch = await session.fork(
                self.checkpoint,
                before=self.before,
                result=self.edits.result,
                set=self.edits.set,
                say=self.edits.say,
                response=self.edits.response,
                regenerate=self.edits.regenerate,
                model=self.model,
                temperature=self.temperature,
                program=self.program,
                label=self.label,
            )
            session.resumed = None  # where the session stood is not where this goes on
            changes = "; ".join(str(change) for change in plan.changes)
            click.echo(f"{branch.name} leaves {plan.checkpoint}{': ' + changes if changes else ''}", err=True)
            for word, text in plan.happens:
                if word in ("keeps", "lacks"):
                    click.echo(f"{word} {text}", err=True)
            yield session


def saying(text: str) -> tuple[str, str]:
    """Reads `"AGENT: TEXT"`.

    Raises:
        UserError: It is none.
    """
    agent, colon, said = text.partition(":")
    if not (colon and agent.strip() and said.strip()):
        raise UserError(f"--say {text!r} says nothing", 'write "AGENT: TEXT", as "1001: 70, final."')
    return agent.strip(), said.strip()


def _text(file: str) -> str:
    """What a file holds; `-` is what comes on stdin.

    Raises:
        UserError: It can't be read.
    """
    if file == "-" and sys.stdin is None:
        raise UserError("--response - reads what comes on stdin, and stdin is closed", "name a file")
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("is not UTF-8 text", "save it as UTF-8", file=file) from None
    except OSError as error:
        raise UserError(f"can't be read: {error.strerror}", file=file) from None
