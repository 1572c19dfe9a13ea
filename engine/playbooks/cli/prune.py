"""`playbooks prune`: retention by hand. Asks nothing and says what it did."""

from __future__ import annotations

import click

from playbooks.cli.reading import library
from playbooks.errors import ExitStatus, UserError
from playbooks.words import counted


@click.command(help="Take old checkpoints away: of each agent on each branch all but the newest.")
@click.argument("plain", metavar="[SESSION]", required=False)
@click.option("--keep", metavar="N", type=click.IntRange(min=1), help="How many stay; without it keep_last_n.")
@click.option("--session", metavar="S", help="As SESSION: of this one only; without it of all.")
@click.option("--all", "everything", is_flag=True, help="The whole session, labelled checkpoints too.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and take nothing away.")
def command(plain: str | None, keep: int | None, session: str | None, everything: bool, dry_run: bool) -> int:
    """Prunes; what is labelled, where branches leave and where they end stays.

    Returns:
        1 when a session could not be pruned, else 0.
    """
    from playbooks.config import Config

    if plain and session and plain != session:
        raise UserError(f"two sessions are named, {plain} and {session}", "prune one after the other")
    session = session or plain
    if everything and session is None:
        raise UserError("--all takes a whole session away", "name it; `playbooks sessions` lists them")
    if everything and keep is not None:
        raise UserError("--all and --keep exclude each other", "leave one of them away")
    if keep is None and not everything:
        keep = Config.load().durability.keep_last_n
        if not keep:
            raise UserError("keep_last_n is 0, which keeps all", "say how many stay with --keep N")
    status = ExitStatus.FINISHED
    with library(writes=not dry_run) as sessions:
        for info in [sessions.session(session)] if session else sessions.sessions():
            try:
                kept, gone = sessions.prune(info.id, None if everything else keep, dry_run=dry_run)
            except UserError as error:
                click.echo(str(error), err=True)
                status = error.status
            else:
                click.echo(f"{info.id}: {_told(kept, gone, dry_run)}")
    return status


def _told(kept: int, gone: int, dry_run: bool) -> str:
    if not gone:
        return f"nothing to take away, {counted(kept, 'checkpoint')}"
    if dry_run:
        return f"{gone} of {counted(kept + gone, 'checkpoint')} would go"
    return f"{counted(gone, 'checkpoint')} taken away, {kept} {'stays' if kept == 1 else 'stay'}"
